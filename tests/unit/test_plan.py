"""The plan: one action for every stack status."""

from dataclasses import replace
from itertools import product
from typing import Any, get_args

import botocore.session
import pytest

from readmodel_cfn.deploy.plan import NEVER_CREATED, UPDATABLE, Action, Plan, plan
from readmodel_cfn.deploy.spec import MANAGED_TAG, StackSpec
from readmodel_cfn.deploy.values import Stack

TEMPLATE: dict[str, Any] = {"Resources": {"Store": {"Type": "AWS::S3::Bucket"}}}
OLD: dict[str, Any] = {"Resources": {"Store": {"Type": "AWS::S3::Bucket"}, "Old": {}}}
SPEC = StackSpec(
    "shop",
    '{"Resources": {"Store": {"Type": "AWS::S3::Bucket"}}}',
    {"StackName": "shop"},
    {"team": "web"},
)
UP_TO_DATE = Stack(
    id="arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
    name="shop",
    status="CREATE_COMPLETE",
    reason="",
    parameters={"StackName": "shop"},
    tags={"team": "web", "readmodel-cfn": "managed"},
    outputs={},
    termination_protection=False,
)

# The action for each status of a stack with the tag that differs from the spec.
ACTIONS: dict[str, Action] = {
    "CREATE_COMPLETE": "update",
    "CREATE_FAILED": "recreate",
    "CREATE_IN_PROGRESS": "attach",
    "DELETE_COMPLETE": "create",
    "DELETE_FAILED": "refuse",
    "DELETE_IN_PROGRESS": "attach",
    "IMPORT_COMPLETE": "update",
    "IMPORT_IN_PROGRESS": "attach",
    "IMPORT_ROLLBACK_COMPLETE": "update",
    "IMPORT_ROLLBACK_FAILED": "refuse",
    "IMPORT_ROLLBACK_IN_PROGRESS": "attach",
    "REVIEW_IN_PROGRESS": "recreate",
    "ROLLBACK_COMPLETE": "recreate",
    "ROLLBACK_FAILED": "recreate",
    "ROLLBACK_IN_PROGRESS": "attach",
    "UPDATE_COMPLETE": "update",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "attach",
    "UPDATE_FAILED": "update",
    "UPDATE_IN_PROGRESS": "attach",
    "UPDATE_ROLLBACK_COMPLETE": "update",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "attach",
    "UPDATE_ROLLBACK_FAILED": "continue rollback",
    "UPDATE_ROLLBACK_IN_PROGRESS": "attach",
}
STUCK = [status for status, action in ACTIONS.items() if action == "refuse"]


def decide(
    template: Any = TEMPLATE, spec: StackSpec = SPEC, history: Any = (), **changed: Any
) -> Plan:
    return plan(replace(UP_TO_DATE, **changed), template, spec, history)


def test_action_table_has_every_stack_status_of_boto3() -> None:
    model = botocore.session.get_session().get_service_model("cloudformation")
    status: Any = model.shape_for("StackStatus")
    assert set(ACTIONS) == set(status.enum)


@pytest.mark.parametrize(("status", "action"), ACTIONS.items())
def test_each_status_has_its_action_and_a_reason(status: str, action: str) -> None:
    made = decide(OLD, status=status)
    assert made.action == action
    assert made.why
    if action not in ("create", "update"):
        assert status in made.why


@pytest.mark.parametrize("status", ["", "A_STATUS_OF_2030", "A_STATUS_OF_2030_FAILED"])
def test_unknown_status_is_refused(status: str) -> None:
    made = decide(OLD, status=status)
    assert (made.action, made.stuck) == ("refuse", True)
    assert status in made.why


def test_unknown_in_progress_status_is_waited_for() -> None:
    assert decide(OLD, status="SOMETHING_IN_PROGRESS").action == "attach"


@pytest.mark.parametrize("status", STUCK)
def test_refusal_has_a_hint_and_is_stuck(status: str) -> None:
    made = decide(status=status)
    assert made.hint
    assert made.stuck


@pytest.mark.parametrize("status", sorted(UPDATABLE))
def test_unchanged_stack_is_not_updated(status: str) -> None:
    assert decide(status=status).action == "nothing"


def test_failed_update_is_retried_without_a_difference() -> None:
    assert decide(status="UPDATE_FAILED").action == "update"


def test_failed_create_with_kept_resources_is_updated() -> None:
    assert decide(status="CREATE_FAILED", disable_rollback=True).action == "update"
    assert decide(status="CREATE_FAILED", disable_rollback=False).action == "recreate"


def test_every_action_is_planned_for_some_status() -> None:
    assert {*ACTIONS.values(), "nothing", "protect", "adopt"} == set(get_args(Action))


def test_missing_stack_is_created() -> None:
    assert plan(None, None, SPEC).action == "create"


# What it deletes, and what it never does.


def test_only_never_created_stacks_are_deleted() -> None:
    assert {status for status, action in ACTIONS.items() if action == "recreate"} == NEVER_CREATED
    assert not NEVER_CREATED & UPDATABLE


@pytest.mark.parametrize("status", sorted(NEVER_CREATED))
@pytest.mark.parametrize("once", sorted(UPDATABLE))
def test_stack_that_was_ever_complete_is_never_deleted(status: str, once: str) -> None:
    made = decide(status=status, history=["CREATE_IN_PROGRESS", once, status])
    assert (made.action, made.stuck) == ("refuse", True)


@pytest.mark.parametrize("status", sorted(NEVER_CREATED))
def test_stack_with_termination_protection_is_never_deleted(status: str) -> None:
    assert decide(status=status, termination_protection=True).action == "refuse"


# Stacks of other tools: without the tag, whatever their resources are.

FOREIGN_TAGS: list[dict[str, str]] = [{}, {"readmodel-cfn": "other"}, {"team": "web"}]
# The same resources, some of them, none of them; as JSON and as YAML.
FOREIGN_TEMPLATES: list[Any] = [
    TEMPLATE,
    OLD,
    {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}},
    {},
    "Resources:\n  Store: {Type: AWS::S3::Bucket}\n",
    "Description: Store\nResources:\n  Queue: {Type: AWS::SQS::Queue}\n",
]
ADOPTABLE = {*UPDATABLE, "UPDATE_FAILED"}
EXISTING = [status for status in ACTIONS if status != "DELETE_COMPLETE"]


@pytest.mark.parametrize("status", [*EXISTING, "A_STATUS_OF_2030", "A_STATUS_OF_2030_IN_PROGRESS"])
def test_a_stack_without_the_tag_is_refused_in_every_status(status: str) -> None:
    for tags, template, kept in product(FOREIGN_TAGS, FOREIGN_TEMPLATES, [True, False]):
        decided = decide(template, status=status, tags=tags, disable_rollback=kept)
        assert decided.action == "refuse"
        assert status in decided.why
        assert "--stack-name" in str(decided.hint)


@pytest.mark.parametrize("status", EXISTING)
def test_only_a_stack_that_can_be_updated_is_adopted(status: str) -> None:
    foreign = replace(UP_TO_DATE, status=status, tags={})
    expected = "adopt" if status in ADOPTABLE else "refuse"
    for template in FOREIGN_TEMPLATES:
        assert plan(foreign, template, SPEC, adopt=True).action == expected


def test_a_failed_create_is_adopted_only_where_its_resources_were_kept() -> None:
    foreign = replace(UP_TO_DATE, status="CREATE_FAILED", tags={})
    assert plan(foreign, OLD, SPEC, adopt=True).action == "refuse"
    assert plan(replace(foreign, disable_rollback=True), OLD, SPEC, adopt=True).action == "adopt"


def test_the_command_that_adopts_is_shown_only_where_it_would_adopt() -> None:
    assert "--adopt shop" in str(decide(tags={}).hint)
    assert "--adopt" not in str(decide(tags={}, status="ROLLBACK_COMPLETE").hint)


def test_a_foreign_stack_in_review_is_refused_because_of_its_change_set() -> None:
    decided = decide(tags={}, status="REVIEW_IN_PROGRESS")
    assert "change set" in decided.why
    assert "change set" in str(decided.hint)


@pytest.mark.parametrize(("status", "action"), ACTIONS.items())
def test_adopt_changes_nothing_for_a_stack_with_the_tag(status: str, action: str) -> None:
    assert plan(replace(UP_TO_DATE, status=status), OLD, SPEC, adopt=True).action == action


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"template": {"Resources": {"A": {}}}}, "changed: template"),
        ({"template": "Resources: {}"}, "changed: template"),
        ({"parameters": {}}, "changed: parameters"),
        ({"tags": MANAGED_TAG}, "changed: tags"),
        ({"tags": MANAGED_TAG, "parameters": {}}, "changed: parameters, tags"),
        ({"termination_protection": True, "tags": MANAGED_TAG}, "changed: tags"),
    ],
    ids=str,
)
def test_update_names_what_changed(changed: dict[str, Any], why: str) -> None:
    assert decide(**changed) == Plan("update", why)


@pytest.mark.parametrize("on", [True, False])
def test_protection_change_needs_no_update(on: bool) -> None:
    spec = replace(SPEC, termination_protection=not on)
    assert decide(spec=spec, termination_protection=on).action == "protect"
