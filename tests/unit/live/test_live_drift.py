"""Drift detection: start, wait, read the pages, and report resources that were not checked."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber
from live_stacks import STACK_ID, client

from readmodel_cfn.deploy.live.drift import Difference, Drift, Drifted, detect

THEN = datetime(2026, 1, 1, tzinfo=UTC)
TYPES = {"Store": "AWS::S3::Bucket", "Role": "AWS::IAM::Role", "Key": "AWS::IAM::AccessKey"}


@pytest.fixture
def cloudformation() -> tuple[Any, Stubber]:
    made, stub = client("cloudformation")
    started = {"StackDriftDetectionId": "d1"}
    stub.add_response("detect_stack_drift", started, {"StackName": STACK_ID})
    return made, stub


def detection(stub: Stubber, status: str, **more: str) -> None:
    """The next status of the detection."""
    ids = {"StackId": STACK_ID, "StackDriftDetectionId": "d1"}
    answer = {**ids, "DetectionStatus": status, "Timestamp": THEN, **more}
    asked = {"StackDriftDetectionId": "d1"}
    stub.add_response("describe_stack_drift_detection_status", answer, asked)


def drifts(stub: Stubber, *found: dict[str, Any], after: str = "", more: str = "") -> None:
    """The next page of resources; `after` and `more` are its tokens."""
    answer = {"StackResourceDrifts": list(found), **({"NextToken": more} if more else {})}
    asked = {"StackName": STACK_ID, **({"NextToken": after} if after else {})}
    stub.add_response("describe_stack_resource_drifts", answer, asked)


def drift_of(logical_id: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "StackId": STACK_ID,
        "LogicalResourceId": logical_id,
        "ResourceType": TYPES[logical_id],
        "StackResourceDriftStatus": status,
        "Timestamp": THEN,
        **more,
    }


def changed(path: str, expected: str, actual: str) -> dict[str, str]:
    values = {"ExpectedValue": expected, "ActualValue": actual}
    return {"PropertyPath": path, **values, "DifferenceType": "NOT_EQUAL"}


def found(cloudformation: tuple[Any, Stubber], pauses: list[float] | None = None) -> Drift:
    made, stub = cloudformation
    drift = detect(made, STACK_ID, TYPES, (pauses if pauses is not None else []).append)
    stub.assert_no_pending_responses()
    return drift


def test_drift_lists_status_and_differences_of_every_resource(
    cloudformation: tuple[Any, Stubber],
) -> None:
    _, stub = cloudformation
    detection(stub, "DETECTION_COMPLETE")
    difference = changed("/VersioningConfiguration/Status", "Enabled", "Suspended")
    drifts(stub, drift_of("Store", "MODIFIED", PropertyDifferences=[difference]), more="2")
    drifts(stub, drift_of("Role", "IN_SYNC"), after="2")
    store, role, key = found(cloudformation).resources
    path = "/VersioningConfiguration/Status"
    assert store.differences == (Difference(path, "Enabled", "Suspended"),)
    assert store.is_changed
    assert role == Drifted("Role", "AWS::IAM::Role", "IN_SYNC", ())
    assert role.is_checked
    assert not role.is_changed
    assert key == Drifted("Key", "AWS::IAM::AccessKey", "NOT_CHECKED", ())


@pytest.mark.parametrize("status", ["NOT_CHECKED", "UNKNOWN", "UNSUPPORTED"])
def test_unsupported_resource_is_not_checked(
    cloudformation: tuple[Any, Stubber], status: str
) -> None:
    _, stub = cloudformation
    detection(stub, "DETECTION_COMPLETE")
    drifts(stub, drift_of("Store", status, DriftStatusReason="because"))
    store = found(cloudformation).resources[0]
    assert not store.is_checked
    assert not store.is_changed
    assert store.reason == "because"


def test_deleted_resource_is_changed(cloudformation: tuple[Any, Stubber]) -> None:
    _, stub = cloudformation
    detection(stub, "DETECTION_COMPLETE")
    drifts(stub, drift_of("Store", "DELETED"))
    assert found(cloudformation).resources[0].is_changed


def test_pauses_grow_up_to_five_seconds(cloudformation: tuple[Any, Stubber]) -> None:
    _, stub = cloudformation
    for _ in range(9):
        detection(stub, "DETECTION_IN_PROGRESS")
    detection(stub, "DETECTION_COMPLETE")
    drifts(stub)
    pauses: list[float] = []
    found(cloudformation, pauses)
    assert pauses[:3] == [0.5, 0.75, 1.125]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5.0
    assert len(pauses) == 9


def test_partly_failed_detection_has_a_reason_and_the_other_resources(
    cloudformation: tuple[Any, Stubber],
) -> None:
    _, stub = cloudformation
    reason = "Failed to detect drift on resource [Role]"
    detection(stub, "DETECTION_FAILED", DetectionStatusReason=reason)
    drifts(stub, drift_of("Store", "IN_SYNC"))
    drift = found(cloudformation)
    assert drift.failure == reason
    assert [resource.status for resource in drift.resources] == [
        "IN_SYNC",
        "NOT_CHECKED",
        "NOT_CHECKED",
    ]


def test_reason_of_a_complete_detection_is_no_failure(cloudformation: tuple[Any, Stubber]) -> None:
    _, stub = cloudformation
    detection(stub, "DETECTION_COMPLETE", DetectionStatusReason="all fine")
    drifts(stub)
    assert found(cloudformation).failure == ""
