"""The decision, as data: what a stack's state and what is wanted of it come to. Pure.

Where each status comes from and what can follow it:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.deploy.wanted import MANAGED_TAG, MANAGED_TAG_TEXT, Wanted

Action = Literal[
    "create",
    "update",
    "adopt",
    "protect",
    "nothing",
    "attach",
    "continue rollback",
    "recreate",
    "refuse",
]
# These change the stack's resources; an adoption is an update that also sets the tag.
CHANGING: frozenset[Action] = frozenset({"create", "update", "adopt"})
# From these CloudFormation takes an update.
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
# Of these the present template is worth comparing.
COMPARABLE = UPDATABLE | {"CREATE_FAILED", "UPDATE_FAILED"}
# These say that no create ever succeeded, and only a delete can follow them.
NEVER_MADE = {"CREATE_FAILED", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
_STUCK = {
    "DELETE_FAILED": (
        "its deletion failed half way",
        "run: readmodel-cfn diagnose, then delete it to its end: readmodel-cfn delete",
    ),
    "IMPORT_ROLLBACK_FAILED": (
        "an import failed, and so did undoing it",
        "mend what readmodel-cfn diagnose names, then ask AWS support: no call leads out of this",
    ),
}


@dataclass(frozen=True)
class Plan:
    """What to do, and why: shown to people before it is done.

    `hint` is the way out of a refusal; `stuck` says that a person must act in AWS first.
    """

    action: Action
    why: str
    hint: str | None = None
    stuck: bool = False


def plan(
    stack: Stack | None,
    template: Any,
    wanted: Wanted,
    history: Collection[str] = (),
    *,
    adopt: bool = False,
) -> Plan:
    """Decide for every status that a stack can have.

    `template` is the stack's present one, and `history` every status that the stack itself was in,
    as far as its events tell. A stack without this tool's tag is refused; with `adopt`, one that
    can be updated is adopted.
    """
    if stack is None or stack.status == "DELETE_COMPLETE":
        return Plan("create", "the stack does not exist")
    if not is_ours(stack):
        return _plan_foreign(stack, adopt=adopt)
    if stack.busy:
        return Plan("attach", f"an operation goes on ({stack.status})")
    if stack.status in UPDATABLE:
        return _plan_update(stack, template, wanted)
    if _failed_without_rollback(stack):
        return Plan(
            "update", f"its last operation failed, and what it made was kept ({stack.status})"
        )
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        why = "an update failed, and so did its rollback (UPDATE_ROLLBACK_FAILED)"
        return Plan("continue rollback", why)
    if stack.status in NEVER_MADE:
        return _plan_recreate(stack, history)
    why, hint = _STUCK.get(stack.status, ("a status that this version does not know", None))
    return Plan("refuse", f"{why} ({stack.status})", hint, stuck=True)


def _failed_without_rollback(stack: Stack) -> bool:
    """Did the last operation fail with rollback disabled? CloudFormation then takes an update."""
    return stack.status == "UPDATE_FAILED" or (
        stack.status == "CREATE_FAILED" and stack.disable_rollback
    )


def _plan_foreign(stack: Stack, *, adopt: bool) -> Plan:
    """A stack without this tool's tag: it belongs to somebody else, whatever its resources are."""
    status, other = stack.status, "choose another stack with --stack-name"
    why = f"it does not have the tag {MANAGED_TAG_TEXT} ({status})"
    if status == "REVIEW_IN_PROGRESS":
        why = f"a change set of another tool waits for review ({status})"
        return Plan("refuse", why, f"execute or delete that change set, or {other}")
    if stack.busy:
        why = f"{why}, and an operation is in progress"
        return Plan("refuse", why, f"wait for its end, or {other}")
    if status not in UPDATABLE and not _failed_without_rollback(stack):
        why = f"{why}, and a stack in this status cannot be adopted"
        return Plan("refuse", why, f"recover or delete it with the tool that made it, or {other}")
    if adopt:
        return Plan("adopt", why)
    command = f"readmodel-cfn deploy --stack-name {stack.name} --adopt {stack.name}"
    return Plan("refuse", why, f"{other}, or replace what this one has: {command}")


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


def _plan_recreate(stack: Stack, history: Collection[str]) -> Plan:
    why = f"its create never succeeded ({stack.status}), and such a stack can only be deleted"
    if stack.status == "REVIEW_IN_PROGRESS":
        why = f"only a change set was ever made for it ({stack.status})"
    if stack.termination_protection:
        hint = "it is protected: take the protection off in AWS, then deploy again"
        return Plan("refuse", why, hint)
    if UPDATABLE.intersection(history):
        hint = "look at it in AWS; this tool deletes no stack that once worked"
        return Plan("refuse", f"{stack.status}, and yet it was complete once", hint, stuck=True)
    return Plan("recreate", why)


def is_ours(stack: Stack) -> bool:
    """Does the stack carry this tool's tag?"""
    return MANAGED_TAG.items() <= dict(stack.tags).items()
