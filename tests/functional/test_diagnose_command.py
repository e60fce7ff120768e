"""`diagnose`: what the last operation came to, why, which table made that, and what to do next."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from functional_aws import STACK_ID, THEN, Aws, error_of, event, run, stubbed

from readmodel_cfn.stacks.client import StackClient
from readmodel_cfn.stacks.values import Failure

TAKEN = "Resource of type 'AWS::S3::Bucket' with identifier 'shop' already exists."
DENIED = "User: x is not authorized to perform: s3:CreateBucket on resource: y"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def own(number: int, status: str, reason: str = "") -> dict[str, Any]:
    """The stack's own event, `number` seconds after the others."""
    at = {"Timestamp": THEN + timedelta(seconds=number)}
    return event(number, "read-model", status, reason, STACK_ID) | at


def found(logical_id: str, reason: str, kind: str = "VALIDATION_ERROR") -> dict[str, Any]:
    """What DescribeEvents tells of a resource that failed."""
    return {
        "EventType": kind,
        "OperationId": "1",
        "LogicalResourceId": logical_id,
        "ResourceType": "AWS::S3::Bucket",
        "Timestamp": THEN,
        "ValidationStatusReason": reason,
        "ValidationPath": f"/Resources/{logical_id}",
    }


CREATED = own(0, "CREATE_IN_PROGRESS", "User Initiated")
UNDONE = (
    own(65, "ROLLBACK_COMPLETE"),
    event(4, "Other", "CREATE_FAILED", "Resource creation cancelled"),
    event(3, "SampleResource", "CREATE_FAILED", "too late"),
    event(2, "DataStore", "CREATE_FAILED", DENIED),
    CREATED,
    own(0, "DELETE_COMPLETE"),
)


def failures(aws: Aws, *events: dict[str, Any]) -> None:
    """DescribeEvents, asked for the stack and for failures only, answers these."""
    answer = {"OperationEvents": list(events)}
    asked = {"StackName": STACK_ID, "Filters": {"FailedEvents": True}}
    aws.answers("cloudformation", "describe_events", answer, **asked)


def diagnose(*arguments: str) -> Any:
    return run("diagnose", "--region", "eu-west-1", *arguments)


def lines(*arguments: str) -> list[str]:
    """What it prints, once it could tell."""
    done = diagnose(*arguments)
    assert done.exit_code == 0, done.output
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def told() -> dict[str, Any]:
    done = diagnose("--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_failure_shows_resource_table_reason_and_next_step(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    failures(aws)
    assert lines() == [
        "stack read-model in eu-west-1: its create of 2026-01-01 12:00:00 to 12:01:05 UTC failed "
        "(ROLLBACK_COMPLETE)",
        "cause DataStore (AWS::S3::Bucket)",
        "made by [data_store]",
        f"reason {DENIED}",
        "next ask for s3:CreateBucket, or choose another profile with --profile",
        "Also failed:",
        'SampleResource AWS::S3::Bucket [[routes]] path = "samples" too late',
        "Cancelled because of it: 1",
    ]


def test_validation_failure_shows_its_place_in_the_template(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    summary = own(1, "CREATE_FAILED", "Validation failed with 2 error(s). Call DescribeEvents.")
    aws.events(summary, CREATED)
    failures(aws, found("DataStore", TAKEN), found("Gone", "no such key"))
    assert lines()[1:] == [
        "cause DataStore (AWS::S3::Bucket)",
        "made by [data_store]",
        f"reason {TAKEN}",
        "at /Resources/DataStore",
        "next choose another name under [data_store], as they are global; a bucket that a deleted "
        "stack has kept is taken over by: readmodel-cfn deploy --import-existing",
        "Also failed:",
        "Gone AWS::S3::Bucket - no such key",
    ]


def test_json_of_a_failure_is_one_object(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    failures(aws, found("DataStore", TAKEN))
    answer = told()
    assert answer.pop("next").startswith("choose another name")
    assert answer == {
        "name": "read-model",
        "status": "ROLLBACK_COMPLETE",
        "operation": "create",
        "began": "2026-01-01T12:00:00+00:00",
        "ended": "2026-01-01T12:01:05+00:00",
        "succeeded": False,
        "cause": {
            "logical_id": "DataStore",
            "type": "AWS::S3::Bucket",
            "reason": TAKEN,
            "path": "/Resources/DataStore",
            "table": "[data_store]",
        },
        "also_failed": [
            {
                "logical_id": "SampleResource",
                "type": "AWS::S3::Bucket",
                "reason": "too late",
                "path": "",
                "table": '[[routes]] path = "samples"',
            }
        ],
        "cancelled": 1,
    }


def test_table_comes_from_the_local_readmodel_toml(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text(
        '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
    )
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(event(2, "ProductsResource", "CREATE_FAILED", "why"), CREATED)
    failures(aws)
    assert 'made by [[routes]] path = "products/{id}"' in lines()


def test_success_is_one_line_with_the_status(aws: Aws) -> None:
    aws.stack("CREATE_COMPLETE")
    aws.events(own(30, "CREATE_COMPLETE"), CREATED)
    assert lines() == [
        "stack read-model in eu-west-1: its create of 2026-01-01 12:00:00 to 12:00:30 UTC "
        "succeeded (CREATE_COMPLETE)"
    ]


def test_success_makes_no_call_for_failures(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that the stub does not foresee would be taken for one that AWS refused."""
    asked = []

    def failures(_: StackClient, *, stack: str) -> list[Failure]:
        asked.append(stack)
        return []

    monkeypatch.setattr(StackClient, "failures", failures)
    aws.stack("CREATE_COMPLETE")
    aws.events(own(30, "CREATE_COMPLETE"), CREATED)
    diagnose()
    assert asked == []


def test_json_of_a_success_has_no_cause_and_no_next_step(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    aws.events(own(30, "UPDATE_COMPLETE"), own(0, "UPDATE_IN_PROGRESS"))
    answer = told()
    assert answer["succeeded"] is True
    assert answer["cause"] is answer["next"] is None
    assert answer["also_failed"] == []


def test_successful_update_shows_resources_it_could_not_delete(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    left = event(2, "DataStore", "DELETE_FAILED", "not empty")
    aws.events(own(30, "UPDATE_COMPLETE"), left, own(0, "UPDATE_IN_PROGRESS"))
    assert lines()[1:] == [
        "Failed all the same:",
        "DataStore AWS::S3::Bucket [data_store] not empty",
    ]


def test_only_the_last_operation_is_shown(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    aws.events(own(90, "UPDATE_COMPLETE"), own(80, "UPDATE_IN_PROGRESS"), *UNDONE)
    assert len(lines()) == 1


def test_operation_in_progress_shows_its_failures_so_far(aws: Aws) -> None:
    aws.stack("ROLLBACK_IN_PROGRESS")
    aws.events(*UNDONE[1:])
    failures(aws)
    found = lines()
    assert found[0].endswith("its create of 2026-01-01 12:00:00 UTC goes on (ROLLBACK_IN_PROGRESS)")
    assert found[1] == "cause DataStore (AWS::S3::Bucket)"
    follow = "readmodel-cfn follow --stack-name read-model --region eu-west-1"
    assert f"next run: {follow}" in found


def test_json_of_an_operation_in_progress_has_no_result(aws: Aws) -> None:
    aws.stack("CREATE_IN_PROGRESS", reason="User Initiated")
    aws.events(CREATED)
    failures(aws)
    answer = told()
    assert answer["succeeded"] is answer["cause"] is answer["ended"] is None


def test_stack_in_review_has_no_operation(aws: Aws) -> None:
    aws.stack("REVIEW_IN_PROGRESS", reason="User Initiated")
    aws.events(own(0, "REVIEW_IN_PROGRESS", "User Initiated"))
    failures(aws)
    assert lines() == [
        "stack read-model in eu-west-1: REVIEW_IN_PROGRESS; CloudFormation tells of no operation",
        "next run: readmodel-cfn deploy, which deletes the empty stack first",
    ]


def test_stack_in_review_shows_why_its_change_set_failed(aws: Aws) -> None:
    aws.stack("REVIEW_IN_PROGRESS")
    aws.events(own(0, "REVIEW_IN_PROGRESS"))
    failures(aws, found("DataStore", TAKEN))
    assert lines()[1:3] == ["cause DataStore (AWS::S3::Bucket)", "made by [data_store]"]


def test_stack_without_events_shows_its_own_reason(aws: Aws) -> None:
    aws.stack("ROLLBACK_FAILED", reason="failed to delete: [DataStore]")
    aws.events()
    failures(aws)
    assert lines() == [
        "stack read-model in eu-west-1: ROLLBACK_FAILED; CloudFormation tells of no operation",
        "cause the stack itself",
        "reason failed to delete: [DataStore]",
        "next mend it and deploy again: what is left of the stack is deleted first",
    ]


def test_failed_rollback_names_its_blocker_as_the_cause(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events(
        event(4, "DataStoreWriter", "UPDATE_FAILED", "in the way"),
        own(3, "UPDATE_ROLLBACK_IN_PROGRESS"),
        event(2, "DataStore", "UPDATE_FAILED", "no room"),
        own(0, "UPDATE_IN_PROGRESS"),
    )
    failures(aws)
    answer = told()
    assert answer["cause"]["logical_id"] == "DataStoreWriter"
    assert [failure["logical_id"] for failure in answer["also_failed"]] == ["DataStore"]
    assert answer["next"] == "mend it and deploy again: the rollback goes on first"


def test_denied_describe_events_falls_back_to_stack_events(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    aws.refuses("cloudformation", "describe_events", "AccessDenied", "no", 403)
    assert told()["cause"]["reason"] == DENIED


def test_missing_stack_names_the_deploy_command(aws: Aws) -> None:
    aws.no_stack()
    assert error_of(diagnose(), 1) == (
        "stack read-model in eu-west-1: does not exist; run: readmodel-cfn deploy"
    )


def test_diagnose_changes_nothing(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    failures(aws)
    diagnose()
    assert aws.wrote() == []
