"""`diagnose`: the result of the last operation, its cause, the config table and the next step."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from functional_aws import STACK_ID, THEN, Aws, enter_project, error_of, event, run, stubbed

from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.values import Failure

TAKEN = "Resource of type 'AWS::S3::Bucket' with identifier 'shop' already exists."
DENIED = "User: x is not authorized to perform: s3:CreateBucket on resource: y"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def own(number: int, status: str, reason: str = "") -> dict[str, Any]:
    """The stack's own event, `number` seconds after the others."""
    at = {"Timestamp": THEN + timedelta(seconds=number)}
    return event(number, "read-model", status, reason, STACK_ID) | at


def found(logical_id: str, reason: str, kind: str = "VALIDATION_ERROR") -> dict[str, Any]:
    """A failed resource as DescribeEvents returns it."""
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
    """The response of DescribeEvents for the stack's failures."""
    answer = {"OperationEvents": list(events)}
    asked = {"StackName": STACK_ID, "Filters": {"FailedEvents": True}}
    aws.answers("cloudformation", "describe_events", answer, **asked)


def diagnose(*arguments: str) -> Any:
    return run("diagnose", "--region", "eu-west-1", *arguments)


def lines(*arguments: str) -> list[str]:
    """The lines that it prints on success."""
    done = diagnose(*arguments)
    assert done.exit_code == 0, done.output
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def answer_of() -> dict[str, Any]:
    """The JSON that it prints on success."""
    done = diagnose("--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_failure_shows_resource_table_reason_and_next_step(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    failures(aws)
    first, cause, table, reason, action, _, other, cancelled = lines()
    for name in ("read-model", "eu-west-1", "12:00:00", "12:01:05", "ROLLBACK_COMPLETE"):
        assert name in first
    assert "DataStore (AWS::S3::Bucket)" in cause
    assert "[data_store]" in table
    assert DENIED in reason
    assert "s3:CreateBucket" in action
    assert other == 'SampleResource AWS::S3::Bucket [[routes]] path = "samples" too late'
    assert "1" in cancelled


def test_validation_failure_shows_its_place_in_the_template(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    summary = own(1, "CREATE_FAILED", "Validation failed with 2 error(s). Call DescribeEvents.")
    aws.events(summary, CREATED)
    failures(aws, found("DataStore", TAKEN), found("Gone", "no such key"))
    cause, table, reason, place, action, _, other = lines()[1:]
    assert "DataStore (AWS::S3::Bucket)" in cause
    assert "[data_store]" in table
    assert TAKEN in reason
    assert "/Resources/DataStore" in place
    command = "readmodel-cfn deploy --stack-name read-model --region eu-west-1 --import-existing"
    assert command in action
    assert other == "Gone AWS::S3::Bucket - no such key"


def test_table_of_the_environment_is_named_too(aws: Aws) -> None:
    with Path("readmodel.toml").open("a") as file:
        file.write("[env.production.data_store]\nretain = false\n")
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    failures(aws, found("DataStore", TAKEN))
    line = next(line for line in lines("--env", "production") if line.startswith("config"))
    assert "[data_store]" in line
    assert "[env.production.data_store]" in line


def test_json_of_a_failure_is_one_object(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    failures(aws, found("DataStore", TAKEN))
    answer = answer_of()
    assert "[data_store]" in answer.pop("next")
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
    assert any('[[routes]] path = "products/{id}"' in line for line in lines())


def test_success_is_one_line_with_the_status(aws: Aws) -> None:
    aws.stack("CREATE_COMPLETE")
    aws.events(own(30, "CREATE_COMPLETE"), CREATED)
    (line,) = lines()
    for name in ("read-model", "eu-west-1", "12:00:00", "12:00:30", "CREATE_COMPLETE"):
        assert name in line


def test_success_makes_no_call_for_failures(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected call of the stub would count as a call that AWS denied."""
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
    answer = answer_of()
    assert answer["succeeded"] is True
    assert answer["cause"] is answer["next"] is None
    assert answer["also_failed"] == []


def test_successful_update_shows_resources_it_could_not_delete(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    left = event(2, "DataStore", "DELETE_FAILED", "not empty")
    aws.events(own(30, "UPDATE_COMPLETE"), left, own(0, "UPDATE_IN_PROGRESS"))
    assert lines()[2:] == ["DataStore AWS::S3::Bucket [data_store] not empty"]


def test_only_the_last_operation_is_shown(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    aws.events(own(90, "UPDATE_COMPLETE"), own(80, "UPDATE_IN_PROGRESS"), *UNDONE)
    assert len(lines()) == 1


def test_operation_in_progress_shows_its_failures_so_far(aws: Aws) -> None:
    aws.stack("ROLLBACK_IN_PROGRESS")
    aws.events(*UNDONE[1:])
    failures(aws)
    found = lines()
    assert "12:00:00" in found[0]
    assert "ROLLBACK_IN_PROGRESS" in found[0]
    assert "DataStore (AWS::S3::Bucket)" in found[1]
    command = "readmodel-cfn follow --stack-name read-model --region eu-west-1"
    assert any(line.endswith(command) for line in found)


def test_json_of_an_operation_in_progress_has_no_result(aws: Aws) -> None:
    aws.stack("CREATE_IN_PROGRESS", reason="User Initiated")
    aws.events(CREATED)
    failures(aws)
    answer = answer_of()
    assert answer["succeeded"] is answer["cause"] is answer["ended"] is None


def test_stack_in_review_has_no_operation(aws: Aws) -> None:
    aws.stack("REVIEW_IN_PROGRESS", reason="User Initiated")
    aws.events(own(0, "REVIEW_IN_PROGRESS", "User Initiated"))
    failures(aws)
    state, action = lines()
    assert "REVIEW_IN_PROGRESS" in state
    assert "readmodel-cfn deploy" in action


def test_stack_in_review_shows_why_its_change_set_failed(aws: Aws) -> None:
    aws.stack("REVIEW_IN_PROGRESS")
    aws.events(own(0, "REVIEW_IN_PROGRESS"))
    failures(aws, found("DataStore", TAKEN))
    cause, table = lines()[1:3]
    assert "DataStore (AWS::S3::Bucket)" in cause
    assert "[data_store]" in table


def test_stack_without_events_shows_its_own_reason(aws: Aws) -> None:
    aws.stack("ROLLBACK_FAILED", reason="failed to delete: [DataStore]")
    aws.events()
    failures(aws)
    state, _, reason, action = lines()
    assert "ROLLBACK_FAILED" in state
    assert "failed to delete: [DataStore]" in reason
    assert action


def test_failed_rollback_names_its_blocker_as_the_cause(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events(
        event(4, "DataStoreWriter", "UPDATE_FAILED", "in the way"),
        own(3, "UPDATE_ROLLBACK_IN_PROGRESS"),
        event(2, "DataStore", "UPDATE_FAILED", "no space"),
        own(0, "UPDATE_IN_PROGRESS"),
    )
    failures(aws)
    answer = answer_of()
    assert answer["cause"]["logical_id"] == "DataStoreWriter"
    assert [failure["logical_id"] for failure in answer["also_failed"]] == ["DataStore"]
    assert answer["next"]


def test_denied_describe_events_falls_back_to_stack_events(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    aws.refuses("cloudformation", "describe_events", "AccessDenied", "no", 403)
    assert answer_of()["cause"]["reason"] == DENIED


def test_missing_stack_names_the_deploy_command(aws: Aws) -> None:
    aws.no_stack()
    line = error_of(diagnose(), 1)
    for name in ("read-model", "eu-west-1", "readmodel-cfn deploy"):
        assert name in line


def test_diagnose_changes_nothing(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(*UNDONE)
    failures(aws)
    diagnose()
    assert aws.wrote() == []
