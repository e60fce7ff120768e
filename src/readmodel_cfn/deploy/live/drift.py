"""Drift: what was changed by hand, resource by resource, as CloudFormation detects it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.aws.errors import readable_answers

_FIRST_PAUSE = 0.5  # seconds; an embedded AWS is done at once
_LONGEST_PAUSE = 5.0  # seconds; on AWS it may take minutes
_GROWTH = 1.5

# Of a type that CloudFormation cannot check it tells nothing, or, in newer versions, this.
_UNCHECKED = {"NOT_CHECKED", "UNKNOWN", "UNSUPPORTED"}


@dataclass(frozen=True)
class Difference:
    """One property that differs; `path` is a JSON pointer, the values are texts."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Drifted:
    """One resource: its drift status, and where it differs."""

    logical_id: str
    type: str
    status: str
    differences: tuple[Difference, ...]
    reason: str = ""

    @property
    def is_checked(self) -> bool:
        """Could CloudFormation look at it?"""
        return self.status not in _UNCHECKED

    @property
    def is_changed(self) -> bool:
        """Is it not as the template says?"""
        return self.status in ("MODIFIED", "DELETED")


@dataclass(frozen=True)
class Drift:
    """All resources of a stack; `failure` says why the detection failed for some, if it did."""

    resources: tuple[Drifted, ...]
    failure: str = ""


def detect(
    client: Any,
    stack_id: str,
    types: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> Drift:
    """Have CloudFormation look for drift, and wait for what it finds.

    `client` is boto3's for CloudFormation, `types` are the stack's resources, by logical id: those
    that CloudFormation says nothing of are NOT_CHECKED, never taken to be in sync.
    """
    with readable_answers("detect_stack_drift"):
        detection = client.detect_stack_drift(StackName=stack_id)["StackDriftDetectionId"]
        ended = _wait(client, detection, sleep)
        found = {one.logical_id: one for one in _told(client, stack_id)}
    failed = ended["DetectionStatus"] == "DETECTION_FAILED"
    return Drift(
        tuple(
            found.get(name, Drifted(name, kind, "NOT_CHECKED", ())) for name, kind in types.items()
        ),
        ended.get("DetectionStatusReason", "no reason given") if failed else "",
    )


def _wait(client: Any, detection: str, sleep: Callable[[float], None]) -> Mapping[str, Any]:
    pause = _FIRST_PAUSE
    while True:
        found: Mapping[str, Any] = client.describe_stack_drift_detection_status(
            StackDriftDetectionId=detection
        )
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return found
        sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _told(client: Any, stack_id: str) -> Iterator[Drifted]:
    """All pages: boto3 has no paginator for them."""
    more: dict[str, str] = {}
    while True:
        page = client.describe_stack_resource_drifts(StackName=stack_id, **more)
        yield from map(_drifted, page["StackResourceDrifts"])
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _drifted(one: Mapping[str, Any]) -> Drifted:
    return Drifted(
        logical_id=one["LogicalResourceId"],
        type=one["ResourceType"],
        status=one["StackResourceDriftStatus"],
        differences=tuple(
            Difference(each["PropertyPath"], each["ExpectedValue"], each["ActualValue"])
            for each in one.get("PropertyDifferences", [])
        ),
        reason=one.get("DriftStatusReason", ""),
    )
