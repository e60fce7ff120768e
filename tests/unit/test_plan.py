"""The decision: one action for every status that CloudFormation knows."""

from dataclasses import replace
from typing import Any, get_args, get_type_hints

import botocore.session
import pytest

from readmodel_cfn.stacks.client import Stack
from readmodel_cfn.stacks.plan import Plan, plan
from readmodel_cfn.stacks.wanted import Wanted

TEMPLATE: dict[str, Any] = {"Resources": {}}
WANTED = Wanted("shop", '{"Resources": {}}', {"StackName": "shop"}, {"team": "web"})
AS_WANTED = Stack(
    id="arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1",
    name="shop",
    status="CREATE_COMPLETE",
    reason="",
    parameters={"StackName": "shop"},
    tags={"team": "web", "readmodel-cfn": "managed"},
    outputs={},
    termination_protection=False,
)

# The whole decision over a stack that differs from what is wanted.
ACTIONS = {
    "CREATE_COMPLETE": "update",
    "CREATE_FAILED": "refuse",
    "CREATE_IN_PROGRESS": "wait",
    "DELETE_COMPLETE": "create",
    "DELETE_FAILED": "stuck",
    "DELETE_IN_PROGRESS": "wait",
    "IMPORT_COMPLETE": "update",
    "IMPORT_IN_PROGRESS": "wait",
    "IMPORT_ROLLBACK_COMPLETE": "update",
    "IMPORT_ROLLBACK_FAILED": "stuck",
    "IMPORT_ROLLBACK_IN_PROGRESS": "wait",
    "REVIEW_IN_PROGRESS": "refuse",
    "ROLLBACK_COMPLETE": "refuse",
    "ROLLBACK_FAILED": "refuse",
    "ROLLBACK_IN_PROGRESS": "wait",
    "UPDATE_COMPLETE": "update",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "wait",
    "UPDATE_FAILED": "stuck",
    "UPDATE_IN_PROGRESS": "wait",
    "UPDATE_ROLLBACK_COMPLETE": "update",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "wait",
    "UPDATE_ROLLBACK_FAILED": "stuck",
    "UPDATE_ROLLBACK_IN_PROGRESS": "wait",
}


def decide(template: Any = TEMPLATE, wanted: Wanted = WANTED, **changed: Any) -> Plan:
    return plan(replace(AS_WANTED, **changed), template, wanted)


def test_the_table_has_every_status_of_cloudformations_own_model() -> None:
    model = botocore.session.get_session().get_service_model("cloudformation")
    status: Any = model.shape_for("StackStatus")
    assert set(ACTIONS) == set(status.enum)


@pytest.mark.parametrize(("status", "action"), ACTIONS.items())
def test_each_status_comes_to_its_action_and_says_why(status: str, action: str) -> None:
    made = decide({"Resources": {"Old": {}}}, status=status)
    assert made.action == action
    assert made.why
    if action not in ("create", "update"):
        assert status in made.why or status == "REVIEW_IN_PROGRESS"


@pytest.mark.parametrize("status", [one for one, do in ACTIONS.items() if do == "refuse"])
def test_a_refusal_comes_with_the_way_out(status: str) -> None:
    assert decide(status=status).hint


@pytest.mark.parametrize("status", [one for one, do in ACTIONS.items() if do == "update"])
def test_no_updatable_stack_is_touched_without_a_difference(status: str) -> None:
    assert decide(status=status).action == "nothing"


def test_every_action_is_reached() -> None:
    reached = {*ACTIONS.values(), "nothing", "protect"}
    assert reached == set(get_args(get_type_hints(Plan)["action"]))


def test_no_stack_is_created() -> None:
    assert plan(None, None, WANTED) == Plan("create", "the stack does not exist")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"template": {"Resources": {"A": {}}}}, "changed: template"),
        ({"template": "Resources: {}"}, "changed: template"),
        ({"parameters": {}}, "changed: parameters"),
        ({"tags": {"team": "web"}}, "changed: tags"),
        ({"tags": {}, "parameters": {}}, "changed: parameters, tags"),
        ({"termination_protection": True, "tags": {}}, "changed: tags"),
    ],
    ids=str,
)
def test_an_update_says_what_changed(changed: dict[str, Any], why: str) -> None:
    assert decide(**changed) == Plan("update", why)


@pytest.mark.parametrize("on", [True, False])
def test_protection_alone_needs_no_update(on: bool) -> None:
    wanted = replace(WANTED, termination_protection=not on)
    assert decide(wanted=wanted, termination_protection=on).action == "protect"
