"""The states of CloudWatch alarms."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from readmodel_cfn.aws.errors import readable_errors, readable_responses

_NAMES = 100  # of one call: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html


@dataclass(frozen=True)
class AlarmState:
    """The state of one alarm: OK, ALARM or INSUFFICIENT_DATA, with the reason and its time.

    `alarm` is its logical ID, `name` its name in CloudWatch.
    """

    alarm: str
    name: str
    state: str
    reason: str = ""
    since: datetime | None = None

    @property
    def fires(self) -> bool:
        """Whether its state is ALARM."""
        return self.state == "ALARM"

    def as_dict(self) -> dict[str, Any]:
        """The object that `status --json` has for it; `since` is in ISO 8601."""
        since = self.since and self.since.astimezone(UTC).isoformat()
        return {**vars(self), "since": since}

    def __str__(self) -> str:
        return f"{self.alarm} is {self.state}"


@readable_errors()
def alarm_states(client: Any, names: Mapping[str, str]) -> list[AlarmState]:
    """The states of alarms; `client` is boto3's client of CloudWatch, `names` by logical ID.

    An alarm that does not exist is left out.
    """
    found = {alarm["AlarmName"]: alarm for alarm in _described(client, list(names.values()))}
    return [
        AlarmState(
            logical_id,
            name,
            found[name]["StateValue"],
            found[name].get("StateReason", ""),
            found[name].get("StateUpdatedTimestamp"),
        )
        for logical_id, name in names.items()
        if name in found
    ]


def _described(client: Any, names: list[str]) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(names), _NAMES):
        with readable_responses("describe_alarms"):
            chosen = {"AlarmNames": names[start : start + _NAMES], "MaxRecords": _NAMES}
            yield from client.describe_alarms(AlarmTypes=["MetricAlarm"], **chosen)["MetricAlarms"]
