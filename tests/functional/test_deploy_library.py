"""Deploy, diff and follow as calls of ReadModelStack: results, progress, consent and errors."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY
from functional_aws import CONTENT, OUTPUTS, STACK_ID, TARGET, Aws, event, stubbed

from readmodel_cfn import ReadModel, ReadModelStack, lint
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.errors import (
    ConfigError,
    FindingsError,
    ReadModelError,
    RolledBack,
    Stuck,
    Unfinished,
)
from readmodel_cfn.lint import Finding
from readmodel_cfn.results import Plan, StackDiff, StackEvent

CREATED = {"StackId": STACK_ID}


@pytest.fixture
def read_model() -> ReadModelStack:
    return ReadModelStack("read-model", ReadModel(), region="eu-west-1")


@pytest.fixture(autouse=True)
def _without_cfn_lint(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds."""
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with stubbed(monkeypatch) as made:
        yield made


def test_unchanged_stack_makes_no_write(aws: Aws, read_model: ReadModelStack) -> None:
    aws.stack()
    aws.template(CONTENT)
    assert read_model.deploy().status == "CREATE_COMPLETE"
    assert aws.wrote() == []


def test_operation_in_progress_is_followed_first(aws: Aws, read_model: ReadModelStack) -> None:
    reported: list[object] = []
    aws.stack("UPDATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "UPDATE_IN_PROGRESS"))
    aws.stack("UPDATE_COMPLETE")
    aws.events(event(2, "DataStore", "UPDATE_COMPLETE"))
    aws.stack("UPDATE_COMPLETE")
    aws.template(CONTENT)
    read_model.deploy(on_progress=reported.append)
    statuses = [value.status for value in reported if isinstance(value, StackEvent)]
    assert statuses == ["UPDATE_COMPLETE"]
    assert aws.wrote() == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [("ROLLBACK_COMPLETE", "recreate"), ("UPDATE_ROLLBACK_FAILED", "continue-rollback")],
)
def test_without_confirm_what_needs_consent_is_named_and_not_done(
    aws: Aws, read_model: ReadModelStack, status: str, kind: str
) -> None:
    aws.stack(status)
    if status == "ROLLBACK_COMPLETE":
        aws.events(event(1, "read-model", status, physical_id=STACK_ID))
    with pytest.raises(ConsentRequired) as raised:
        read_model.deploy()
    assert (raised.value.consent.kind, raised.value.consent.name) == (kind, "read-model")
    assert aws.wrote() == []


def foreign(aws: Aws) -> None:
    """A stack of another tool, with a resource with a name of the template and one of its own."""
    aws.stack(tags={})
    aws.template({"Resources": {"Other": {"Type": "AWS::SQS::Queue"}}})
    aws.resources(("DataStore", "AWS::S3::Bucket", "b"), ("Other", "AWS::SQS::Queue", "q"))


@pytest.mark.parametrize("options", [{}, {"confirm": lambda _: False}], ids=["no confirm", "no"])
def test_a_stack_without_the_tag_is_not_adopted_without_consent(
    aws: Aws, read_model: ReadModelStack, options: dict[str, Any]
) -> None:
    foreign(aws)
    with pytest.raises(ConsentRequired) as raised:
        read_model.deploy(**options)
    lost = ("Other (AWS::SQS::Queue)",)
    assert (raised.value.consent.kind, raised.value.consent.lost) == ("adopt", lost)
    assert "Other" in str(raised.value)
    assert "CreateChangeSet" not in aws.calls
    assert aws.wrote() == []


def test_with_consent_it_is_adopted_by_an_update_that_sets_the_tag(
    aws: Aws, read_model: ReadModelStack
) -> None:
    asked: list[Consent] = []
    foreign(aws)
    aws.change_set()
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

    read_model.deploy(confirm=confirm)
    assert [consent.kind for consent in asked] == ["adopt", "update"]


def test_rollback_that_fails_again_is_raised(aws: Aws, read_model: ReadModelStack) -> None:
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events()
    aws.answers("cloudformation", "continue_update_rollback", {})
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events(event(1, "DataStore", "UPDATE_FAILED", "still there"))
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})
    with pytest.raises(Stuck):
        read_model.deploy(confirm=lambda _: True)


def test_what_the_plan_refuses_is_refused(aws: Aws, read_model: ReadModelStack) -> None:
    aws.stack("REVIEW_IN_PROGRESS", tags={})
    with pytest.raises(ReadModelError, match="change set"):
        read_model.deploy(confirm=lambda _: True)
    assert aws.wrote() == []


def test_rolled_back_update_names_its_cause(aws: Aws, read_model: ReadModelStack) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.change_set()
    aws.events()
    aws.answers("cloudformation", "update_stack", {"StackId": STACK_ID})
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.events(event(1, "DataStore", "CREATE_FAILED", "not available"))
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})
    with pytest.raises(RolledBack, match=r"DataStore.*not available"):
        read_model.deploy()


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
        deploy(StackSpec("read-model", text), Connection("eu-west-1"))
    assert "read-model" in str(refused.value)
    assert name in str(refused.value)
    assert aws.wrote() == []


def test_created_stack_has_its_outputs_in_the_result(aws: Aws, read_model: ReadModelStack) -> None:
    reported: list[object] = []
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack(outputs={**OUTPUTS, "DataStoreSecretAccessKey": "s3cret"})
    aws.events(event(1, "DataStore", "CREATE_COMPLETE"))
    result = read_model.deploy(on_progress=reported.append)
    assert (result.status, result.changed, result.detached) == ("CREATE_COMPLETE", True, False)
    outputs = {**OUTPUTS, "DataStoreSecretAccessKey": "****"}
    assert result.as_dict()["outputs"] == outputs
    assert result.as_dict().items() >= TARGET.items()
    assert (result.created, result.updated, result.deleted) == (1, 0, 0)
    assert result.urls == {"samples": OUTPUTS["SamplesUrl"]}
    assert {Plan, StackDiff, StackEvent} <= {type(value) for value in reported}


def test_detached_deploy_returns_when_the_operation_has_started(
    aws: Aws, read_model: ReadModelStack
) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    result = read_model.deploy(detach=True)
    assert (result.changed, result.detached) == (True, True)


def test_lint_findings_are_reported_and_nothing_is_sent(
    aws: Aws, read_model: ReadModelStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding, reported = Finding("E1", "error", "Resources/A", "wrong", "why"), list[object]()
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [finding])
    with pytest.raises(FindingsError):
        read_model.deploy(on_progress=reported.append)
    assert finding in reported
    assert aws.calls == []


def test_interrupted_deploy_is_unfinished_unless_the_callback_continues(
    aws: Aws, read_model: ReadModelStack
) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    for status in ("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
        aws.stack(status)
        aws.events(event(1, "DataStore", "CREATE_IN_PROGRESS"))

    def interrupt(value: object) -> None:
        if isinstance(value, StackEvent):
            raise KeyboardInterrupt

    assert read_model.deploy(on_progress=interrupt, on_interrupt=lambda *_: True).changed
    aws.stack("UPDATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "UPDATE_IN_PROGRESS"))
    aws.stack("UPDATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "UPDATE_IN_PROGRESS"))
    with pytest.raises(Unfinished, match="readmodel-cfn follow"):
        read_model.deploy(on_progress=interrupt)


def test_recreate_is_consent_to_delete_a_stack_that_was_never_created(
    aws: Aws, read_model: ReadModelStack
) -> None:
    failed = event(1, "read-model", "ROLLBACK_COMPLETE", physical_id=STACK_ID)
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(failed)
    aws.events(failed)
    aws.answers("cloudformation", "delete_stack", {})
    aws.stack("DELETE_COMPLETE")
    aws.events(failed)
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    assert read_model.deploy(recreate=True).status == "CREATE_COMPLETE"


def test_diff_names_what_deploy_would_do(aws: Aws, read_model: ReadModelStack) -> None:
    aws.no_stack()
    diff = read_model.diff()
    assert not diff.up_to_date
    assert (diff.action, {resource.kind for resource in diff.resources}) == ("create", {"add"})
    aws.stack()
    aws.template(CONTENT)
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    assert read_model.diff().up_to_date


def test_follow_returns_the_status_of_the_last_operation(
    aws: Aws, read_model: ReadModelStack
) -> None:
    began = event(1, "read-model", "UPDATE_IN_PROGRESS", physical_id=STACK_ID)
    for _ in range(2):
        aws.stack("UPDATE_COMPLETE")
        aws.events(began)
    assert read_model.follow().as_dict() == {"status": "UPDATE_COMPLETE"}
