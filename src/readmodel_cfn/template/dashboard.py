"""The dashboard of a read model: five widgets.

The structure of its body, and the order of the values of a metric:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
The functions of its expressions:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import AWSHelperFn, Sub, cloudwatch

from readmodel_cfn.template.metrics import (
    API_NAMESPACE,
    NAMESPACE,
    PERIOD,
    PUBLISH_TIME,
    published_dimensions,
)
from readmodel_cfn.template.naming import Names

Metric = list[Any]
_API_NAME = "ApiName"  # the variable in the text of the body
_AGE = "(EPOCH(published) - FILL(published, REPEAT)) / 3600"
_WIDTH, _HEIGHT = 12, 6  # of a grid of 24 columns


def build_dashboard(
    names: Names,
    api_name: AWSHelperFn,
    stage: str,
    throttles: tuple[Mapping[str, tuple[str, str]], str],
    alarms: Sequence[cloudwatch.Alarm],
) -> cloudwatch.Dashboard:
    """The dashboard of a stage; `throttles` is what `throttle_metrics` returns."""
    widgets = [
        _graph("Reads by status", _reads(stage), "Sum"),
        _graph("Latency in milliseconds", _latencies(stage), "p99"),
        _graph("Throttled reads, percent at most", _throttled(throttles, stage), "Sum"),
        _graph("Hours since documents were published", _age(names.prefix), "Maximum"),
        _alarms(alarms),
    ]
    placed = [
        {**widget, "x": index % 2 * _WIDTH, "y": index // 2 * _HEIGHT}
        for index, widget in enumerate(widgets)
    ]
    body = json.dumps({"widgets": placed}, separators=(",", ":"))
    return cloudwatch.Dashboard(names("Dashboard"), DashboardBody=Sub(body, {_API_NAME: api_name}))


def _graph(title: str, metrics: list[Metric], statistic: str) -> dict[str, Any]:
    properties = {
        "title": title,
        "metrics": metrics,
        "stat": statistic,
        "period": PERIOD,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "stacked": False,
    }
    return {"type": "metric", "width": _WIDTH, "height": _HEIGHT, "properties": properties}


def _alarms(alarms: Sequence[cloudwatch.Alarm]) -> dict[str, Any]:
    arns = [f"${{{alarm.title}.Arn}}" for alarm in alarms]
    properties = {"title": "Alarms", "alarms": arns}
    return {"type": "alarm", "width": 2 * _WIDTH, "height": 2, "properties": properties}


def _of_stage(metric: str, stage: str, **options: Any) -> Metric:
    dimensions = ["ApiName", f"${{{_API_NAME}}}", "Stage", stage]
    return [API_NAMESPACE, metric, *dimensions, options]


def _reads(stage: str) -> list[Metric]:
    return [
        _of_stage("Count", stage, label="reads", stat="SampleCount"),
        _of_stage("4XXError", stage, label="4xx"),
        _of_stage("5XXError", stage, label="5xx"),
    ]


def _latencies(stage: str) -> list[Metric]:
    return [
        *(_of_stage("Latency", stage, label=name, stat=name) for name in ("p50", "p90", "p99")),
        _of_stage("IntegrationLatency", stage, label="p99 of S3", stat="p99"),
    ]


def _throttled(throttles: tuple[Mapping[str, tuple[str, str]], str], stage: str) -> list[Metric]:
    metrics, expression = throttles
    return [
        [{"expression": expression, "label": "throttled", "id": "rate"}],
        *(
            _of_stage(metric, stage, id=name, stat=statistic, visible=False)
            for name, (metric, statistic) in metrics.items()
        ),
    ]


def _age(prefix: str) -> list[Metric]:
    dimensions = published_dimensions("${AWS::StackName}", prefix)
    values = [value for dimension in dimensions.items() for value in dimension]
    options = {"id": "published", "visible": False}
    return [
        [{"expression": _AGE, "label": "hours", "id": "age"}],
        [NAMESPACE, PUBLISH_TIME, *values, options],
    ]
