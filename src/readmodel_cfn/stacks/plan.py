"""The decision, as data: what a stack's state and what is wanted of it come to. Pure."""

from dataclasses import dataclass
from typing import Any, Literal

from readmodel_cfn.stacks.client import Stack
from readmodel_cfn.stacks.wanted import Wanted

# From these CloudFormation takes an update.
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}


@dataclass(frozen=True)
class Plan:
    """What to do, and why: shown to people before it is done.

    `refuse` comes with the reason and the way out, `wait` with the operation that is going on.
    """

    action: Literal["create", "update", "nothing", "protect", "refuse", "wait", "stuck"]
    why: str
    hint: str | None = None


def plan(stack: Stack | None, template: Any, wanted: Wanted) -> Plan:
    """Decide for every status that a stack can have; `template` is the stack's present one."""
    if stack is None:
        return Plan("create", "the stack does not exist")
    if stack.status in UPDATABLE:
        return _plan_update(stack, template, wanted)
    if stack.status == "DELETE_COMPLETE":
        return Plan("create", "the stack was deleted")
    return _plan_blocked(stack.status)


def _plan_update(stack: Stack, template: Any, wanted: Wanted) -> Plan:
    changed = [
        name
        for name, differs in (
            ("template", template != wanted.content),
            ("parameters", dict(stack.parameters) != dict(wanted.parameters)),
            ("tags", dict(stack.tags) != wanted.all_tags),
        )
        if differs
    ]
    if changed:
        return Plan("update", f"changed: {', '.join(changed)}")
    if stack.termination_protection != wanted.termination_protection:
        return Plan("protect", "termination protection changed")
    return Plan("nothing", "template, parameters and tags are as they should be")


def _plan_blocked(status: str) -> Plan:
    if status == "REVIEW_IN_PROGRESS":
        return Plan(
            "refuse",
            "a change set of another tool waits on a stack that does not exist yet",
            "carry it out or delete it, then deploy again",
        )
    if status.endswith("_IN_PROGRESS"):
        return Plan("wait", f"another operation goes on ({status})", "deploy again when it is done")
    if status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
        return Plan(
            "refuse",
            f"its first create failed ({status}), and such a stack can only be deleted",
            "run: readmodel-cfn delete, then deploy again",
        )
    return Plan("stuck", f"its last operation failed half way ({status})", _WAY_OUT.get(status))


_WAY_OUT = {
    "UPDATE_ROLLBACK_FAILED": "mend what its events name, then run: "
    "aws cloudformation continue-update-rollback --stack-name NAME",
    "DELETE_FAILED": "run: readmodel-cfn delete --with-data",
}
