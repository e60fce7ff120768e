"""Delete: a stack, followed to its end, and what to do where it cannot be deleted."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from readmodel_cfn.deploy.advice import advice
from readmodel_cfn.deploy.cause import Cause, causes, last_operation
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.events import EventStream, OperationEnd
from readmodel_cfn.deploy.plan import is_managed
from readmodel_cfn.deploy.spec import MANAGED_TAG_TEXT
from readmodel_cfn.deploy.values import Stack, StackEvent
from readmodel_cfn.deploy.verdict import tell
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished


def check(stack: Stack, *, force: bool = False) -> None:
    """Check that the stack may be deleted now, or is being deleted.

    Raises:
        ReadModelError: it is not this tool's, or protected, or there is nothing to force.
        Unfinished: another operation goes on.
    """
    where = f"stack {stack.name}"
    if not is_managed(stack):
        what = f"it lacks this tool's tag, {MANAGED_TAG_TEXT}"
        raise ReadModelError(what, where=where, hint="delete it with the tool that made it")
    if force and stack.status != "DELETE_FAILED":
        what = f"only a deletion that failed can be forced, and the stack is {stack.status}"
        raise ReadModelError(what, where=where, hint="run delete without --force")
    if stack.termination_protection:
        hint = "set termination_protection = false under [stack] and deploy first"
        raise ReadModelError("it is protected against deletion", where=where, hint=hint)
    if stack.busy and stack.status != "DELETE_IN_PROGRESS":
        hint = "wait for its end (readmodel-cfn follow) and run delete again"
        raise Unfinished(f"another operation goes on ({stack.status})", where=where, hint=hint)


def checked_again(client: StackClient, stack: Stack, *, force: bool = False) -> Stack:
    """The stack as it is by now, since people take their time to answer.

    Raises:
        ReadModelError, Unfinished: as `check` does.
    """
    now = client.describe(stack.id) or replace(stack, status="DELETE_COMPLETE")
    if now.status != "DELETE_COMPLETE":
        check(now, force=force)
    return now


def to_follow(client: StackClient, stack: Stack, again: str) -> EventStream:
    """What follows the deletion that is about to begin, or goes on already; nothing is begun.

    `again` is the command that goes on where following ends too early.
    """
    events = list(client.events(stack.id))
    if stack.status == "DELETE_IN_PROGRESS":
        events = events[len(last_operation(stack.id, events)) :]
    return EventStream(client, stack.id, {one.id for one in events}, again=again)


def delete(
    following: EventStream,
    stack: Stack,
    on_event: Callable[[StackEvent], None] = lambda _: None,
    *,
    force: bool = False,
) -> list[StackEvent]:
    """Delete the stack and wait until it is gone; where it is being deleted already, just wait.

    With `force`, what cannot be deleted is left behind. Returns the events of the deletion, oldest
    first.

    Raises:
        Stuck: CloudFormation could not delete it; the error names the resource, and why.
        Unfinished: AWS cannot be asked any more.
    """
    if stack.status != "DELETE_IN_PROGRESS":
        following.client.delete(stack.id, force=force)
    ended = following.wait(on_event)
    if ended.status != "DELETE_COMPLETE":
        raise _stuck(stack, ended)
    return ended.happened


def last_failures(client: StackClient, stack: Stack) -> list[Cause]:
    """The resources that the last deletion could not delete, and why."""
    return failures(stack.id, last_operation(stack.id, client.events(stack.id)))


def failures(stack_id: str, happened: Sequence[StackEvent]) -> list[Cause]:
    """The resources that could not be deleted, and why; each once, though some are tried again."""
    found: dict[str, Cause] = {}
    for one in causes(stack_id, happened):
        found.setdefault(one.logical_id, one)
    return list(found.values())


def _stuck(stack: Stack, ended: OperationEnd) -> Stuck:
    first, *others = failures(stack.id, ended.happened) or [Cause("", "", "")]
    also = f" ({', '.join(one.logical_id for one in others)} failed too)" if others else ""
    hint = f"{advice(first) or 'mend it and run delete again'}; or leave it behind with --force"
    what = f"{ended.status}: {tell(first, lambda _: None)}{also}"
    return Stuck(what, where=f"stack {stack.name}", hint=hint)
