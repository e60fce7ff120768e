"""The options of the access logs."""

from dataclasses import dataclass

from readmodel_cfn.template.naming import KMS_KEY
from readmodel_cfn.template.options import OptionError, check_options, option

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


@dataclass(frozen=True)
class Logs:
    """Access logs of the API in CloudWatch Logs: one JSON object for each request."""

    retention_days: int = option(
        30,
        "Days to keep a log event (default 30): a number that CloudWatch Logs allows, such as 7, "
        "30, 90 or 365.",
        minimum=1,
        maximum=RETENTION_DAYS[-1],
    )
    name: str | None = option(
        None,
        "Name of the log group. By default CloudFormation generates a unique name.",
        pattern=r"(?!aws/)[A-Za-z0-9_/.#-]{1,512}",
        allowed="1 to 512 of A-Z a-z 0-9 _ - / . #, not beginning with aws/",
        example="/shop/reads",
    )
    kms_key: str | None = option(
        None,
        "ARN of the KMS key that encrypts the log group; its key policy must allow CloudWatch "
        "Logs. By default CloudWatch Logs encrypts with its own key.",
        pattern=KMS_KEY,
        allowed="the ARN of a KMS key",
        example="arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555",
    )
    addresses: bool = option(
        False,
        "Log the IP address and the user agent of each reader, which are personal data (default "
        "false).",
    )
    set_account_role: bool = option(
        False,
        "Set the CloudWatch role of API Gateway, a setting of the whole account and region, to a "
        "role of this stack (default false). Without it deploy refuses if none is set.",
    )

    def __post_init__(self) -> None:
        check_options(self, "logs")
        if self.retention_days not in RETENTION_DAYS:
            allowed = "one of " + ", ".join(map(str, RETENTION_DAYS))
            raise OptionError("logs.retention_days", self.retention_days, allowed)
