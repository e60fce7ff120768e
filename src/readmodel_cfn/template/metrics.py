"""The names of CloudWatch metrics, and of the alarms that undo a change."""

API_NAMESPACE = "AWS/ApiGateway"
NAMESPACE = "readmodel-cfn"
"""The namespace of the metric that `publish` writes."""
PUBLISH_TIME = "PublishTime"
"""The metric that `publish` writes: the time of the run, in seconds since 1970."""
STACK_NAME, PREFIX = "StackName", "Prefix"
"""Its dimensions; PREFIX only if the read model has one."""
PERIOD = 300
"""Seconds of a period. CloudWatch evaluates an alarm every minute, over the last periods."""
TRIGGERS = ("ErrorsAlarm", "LatencyAlarm", "ThrottlesAlarm")
"""The logical IDs of the alarms that roll back an update or a release.

The others fire in a quiet night, or when nothing is published: no change is the cause.
"""


def published_dimensions(stack_name: object, prefix: str) -> dict[str, object]:
    """The dimensions of the metric that `publish` writes, by name."""
    return {STACK_NAME: stack_name} | ({PREFIX: prefix} if prefix else {})
