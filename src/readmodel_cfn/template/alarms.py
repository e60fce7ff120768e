"""CloudWatch alarms for what readers notice, and the topic that they notify. The article has none.

API Gateway's metrics have the dimensions ApiName and Stage. Their dimension has the API's name
without its non-ASCII characters, so an alarm on such a name watches nothing; the name of an API
here is that of the stack, which is ASCII.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, Ref, StackName, cloudwatch, sns
from troposphere import apigateway as ag

from readmodel_cfn.limits import THROTTLE_RATE
from readmodel_cfn.template.dashboard import build_dashboard
from readmodel_cfn.template.metrics import (
    API_NAMESPACE,
    NAMESPACE,
    PERIOD,
    PUBLISH_TIME,
    published_dimensions,
)
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.routes import Route
from readmodel_cfn.template.sections.alarms import Alarms
from readmodel_cfn.template.sections.deployment import Deployment

LEAST_READS = 20
"""Reads in a period below which a rate of errors says nothing."""
LEAST_TIMED_READS = 100
"""Reads in a period below which the slowest 1 % is not even one read."""
THROTTLED_PERCENT = 5
"""Percent of reads in a period that may be throttled."""


Rate = tuple[Mapping[str, tuple[str, str]], str]
"""Metrics with their statistics, by the IDs that an expression uses, and the expression."""


@dataclass(frozen=True)
class AlarmResources:
    """The alarms, the dashboard, and the topic: None if an existing one is used."""

    topic: sns.Topic | None = None
    alarms: tuple[cloudwatch.Alarm, ...] = ()
    dashboard: cloudwatch.Dashboard | None = None

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource."""
        found = (self.topic, *self.alarms, self.dashboard)
        yield from (resource for resource in found if resource is not None)


def build_alarms(
    options: Alarms,
    names: Names,
    *,
    api: ag.RestApi,
    deployment: Deployment,
    routes: Sequence[Route],
    has_cdn: bool = False,
) -> AlarmResources:
    """The alarms on the stage of `deployment`, with their topic and the dashboard.

    A CDN answers readers without the API, so with one there is no alarm for missing reads.
    """
    topic = None if options.topic else _topic(names)
    of_stage = {"ApiName": api.Name, "Stage": deployment.stage}
    of_documents = published_dimensions(StackName, names.prefix)
    notified = options.topic or Ref(topic)
    limit = throttle_limit(deployment, routes)
    alarms = [
        _errors(options, of_stage),
        _latency(options, of_stage),
        _s3_latency(options, of_stage),
        _throttles(limit, of_stage),
        *([_no_reads(options, of_stage)] if options.no_reads_minutes and not has_cdn else []),
        *([_documents(options, of_documents)] if options.published_within_hours else []),
    ]
    made = tuple(
        cloudwatch.Alarm(names(title), **properties, AlarmActions=[notified], OKActions=[notified])
        for title, properties in alarms
    )
    dashboard = build_dashboard(names, api.Name, deployment.stage, throttle_metrics(limit), made)
    return AlarmResources(topic, made, dashboard)


def _topic(names: Names) -> sns.Topic:
    """The topic; subscribers get emails from its display name."""
    return sns.Topic(names("AlarmTopic"), DisplayName=NAMESPACE)


def throttle_limit(deployment: Deployment, routes: Sequence[Route]) -> int:
    """The requests per second from which API Gateway throttles: the smallest limit of a method.

    Without one it is the account's, which is lower in some regions, and which all APIs share.
    """
    limits = [deployment.throttle_rate, *(route.throttle_rate for route in routes)]
    return min([limit for limit in limits if limit], default=THROTTLE_RATE)


def throttle_metrics(limit: int) -> Rate:
    """The metrics, with statistics, and the expression for the percentage of throttled reads.

    API Gateway has no metric for throttled requests. They are among 4XXError, like 404 for a
    missing document, and they do not reach S3, like requests for a path that no route has. So the
    smaller of 4XXError and the number of reads without an integration is at least the number of
    throttled ones. It counts only if there were half as many reads as the limit allows: below that,
    nothing is throttled but short bursts. That a throttled request is in Count and not in
    IntegrationLatency is *(assumed)*. API Gateway may leave out excessive 429s:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-monitor.html
    """
    metrics = {
        "reads": ("Count", "SampleCount"),
        "refused": ("4XXError", "Sum"),
        "integrated": ("IntegrationLatency", "SampleCount"),
    }
    refused, own = "FILL(refused, 0)", "(reads - FILL(integrated, 0))"
    throttled = f"IF({refused} < {own}, {refused}, {own})"
    return metrics, f"IF(reads >= {limit * PERIOD // 2}, 100 * {throttled} / reads, 0)"


_Alarm = tuple[str, dict[str, Any]]
_Dimensions = Mapping[str, Any]


def _errors(options: Alarms, of_stage: _Dimensions) -> _Alarm:
    metrics = {"reads": ("Count", "SampleCount"), "errors": ("5XXError", "Sum")}
    rate = f"IF(reads >= {LEAST_READS}, 100 * FILL(errors, 0) / reads, 0)"
    return "ErrorsAlarm", {
        "AlarmDescription": f"More than {options.errors_percent} % of reads are answered with 5xx",
        "Metrics": _queries(metrics, rate, of_stage),
        **_above(options.errors_percent, 1),
    }


def _latency(options: Alarms, of_stage: _Dimensions) -> _Alarm:
    what = f"The slowest 1 % of reads take more than {options.latency_ms} ms"
    return "LatencyAlarm", _percentile(what, "Latency", options, of_stage)


def _s3_latency(options: Alarms, of_stage: _Dimensions) -> _Alarm:
    what = f"For the slowest 1 % of reads S3 alone takes more than {options.latency_ms} ms"
    return "S3LatencyAlarm", _percentile(what, "IntegrationLatency", options, of_stage)


def _percentile(what: str, metric: str, options: Alarms, of_stage: _Dimensions) -> dict[str, Any]:
    """An alarm on the 99th percentile, if there were enough reads.

    With EvaluateLowSampleCountPercentile CloudWatch would ignore it below 1,000 reads, and a deploy
    that is watched makes one read a second.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    metrics = {"reads": (metric, "SampleCount"), "latency": (metric, "p99")}
    return {
        "AlarmDescription": what,
        "Metrics": _queries(metrics, f"IF(reads >= {LEAST_TIMED_READS}, latency, 0)", of_stage),
        **_above(options.latency_ms, 2),
    }


def _throttles(limit: int, of_stage: _Dimensions) -> _Alarm:
    return "ThrottlesAlarm", {
        "AlarmDescription": f"More than {THROTTLED_PERCENT} % of reads are throttled: API Gateway "
        f"answers them with 429 (limit {limit} requests per second)",
        "Metrics": _queries(*throttle_metrics(limit), of_stage),
        **_above(THROTTLED_PERCENT, 1),
    }


def _no_reads(options: Alarms, of_stage: _Dimensions) -> _Alarm:
    minutes = options.no_reads_minutes
    return "NoReadsAlarm", {
        "AlarmDescription": f"No document was read for {minutes} minutes",
        **_metric(API_NAMESPACE, "Count", of_stage, minutes * 60),
        "Statistic": "SampleCount",
        **_none_in(1),
    }


def _documents(options: Alarms, of_documents: _Dimensions) -> _Alarm:
    hours = options.published_within_hours or 0
    return "DocumentsAlarm", {
        "AlarmDescription": f"No publish has ended for {hours} hours: documents may be out of date",
        **_metric(NAMESPACE, PUBLISH_TIME, of_documents, 3600),
        "Statistic": "SampleCount",
        **_none_in(hours),
    }


def _above(threshold: int, periods: int) -> dict[str, Any]:
    return {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": threshold,
        "EvaluationPeriods": periods,
        "TreatMissingData": "notBreaching",
    }


def _none_in(periods: int) -> dict[str, Any]:
    """Less than one data point: CloudWatch then has no data, and missing data is breaching."""
    return {
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1,
        "EvaluationPeriods": periods,
        "TreatMissingData": "breaching",
    }


def _metric(namespace: str, name: str, dimensions: _Dimensions, period: int) -> dict[str, Any]:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": _dimensions(dimensions),
        "Period": period,
    }


def _dimensions(values: _Dimensions) -> list[cloudwatch.MetricDimension]:
    return [cloudwatch.MetricDimension(Name=name, Value=value) for name, value in values.items()]


def _queries(
    metrics: Mapping[str, tuple[str, str]], expression: str, of_stage: _Dimensions
) -> list[cloudwatch.MetricDataQuery]:
    """The queries of an alarm on an expression, which is the only one that returns data."""
    found = [
        cloudwatch.MetricDataQuery(
            Id=name,
            MetricStat=cloudwatch.MetricStat(
                Metric=cloudwatch.Metric(
                    Namespace=API_NAMESPACE, MetricName=metric, Dimensions=_dimensions(of_stage)
                ),
                Period=PERIOD,
                Stat=statistic,
            ),
            ReturnData=False,
        )
        for name, (metric, statistic) in metrics.items()
    ]
    rate = cloudwatch.MetricDataQuery(Id="rate", Expression=expression, ReturnData=True)
    return [*found, rate]
