"""The verdict on an operation that has ended: what it came to, why, and what to do next."""

from collections.abc import Callable, Sequence

from readmodel_cfn.aws.errors import aws_errors
from readmodel_cfn.deploy.advice import advice
from readmodel_cfn.deploy.cause import Cause, causes, rollback_causes
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.events import OperationEnd
from readmodel_cfn.deploy.values import Failure, Stack, StackEvent
from readmodel_cfn.errors import ReadModelError, RolledBack, Stuck

Origin = Callable[[str], str | None]
"""Logical id to the table of readmodel.toml that made the resource, where one did."""

DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
# What a failed operation leaves, and what to do where its cause tells nothing better. A stack that
# is gone was to be deleted on failure.
_UNDONE = {
    "ROLLBACK_COMPLETE": "mend it and deploy again: the empty stack is deleted first",
    "UPDATE_ROLLBACK_COMPLETE": "mend it and deploy again; the stack is as it was before",
    "IMPORT_ROLLBACK_COMPLETE": "mend it and deploy again; the stack is as it was before",
    "DELETE_COMPLETE": "mend it and deploy again; nothing is left of the stack",
}
_NOT_UNDONE = {
    "CREATE_FAILED": "mend it and deploy again: what was made is kept",
    "UPDATE_FAILED": "mend it and deploy again: what was made is kept",
    "ROLLBACK_FAILED": "mend it and deploy again: what is left of the stack is deleted first",
    "UPDATE_ROLLBACK_FAILED": "mend it and deploy again: the rollback goes on first",
    "DELETE_FAILED": "mend it and run: readmodel-cfn delete",
    "REVIEW_IN_PROGRESS": "run: readmodel-cfn deploy, which deletes the empty stack first",
}


def check(client: StackClient, name: str, ended: OperationEnd, origin: Origin) -> Stack:
    """The stack, where its create, update or import succeeded.

    Raises:
        RolledBack: it failed and CloudFormation undid it; the error names the resource, the table
            that made it, and why.
        Stuck: it failed and was not undone, or not wholly.
    """
    if ended.stack and ended.status in DONE:
        return ended.stack
    raise _failure(client, name, ended, origin)


def _failure(client: StackClient, name: str, ended: OperationEnd, origin: Origin) -> ReadModelError:
    stack, happened = ended.stack, ended.happened
    every, undoing = all_causes(stack, happened, failures(client, stack)), _undoing(stack, happened)
    before = [one for one in every if one not in undoing]
    why = ", after ".join(tell(one, origin) for one in [*undoing[:1], *before[:1]])
    undone = ended.status in _UNDONE
    what = "rolled back" if undone else f"it ended as {ended.status}"
    return (RolledBack if undone else Stuck)(
        f"{what}: {why}" if why else what,
        where=f"stack {name}",
        hint=next_step(ended.status, every[0] if every else None),
    )


def failures(client: StackClient, stack: Stack | None) -> Sequence[Failure]:
    """What DescribeEvents tells of the stack, as far as it can be had.

    The events alone tell of most causes, so no trouble of this call may hide the verdict, and
    Ctrl-C only makes it shorter.
    """
    try:
        return client.failures(stack=stack.id) if stack else []
    except aws_errors():
        return []
    except KeyboardInterrupt:
        return []


def all_causes(
    stack: Stack | None, happened: Sequence[StackEvent], found: Sequence[Failure]
) -> list[Cause]:
    """All that failed in an operation, oldest event first; what must be mended stands first.

    That is the first cause, or what stopped a rollback that failed as well.
    """
    # What happens first is always the stack's own beginning.
    stack_id = stack.id if stack else happened[0].physical_id if happened else ""
    undoing = _undoing(stack, happened)
    told = [one for one in causes(stack_id, happened, found) if one not in undoing]
    return [*undoing, *told] or _own(stack)


def _undoing(stack: Stack | None, happened: Sequence[StackEvent]) -> list[Cause]:
    """What stopped a rollback that failed as well."""
    stopped = stack and stack.status.endswith("ROLLBACK_FAILED")
    return rollback_causes(stack.id, happened) if stack and stopped else []


def _own(stack: Stack | None) -> list[Cause]:
    """What a stack that failed says of itself, where no event is left to tell more."""
    ended = stack and stack.status not in DONE and not stack.status.endswith("_IN_PROGRESS")
    return [Cause("", "", stack.reason)] if stack and ended and stack.reason else []


def next_step(status: str, cause: Cause | None) -> str:
    """What to do next."""
    general = (_UNDONE | _NOT_UNDONE).get(status, "run: readmodel-cfn status")
    return (advice(cause) if cause else None) or general


def tell(cause: Cause, origin: Origin) -> str:
    """The cause in one line: `DataStore (AWS::S3::Bucket, [data_store]): name already exists`."""
    reason = " ".join(cause.reason.split()).rstrip(".") or "CloudFormation gives no reason"
    if not cause.logical_id:
        return reason
    about = [one for one in (cause.type, origin(cause.logical_id)) if one]
    return f"{cause.logical_id} ({', '.join(about)}): {reason}"
