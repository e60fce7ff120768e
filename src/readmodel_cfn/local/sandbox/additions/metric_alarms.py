"""CloudFormation creates alarms on an expression of several metrics, as on AWS.

ministack refuses them in a template. Here such an alarm is stored without a metric, so it is never
evaluated: its state changes by SetAlarmState only.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
_OF_METRIC = ("MetricName", "Namespace", "Period", "Dimensions")


def register() -> None:
    """Store an alarm with Metrics."""
    record = provisioners._cw_metric_alarm_record

    def with_metrics(name: str, props: Properties) -> Properties:
        metrics = props.get("Metrics")
        if not metrics:
            stored: Properties = record(name, props)
            return stored
        own = {key: value for key, value in props.items() if key != "Metrics"}
        alarm = record(name, own | {"MetricName": "-", "Namespace": "-"})
        without = {key: value for key, value in alarm.items() if key not in _OF_METRIC}
        return without | {"Metrics": metrics}

    provisioners._cw_metric_alarm_record = with_metrics
