"""The decision, as data: what a stack's state and what is wanted of it come to. Pure.

Where each status comes from and what can follow it:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from readmodel_cfn.stacks.values import Stack
from readmodel_cfn.stacks.wanted import MANAGED_TAG, Wanted

Action = Literal[
    "create", "update", "protect", "nothing", "attach", "continue rollback", "recreate", "refuse"
]
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


def plan(stack: Stack | None, template: Any, wanted: Wanted, history: Collection[str] = ()) -> Plan:
    """Decide for every status that a stack can have.

    `template` is the stack's present one, and `history` every status that the stack itself was in,
    as far as its events tell.
    """
    if stack is None or stack.status == "DELETE_COMPLETE":
        return Plan("create", "the stack does not exist")
    if stack.busy:
        return Plan("attach", f"an operation goes on ({stack.status})")
    if stack.status in UPDATABLE:
        return _plan_update(stack, template, wanted)
    if stack.status == "UPDATE_FAILED" or (
        stack.status == "CREATE_FAILED" and stack.disable_rollback
    ):
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


def _plan_update(stack: Stack, template: Any, wanted: Wanted) -> Plan:
    if not is_ours(stack) and not _have_common(template, wanted):
        hint = "choose another name with --stack-name"
        return Plan("refuse", "it is another stack: it has none of these resources", hint)
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
    if not is_ours(stack):
        hint = "it lacks this tool's tag: delete it with the tool that made it, then deploy again"
        return Plan("refuse", why, hint)
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


def _have_common(template: Any, wanted: Wanted) -> bool:
    """Does the present template, a value or YAML text, name any resource that is wanted?"""
    present = template if isinstance(template, str) else template.get("Resources", {})
    return any(title in present for title in wanted.content["Resources"])
