"""`diff` and its change sets, which are deleted afterwards."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functional_aws import (
    CHANGE_SET_ID,
    CONTENT,
    STACK_ID,
    Aws,
    enter_project,
    error_of,
    run,
    stubbed,
)

from readmodel_cfn.deploy import change_sets
from readmodel_cfn.deploy.change_sets import is_abandoned

MADE = {"Id": CHANGE_SET_ID, "StackId": STACK_ID}
OLD = {**CONTENT, "Resources": {**CONTENT["Resources"], "Old": {"Type": "AWS::SNS::Topic"}}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def diff(*arguments: str) -> Any:
    return run("diff", "--region", "eu-west-1", *arguments)


def found(status: str = "CREATE_COMPLETE", reason: str = "", **more: Any) -> dict[str, Any]:
    asked = {"ChangeSetId": CHANGE_SET_ID, "StackId": STACK_ID, "StatusReason": reason}
    return {**asked, "Status": status, "Changes": [], **more}


def removal() -> dict[str, Any]:
    gone = {"Action": "Remove", "LogicalResourceId": "Old", "ResourceType": "AWS::SNS::Topic"}
    return {"Type": "Resource", "ResourceChange": gone}


def changed(aws: Aws, *, left: tuple[str, ...] = ()) -> None:
    """A stack that differs; `left` are its existing change sets."""
    summaries = {"Summaries": [{"ChangeSetName": name} for name in left]}
    aws.stack()
    aws.template(OLD)
    aws.answers("cloudformation", "list_change_sets", summaries)


def test_equal_stack_needs_no_change_set(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    done = diff()
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "Next:" not in done.stderr
    assert aws.calls == ["DescribeStacks", "GetTemplate", "ListChangeSets"]


def test_missing_stack_shows_only_additions_and_makes_no_change_set(aws: Aws) -> None:
    aws.no_stack()
    done = diff("--full")
    assert done.exit_code == 5
    lines = [line for line in done.stdout.splitlines() if " add " in line]
    assert len(lines) == len(CONTENT["Resources"])
    assert "readmodel-cfn deploy --region eu-west-1" in done.stderr.splitlines()[-1]
    assert aws.calls == ["DescribeStacks"]


def test_change_set_is_created_read_and_deleted(aws: Aws) -> None:
    changed(aws)
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "describe_change_set", found("CREATE_IN_PROGRESS"))
    aws.answers("cloudformation", "describe_change_set", found(Changes=[removal()]))
    aws.answers("cloudformation", "delete_change_set", {})
    done = diff()
    assert done.exit_code == 5
    assert done.stdout.split() == ["remove", "Old", "AWS::SNS::Topic"]


def test_all_pages_of_a_change_set_are_read(aws: Aws) -> None:
    changed(aws)
    aws.answers("cloudformation", "create_change_set", MADE)
    page = found(Changes=[removal()], NextToken="1")
    aws.answers("cloudformation", "describe_change_set", page)
    aws.answers("cloudformation", "describe_change_set", found(Changes=[removal()]))
    aws.answers("cloudformation", "delete_change_set", {})
    assert diff().stdout.count("Old") == 2


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information.",
        "No updates are to be performed.",
    ],
)
def test_empty_change_set_is_deleted_and_a_changed_output_is_shown(aws: Aws, reason: str) -> None:
    outputs = {name: value for name, value in CONTENT["Outputs"].items() if name != "ApiUrl"}
    aws.stack()
    aws.template({**CONTENT, "Outputs": outputs})
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "describe_change_set", found("FAILED", reason))
    aws.answers("cloudformation", "delete_change_set", {})
    done = diff()
    assert done.exit_code == 5
    assert "ApiUrl" in done.stdout


def test_failed_change_set_is_deleted_and_its_validation_is_shown(aws: Aws) -> None:
    changed(aws)
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "describe_change_set", found("FAILED", "Validation failed."))
    finding = {
        "EventId": "1",
        "Timestamp": "2026-01-01T12:00:00Z",
        "LogicalResourceId": "DataStore",
        "ValidationPath": "/Properties/BucketName",
        "ValidationStatusReason": "not a name",
    }
    aws.answers(
        "cloudformation",
        "describe_events",
        {"OperationEvents": [finding]},
        ChangeSetName=CHANGE_SET_ID,
        Filters={"FailedEvents": True},
    )
    aws.answers("cloudformation", "delete_change_set", {})
    line = error_of(diff(), 1)
    assert "read-model" in line
    assert "DataStore/Properties/BucketName: not a name" in line


def test_failed_change_set_without_validation_shows_its_status_reason(aws: Aws) -> None:
    changed(aws)
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "describe_change_set", found("FAILED", "Template error: x"))
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})
    aws.answers("cloudformation", "delete_change_set", {})
    assert "Template error: x" in error_of(diff(), 1)


def test_interrupted_change_set_is_deleted(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(change_sets, "_wait_until_ready", interrupt)
    changed(aws)
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "delete_change_set", {})
    error_of(diff(), 1)
    assert aws.calls[-1] == "DeleteChangeSet"


def test_denied_change_set_is_an_error(aws: Aws) -> None:
    changed(aws)
    aws.refuses("cloudformation", "create_change_set", "AccessDenied", "not you", 403)
    aws.refuses("cloudformation", "delete_change_set", "AccessDenied", "not you", 403)
    line = error_of(diff(), 1)
    assert "CreateChangeSet" in line
    assert "AccessDenied" in line


def test_change_set_that_cannot_be_deleted_is_reported(aws: Aws) -> None:
    changed(aws)
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "describe_change_set", found())
    aws.refuses("cloudformation", "delete_change_set", "AccessDenied", "not you", 403)
    (note,) = (line for line in diff().stderr.splitlines() if "not you" in line)
    assert "readmodel-cfn-diff-" in note
    assert "AccessDenied" in note


def test_change_set_that_cannot_be_created_exits_1(aws: Aws) -> None:
    changed(aws)
    aws.refuses("cloudformation", "create_change_set", "500", "Internal", 500)
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    aws.answers("cloudformation", "delete_change_set", {})
    error_of(diff(), 1)


def test_change_set_whose_response_was_lost_is_found_by_name(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_sets, "_name", lambda: "readmodel-cfn-diff-x")
    changed(aws)
    aws.refuses("cloudformation", "create_change_set", "500", "Internal", 500)
    listed = {"Summaries": [{"ChangeSetName": "readmodel-cfn-diff-x"}]}
    aws.answers("cloudformation", "list_change_sets", listed)
    aws.answers("cloudformation", "describe_change_set", found(Changes=[removal()]))
    aws.answers("cloudformation", "delete_change_set", {})
    assert diff().exit_code == 5


def test_abandoned_change_set_is_deleted(aws: Aws) -> None:
    ours = f"readmodel-cfn-diff-{change_sets._host()}-4194999-1-abcd"
    changed(aws, left=("somebody-elses", ours))
    aws.answers(
        "cloudformation", "delete_change_set", {}, StackName="read-model", ChangeSetName=ours
    )
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "describe_change_set", found())
    aws.answers("cloudformation", "delete_change_set", {})
    diff()


@pytest.mark.parametrize(
    ("host", "process", "seconds", "abandoned"),
    [
        ("this", "dead", 10, True),
        ("this", "living", 10, False),
        ("this", "living", 10_000, True),
        ("other", "dead", 10, False),
        ("other", "dead", 10_000, True),
    ],
)
def test_change_set_is_abandoned_when_its_process_is_gone(
    host: str, process: str, seconds: int, abandoned: bool
) -> None:
    name = change_sets._name()
    if host == "other":
        name = name.replace(change_sets._host(), "0" * 8)
    since = int(name.split("-")[-2])
    living = {os.getpid()} if process == "living" else set[int]()
    assert is_abandoned(name, lambda: since + seconds, living.__contains__) == abandoned


@pytest.mark.parametrize("name", ["a", "readmodel-cfn-diff", "readmodel-cfn-diff-a-b-c-d", "x-1-2"])
def test_change_sets_with_other_names_are_never_abandoned(name: str) -> None:
    assert not is_abandoned(name, lambda: 1e12, lambda _: False)


def test_json_has_action_and_changed_resources(aws: Aws) -> None:
    changed(aws)
    aws.answers("cloudformation", "create_change_set", MADE)
    aws.answers("cloudformation", "describe_change_set", found(Changes=[removal()]))
    aws.answers("cloudformation", "delete_change_set", {})
    answer = json.loads(diff("--json").stdout)
    assert answer["action"] == "update"
    assert answer["resources"][0]["kind"] == "remove"
    assert answer["resources"][0]["access"] is False
    assert answer["others"] == []
    assert answer["settings"] == []


def test_stack_in_progress_cannot_be_compared(aws: Aws) -> None:
    aws.stack("UPDATE_IN_PROGRESS")
    line = error_of(diff(), 9)
    assert line.endswith("readmodel-cfn follow --stack-name read-model --region eu-west-1")


def test_diff_refuses_a_stack_that_deploy_refuses(aws: Aws) -> None:
    aws.stack("DELETE_FAILED")
    assert "read-model" in error_of(diff(), 6)


def test_diff_warns_of_obstacles_to_a_deploy(aws: Aws) -> None:
    renamed = json.loads(json.dumps(CONTENT).replace("SampleResource", "OtherResource"))
    aws.stack()
    aws.template(renamed)
    aws.change_set()
    assert "SampleResource: " in diff().stderr


def test_changed_protection_alone_needs_no_change_set(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text("[stack]\ntermination_protection = true")
    aws.stack()
    aws.template(CONTENT)
    done = diff()
    assert done.exit_code == 5
    assert "[stack] termination_protection: false -> true" in done.stdout


def test_changed_values_are_abbreviated(aws: Aws) -> None:
    resources = json.loads(json.dumps(CONTENT["Resources"]))
    del resources["DataStoreWriter"]["Properties"]["Policies"]
    change = {
        "Action": "Modify",
        "LogicalResourceId": "DataStoreWriter",
        "ResourceType": "AWS::IAM::User",
        "Replacement": "False",
        "Details": [{"Target": {"Attribute": "Properties", "Name": "Policies"}}],
    }
    aws.stack()
    aws.template({**CONTENT, "Resources": resources})
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    aws.answers("cloudformation", "create_change_set", MADE)
    page = found(Changes=[{"Type": "Resource", "ResourceChange": change}])
    aws.answers("cloudformation", "describe_change_set", page)
    aws.answers("cloudformation", "delete_change_set", {})
    resource, value, _ = diff().stdout.splitlines()
    assert resource.split() == ["!", "modify", "DataStoreWriter", "AWS::IAM::User"]
    assert value.split("->")[0].split() == ["!", "Policies:", "(not", "set)"]
    assert value.endswith("...")
    assert "Fn::" not in value
