"""CloudFormation's drift detection: resources that were changed outside the stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.aws.errors import readable_responses

_FIRST_PAUSE = 0.5  # seconds; the sandbox needs no time
_LONGEST_PAUSE = 5.0  # seconds; on AWS it may take minutes
_GROWTH = 1.5

# CloudFormation omits resources of types that it cannot check, or returns one of these statuses.
_UNCHECKED = {"NOT_CHECKED", "UNKNOWN", "UNSUPPORTED"}


@dataclass(frozen=True)
class Difference:
    """One property that differs; `path` is a JSON pointer, the values are strings."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Drifted:
    """One resource with its drift status and its differences."""

    logical_id: str
    type: str
    status: str
    differences: tuple[Difference, ...]
    reason: str = ""

    @property
    def is_checked(self) -> bool:
        """Whether CloudFormation checked it."""
        return self.status not in _UNCHECKED

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the template."""
        return self.status in ("MODIFIED", "DELETED")


@dataclass(frozen=True)
class Drift:
    """All resources of a stack; `failure` is why the detection failed for some of them."""

    resources: tuple[Drifted, ...]
    failure: str = ""


def detect(
    client: Any,
    stack_id: str,
    types: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> Drift:
    """Run drift detection and wait for its result.

    `client` is boto3's client of CloudFormation, `types` are the types of the stack's resources by
    logical ID. Resources that are not in the result are NOT_CHECKED, never in sync.
    """
    with readable_responses("detect_stack_drift"):
        detection = client.detect_stack_drift(StackName=stack_id)["StackDriftDetectionId"]
        ended = _wait(client, detection, sleep)
        found = {resource.logical_id: resource for resource in _drifts(client, stack_id)}
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


def _drifts(client: Any, stack_id: str) -> Iterator[Drifted]:
    """All pages; boto3 has no paginator for this call."""
    token: dict[str, str] = {}
    while True:
        page = client.describe_stack_resource_drifts(StackName=stack_id, **token)
        yield from map(_drifted, page["StackResourceDrifts"])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _drifted(found: Mapping[str, Any]) -> Drifted:
    return Drifted(
        logical_id=found["LogicalResourceId"],
        type=found["ResourceType"],
        status=found["StackResourceDriftStatus"],
        differences=tuple(
            Difference(
                difference["PropertyPath"], difference["ExpectedValue"], difference["ActualValue"]
            )
            for difference in found.get("PropertyDifferences", [])
        ),
        reason=found.get("DriftStatusReason", ""),
    )
