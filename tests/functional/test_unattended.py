"""Deploying in a single call without consent: what it does, and what it refuses."""

from collections.abc import Iterator

import pytest
from functional_aws import COMPACT, CONTENT, STACK_ID, Aws, event, stubbed

from readmodel_cfn.aws import Connection
from readmodel_cfn.errors import ConfigError, ReadModelError, RolledBack
from readmodel_cfn.stacks.unattended import deploy
from readmodel_cfn.stacks.wanted import Wanted

DESIRED = Wanted("read-model", COMPACT)
THERE = Connection("eu-west-1")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with stubbed(monkeypatch) as made:
        yield made


def test_unchanged_stack_makes_no_write(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    assert deploy(DESIRED, THERE).status == "CREATE_COMPLETE"
    assert aws.wrote() == []


def test_operation_in_progress_is_followed_first(aws: Aws) -> None:
    statuses: list[str] = []
    aws.stack("UPDATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "UPDATE_IN_PROGRESS"))
    aws.stack("UPDATE_COMPLETE")
    aws.events(event(2, "DataStore", "UPDATE_COMPLETE"))
    aws.stack("UPDATE_COMPLETE")
    aws.template(CONTENT)
    deploy(DESIRED, THERE, on_event=lambda event: statuses.append(event.status))
    assert "UPDATE_COMPLETE" in statuses
    assert aws.wrote() == []


@pytest.mark.parametrize(
    ("status", "option"),
    [("ROLLBACK_COMPLETE", "--recreate"), ("UPDATE_ROLLBACK_FAILED", "--yes")],
)
def test_action_that_requires_consent_is_refused(aws: Aws, status: str, option: str) -> None:
    aws.stack(status)
    if status == "ROLLBACK_COMPLETE":
        aws.events(event(1, "read-model", status, physical_id=STACK_ID))
    with pytest.raises(ReadModelError, match=f"readmodel-cfn deploy {option}"):
        deploy(DESIRED, THERE)
    assert aws.wrote() == []


def test_stack_of_another_tool_is_refused(aws: Aws) -> None:
    aws.stack(tags={})
    aws.template({"Resources": {"Other": {"Type": "AWS::S3::Bucket"}}})
    with pytest.raises(ReadModelError, match="read-model"):
        deploy(DESIRED, THERE)


def test_rolled_back_update_names_its_cause(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.events()
    aws.answers("cloudformation", "update_stack", {"StackId": STACK_ID})
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.events(event(1, "DataStore", "CREATE_FAILED", "no room"))
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})
    with pytest.raises(RolledBack, match=r"DataStore.*no room"):
        deploy(DESIRED, THERE)


def test_long_template_requires_a_template_bucket() -> None:
    long = Wanted("read-model", '{"Description":"' + "x" * 60_000 + '","Resources":{}}')
    with pytest.raises(ConfigError, match=r"51,200.*template_bucket"):
        deploy(long, THERE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "JSON"),
        ("Resources:\n  Store:\n    Type: AWS::S3::Bucket\n", "JSON"),
        ("[" * 40_000, "JSON"),
        ("[]", "JSON"),
        ("{}", "Resources"),
        ('{"Resources": []}', "Resources"),
        ('{"Resources": {"Store": {}}}', "Store"),
        ('{"Resources": {"Store": {"Type": "AWS::S3::Bucket", "Properties": null}}}', "Store"),
        (
            '{"Parameters": [], "Resources": {"Store": {"Type": "AWS::S3::Bucket"}}}',
            "Parameters",
        ),
    ],
    ids=["empty", "YAML", "deep", "list", "nothing", "list of resources", "type", "null", "array"],
)
def test_invalid_template_is_refused_before_any_call(aws: Aws, text: str, name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        deploy(Wanted("read-model", text), THERE)
    assert "read-model" in str(refused.value)
    assert name in str(refused.value)
    assert aws.wrote() == []
