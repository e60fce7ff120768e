"""The options of the alarms."""

from dataclasses import dataclass

from readmodel_cfn.template.options import check_options, option

TOPIC_ARN = r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"


@dataclass(frozen=True)
class Alarms:
    """CloudWatch alarms, and a dashboard. The table turns them on, even if it is empty."""

    topic: str | None = option(
        None,
        "ARN of the SNS topic that the alarms notify. By default the stack has a topic of its own, "
        "to which you subscribe.",
        pattern=TOPIC_ARN,
        allowed="the ARN of an SNS topic",
        example="arn:aws:sns:eu-west-1:123456789012:on-call",
    )
    errors_percent: int = option(
        1,
        "Percent of reads in five minutes that may be answered with 5xx; more is an alarm "
        "(default 1).",
        minimum=1,
        maximum=99,
    )
    latency_ms: int = option(
        1000,
        "Milliseconds in which 99 % of reads are answered; more is an alarm, for API Gateway with "
        "S3, and for S3 alone (default 1000).",
        minimum=1,
        maximum=29_000,
    )
    no_reads_minutes: int = option(
        60,
        "Minutes without any read that are an alarm (default 60); 0: no such alarm. With [cdn] "
        "there is none, because CloudFront may answer every read.",
        minimum=0,
        maximum=1440,
    )
    # CloudWatch: "An alarm's total current evaluation period can be no longer than seven days".
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    published_within_hours: int | None = option(
        None,
        "Hours within which documents are published again, at most 7 days; a longer pause is an "
        "alarm. By default there is no such alarm.",
        minimum=1,
        maximum=168,
        example=24,
    )
    watch: int = option(
        10,
        "Minutes that CloudFormation watches the alarms for errors, latency and throttles after an "
        "update, which it rolls back if one fires (default 10).",
        minimum=0,
        maximum=180,
    )

    def __post_init__(self) -> None:
        check_options(self, "alarms")
