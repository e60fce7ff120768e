"""Deploy: make a stack what is wanted of it, and tell how that ended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.errors import ReadModelError, RolledBack, Stuck, Unfinished
from readmodel_cfn.stacks.client import Event, Stack, StackClient
from readmodel_cfn.stacks.events import Ended, follow
from readmodel_cfn.stacks.plan import UPDATABLE, Plan, plan
from readmodel_cfn.stacks.wanted import Wanted


@dataclass(frozen=True)
class Look:
    """A stack as it is, its template where it has one to compare, and the plan that comes of it."""

    stack: Stack | None
    template: Any
    plan: Plan


def look(client: StackClient, wanted: Wanted) -> Look:
    """Look at the stack and decide; nothing is changed."""
    stack = client.describe(wanted.name)
    template = client.template(wanted.name) if stack and stack.status in UPDATABLE else None
    return Look(stack, template, plan(stack, template, wanted))


def deploy(
    client: StackClient,
    wanted: Wanted,
    seen: Look,
    on_event: Callable[[Event], None] = lambda _: None,
) -> Stack:
    """Carry the plan out and wait for its end; the stack as it then is.

    Raises:
        RolledBack: it failed and CloudFormation undid it; the error names the resource and why.
        Stuck: it failed and could not be undone.
        Unfinished: another operation goes on.
        ReadModelError: the plan is to refuse.
    """
    _refuse(wanted.name, seen.plan)
    stack = _change(client, wanted, seen, on_event)
    # A new stack got its protection with the create.
    if seen.stack and stack.termination_protection != wanted.termination_protection:
        client.protect(wanted.name, wanted.termination_protection)
    return stack


def _change(
    client: StackClient, wanted: Wanted, seen: Look, on_event: Callable[[Event], None]
) -> Stack:
    if seen.plan.action == "create":
        stack_id, known = client.create(wanted), set[str]()
    elif seen.plan.action == "update" and seen.stack:
        stack_id, known = seen.stack.id, {event.id for event in client.events(seen.stack.id)}
        if not client.update(wanted):
            return seen.stack
    else:
        assert seen.stack is not None  # noqa: S101 - nothing to do is decided over a stack
        return seen.stack
    return _verdict(wanted.name, follow(client, stack_id, known, on_event))


def _refuse(name: str, decided: Plan) -> None:
    error = {"refuse": ReadModelError, "wait": Unfinished, "stuck": Stuck}.get(decided.action)
    if error:
        raise error(decided.why, where=f"stack {name}", hint=decided.hint)


def _verdict(name: str, ended: Ended) -> Stack:
    if ended.stack and ended.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return ended.stack
    where = f"stack {name}"
    if ended.status == "ROLLBACK_COMPLETE":
        hint = "mend it, run: readmodel-cfn delete, then deploy again"
        raise RolledBack(f"rolled back: {ended.why}", where=where, hint=hint)
    if ended.status == "UPDATE_ROLLBACK_COMPLETE":
        hint = "mend it and deploy again; the stack is as it was before"
        raise RolledBack(f"rolled back: {ended.why}", where=where, hint=hint)
    raise Stuck(f"{ended.status}: {ended.why}", where=where, hint="run: readmodel-cfn status")
