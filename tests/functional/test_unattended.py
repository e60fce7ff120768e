"""Deploying in a single call without consent: what it does, and what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY
from functional_aws import COMPACT, CONTENT, STACK_ID, Aws, event, stubbed
from readmodel_cfn.deploy.unattended import deploy

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.errors import ConfigError, ReadModelError, RolledBack, Stuck

DESIRED = StackSpec("read-model", COMPACT)
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
    ("status", "kind"),
    [("ROLLBACK_COMPLETE", "recreate"), ("UPDATE_ROLLBACK_FAILED", "continue-rollback")],
)
def test_without_confirm_what_needs_consent_is_named_and_not_done(
    aws: Aws, status: str, kind: str
) -> None:
    aws.stack(status)
    if status == "ROLLBACK_COMPLETE":
        aws.events(event(1, "read-model", status, physical_id=STACK_ID))
    with pytest.raises(ConsentRequired) as raised:
        deploy(DESIRED, THERE)
    assert (raised.value.consent.kind, raised.value.consent.name) == (kind, "read-model")
    assert aws.wrote() == []


def foreign(aws: Aws) -> None:
    """A stack of another tool, with a resource of the wanted name and one of its own."""
    aws.stack(tags={})
    aws.template({"Resources": {"Other": {"Type": "AWS::SQS::Queue"}}})
    aws.resources(("DataStore", "AWS::S3::Bucket", "b"), ("Other", "AWS::SQS::Queue", "q"))


@pytest.mark.parametrize("options", [{}, {"confirm": lambda _: False}], ids=["no confirm", "no"])
def test_a_stack_without_the_tag_is_not_adopted_without_consent(
    aws: Aws, options: dict[str, Any]
) -> None:
    foreign(aws)
    with pytest.raises(ConsentRequired) as raised:
        deploy(DESIRED, THERE, **options)
    lost = ("Other (AWS::SQS::Queue)",)
    assert (raised.value.consent.kind, raised.value.consent.lost) == ("adopt", lost)
    assert "Other" in str(raised.value)
    assert "CreateChangeSet" not in aws.calls
    assert aws.wrote() == []


def test_with_consent_it_is_adopted_by_an_update_that_sets_the_tag(aws: Aws) -> None:
    asked: list[Consent] = []
    foreign(aws)
    aws.events()
    tags = [{"Key": "readmodel-cfn", "Value": "managed"}]
    aws.answers(
        "cloudformation",
        "update_stack",
        {"StackId": STACK_ID},
        StackName="read-model",
        TemplateBody=ANY,
        Capabilities=ANY,
        Parameters=[],
        Tags=tags,
        DisableRollback=False,
        ClientRequestToken=ANY,
    )
    aws.stack("UPDATE_COMPLETE")
    aws.events()

    def confirm(consent: Consent) -> bool:
        asked.append(consent)
        return True

    deploy(DESIRED, THERE, confirm=confirm)
    assert [consent.kind for consent in asked] == ["adopt"]


def test_a_rollback_that_fails_again_is_raised_and_not_tried_for_ever(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events()
    aws.answers("cloudformation", "continue_update_rollback", {})
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events(event(1, "DataStore", "UPDATE_FAILED", "still there"))
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})
    with pytest.raises(Stuck):
        deploy(DESIRED, THERE, confirm=lambda _: True)


def test_what_the_plan_refuses_is_refused(aws: Aws) -> None:
    aws.stack("REVIEW_IN_PROGRESS", tags={})
    with pytest.raises(ReadModelError, match="change set"):
        deploy(DESIRED, THERE, confirm=lambda _: True)
    assert aws.wrote() == []


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
    long = StackSpec("read-model", '{"Description":"' + "x" * 60_000 + '","Resources":{}}')
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
        deploy(StackSpec("read-model", text), THERE)
    assert "read-model" in str(refused.value)
    assert name in str(refused.value)
    assert aws.wrote() == []
