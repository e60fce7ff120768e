"""Delete: a stack and, when told, what it would leave behind."""

from collections.abc import Callable

from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished
from readmodel_cfn.stacks.client import Event, Stack, StackClient
from readmodel_cfn.stacks.events import follow

_RETAINED = ("Retain", "RetainExceptOnCreate")


def retained(client: StackClient, name: str) -> set[str]:
    """The logical ids that deleting the stack leaves behind, by the template it was deployed with.

    Raises:
        ReadModelError: the template is YAML, so another tool's.
    """
    template = client.template(name)
    if isinstance(template, str):
        hint = "delete it with the tool that made it"
        raise ReadModelError("its template is not this tool's", where=f"stack {name}", hint=hint)
    described = template["Resources"].items()
    return {title for title, one in described if one.get("DeletionPolicy") in _RETAINED}


def check(stack: Stack) -> None:
    """Check that the stack may be deleted now.

    Raises:
        ReadModelError: it is protected.
        Unfinished: another operation goes on.
    """
    where = f"stack {stack.name}"
    if stack.termination_protection:
        hint = "set termination_protection = false under [stack] and deploy first"
        raise ReadModelError("it is protected against deletion", where=where, hint=hint)
    if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
        raise Unfinished(f"another operation goes on ({stack.status})", where=where)


def delete(
    client: StackClient, name: str, on_event: Callable[[Event], None] = lambda _: None
) -> None:
    """Delete the stack and wait until it is gone.

    Raises:
        ReadModelError: there is no such stack, or it is protected.
        Unfinished: another operation goes on.
        Stuck: CloudFormation could not delete it; the error names the resource and why.
    """
    stack = client.describe(name)
    if stack is None:
        raise ReadModelError("there is no such stack", where=f"stack {name}")
    check(stack)
    known = {event.id for event in client.events(stack.id)}
    client.delete(stack.id)
    ended = follow(client, stack.id, known, on_event)
    if ended.status != "DELETE_COMPLETE":
        why = f"{ended.status}: {ended.why}"
        raise Stuck(why, where=f"stack {stack.name}", hint="mend it and run delete again")
