"""The plan: what a deploy does, decided from the stack's status and the spec. No AWS calls.

Every status and what can follow it:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from readmodel_cfn.deploy.spec import MANAGED_TAG, MANAGED_TAG_TEXT, StackSpec
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.target import Target

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
# These change the stack's resources; to adopt a stack is to update it and set the tag.
CHANGING: frozenset[Action] = frozenset({"create", "update", "adopt"})
# These recover the stack first; then a new plan is made.
RECOVERING: frozenset[Action] = frozenset({"attach", "continue rollback", "recreate"})
# In these statuses CloudFormation accepts an update.
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
# In these statuses the deployed template is compared.
COMPARABLE = UPDATABLE | {"CREATE_FAILED", "UPDATE_FAILED"}
# In these statuses no create has ever succeeded, and CloudFormation accepts only a delete.
NEVER_CREATED = {"CREATE_FAILED", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
_STUCK = {
    "DELETE_FAILED": (
        "its deletion failed",
        "run: readmodel-cfn diagnose, then complete the deletion: readmodel-cfn delete",
    ),
    "IMPORT_ROLLBACK_FAILED": (
        "an import failed, and its rollback failed too",
        "fix what readmodel-cfn diagnose names, then contact AWS Support: no API call recovers it",
    ),
}


@dataclass(frozen=True)
class Plan:
    """What a deploy does next, and why; it is reported before it is done.

    `hint` is what to do about a refusal. `stuck` is whether that requires manual intervention in
    AWS. `where` names the stack, its account and its region, which `target` has as fields.
    """

    kind: ClassVar[str] = "plan"

    action: Action
    why: str
    hint: str | None = None
    stuck: bool = False
    where: str = ""
    target: Target = field(default_factory=Target)

    def __str__(self) -> str:
        return f"{self.where}: {self.action}, {self.why}"

    def as_dict(self) -> dict[str, Any]:
        """The object of a JSON line."""
        what = {"where": self.where, "action": self.action, "why": self.why}
        return {**what, **self.target.as_dict()}


def plan(
    stack: Stack | None,
    template: Any,
    spec: StackSpec,
    history: Collection[str] = (),
    *,
    adopt: bool = False,
) -> Plan:
    """Decide what to do, for every status that a stack can have.

    `template` is the deployed template. `history` are the statuses of the stack itself in its
    events. A stack without this tool's tag is refused; with `adopt`, it is adopted if it can be
    updated.
    """
    if stack is None or stack.status == "DELETE_COMPLETE":
        return Plan("create", "the stack does not exist")
    if not is_managed(stack):
        return _plan_foreign(stack, adopt=adopt)
    if stack.busy:
        return Plan("attach", f"an operation is in progress ({stack.status})")
    if stack.status in UPDATABLE:
        return _plan_update(stack, template, spec)
    if _failed_without_rollback(stack):
        why = f"its last operation failed without a rollback ({stack.status})"
        return Plan("update", why)
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        why = "an update failed, and its rollback failed too (UPDATE_ROLLBACK_FAILED)"
        return Plan("continue rollback", why)
    if stack.status in NEVER_CREATED:
        return _plan_recreate(stack, history)
    why, hint = _STUCK.get(stack.status, ("a status that this version does not know", None))
    return Plan("refuse", f"{why} ({stack.status})", hint, stuck=True)


def is_managed(stack: Stack) -> bool:
    """Whether the stack has the tag of this tool."""
    return MANAGED_TAG.items() <= dict(stack.tags).items()


def _failed_without_rollback(stack: Stack) -> bool:
    """Whether the last operation failed with rollback disabled: CloudFormation accepts an update.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
    """
    return stack.status == "UPDATE_FAILED" or (
        stack.status == "CREATE_FAILED" and stack.disable_rollback
    )


def _plan_foreign(stack: Stack, *, adopt: bool) -> Plan:
    """A stack without this tool's tag belongs to another tool, whatever resources it has."""
    status, other = stack.status, "choose another stack with --stack-name"
    why = f"it does not have the tag {MANAGED_TAG_TEXT} ({status})"
    if status == "REVIEW_IN_PROGRESS":
        why = f"a change set of another tool waits for review ({status})"
        return Plan("refuse", why, f"execute or delete that change set, or {other}")
    if stack.busy:
        why = f"{why}, and an operation is in progress"
        return Plan("refuse", why, f"wait until it ends, or {other}")
    if status not in UPDATABLE and not _failed_without_rollback(stack):
        why = f"{why}, and a stack in this status cannot be adopted"
        return Plan(
            "refuse", why, f"recover or delete it with the tool that created it, or {other}"
        )
    if adopt:
        return Plan("adopt", why)
    command = f"readmodel-cfn deploy --adopt {stack.name}"
    return Plan("refuse", why, f"{other}, or replace its resources: {command}")


def _plan_update(stack: Stack, template: Any, spec: StackSpec) -> Plan:
    changed = [
        name
        for name, differs in (
            ("template", template != spec.content),
            ("parameters", dict(stack.parameters) != dict(spec.parameters)),
            ("tags", dict(stack.tags) != spec.all_tags),
        )
        if differs
    ]
    if changed:
        return Plan("update", f"changed: {', '.join(changed)}")
    if stack.termination_protection != spec.termination_protection:
        return Plan("protect", "termination protection changed")
    return Plan("nothing", "the stack is up to date")


def _plan_recreate(stack: Stack, history: Collection[str]) -> Plan:
    why = f"its creation never succeeded, so it can only be deleted ({stack.status})"
    if stack.status == "REVIEW_IN_PROGRESS":
        why = f"it has only a change set that was never executed ({stack.status})"
    if stack.termination_protection:
        hint = "disable its termination protection in AWS, then deploy again"
        return Plan("refuse", why, hint)
    if UPDATABLE.intersection(history):
        hint = "check it in AWS; this tool does not delete a stack that was once complete"
        return Plan("refuse", f"it was once complete ({stack.status})", hint, stuck=True)
    return Plan("recreate", why)
