"""The diagnosis of a stack's last operation: whether it failed, why, and what to do next."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from readmodel_cfn.aws.errors import aws_errors
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.advice import AFTER_ROLLBACK, next_step, with_location
from readmodel_cfn.deploy.cause import (
    SUCCEEDED,
    Cause,
    Origin,
    all_causes,
    cancelled,
    failed_rollback_causes,
    last_operation,
)
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.events import OperationEnd
from readmodel_cfn.deploy.inspection import existing_stack
from readmodel_cfn.deploy.values import Failure, Stack, StackEvent
from readmodel_cfn.errors import ReadModelError, RolledBack, Stuck
from readmodel_cfn.progress import OnProgress, Step, ignore


@dataclass(frozen=True)
class FailedResource(Cause):
    """A resource that failed, and the table of readmodel.toml that it comes from, if any."""

    table: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The last operation of a stack.

    `operation` is create, update, delete or import. It is None if there was none or CloudFormation
    no longer has its events; then `began` and `ended` are None too. While it is in progress,
    `ended` and `succeeded` are None.

    `cause` is the resource to fix first, and `also_failed` are the others. `cancelled` is the
    number of resources that were cancelled because of it. `next` is what to do, None after success.
    """

    location: StackLocation
    name: str
    status: str
    operation: str | None
    began: datetime | None
    ended: datetime | None
    succeeded: bool | None
    cause: FailedResource | None
    also_failed: tuple[FailedResource, ...]
    cancelled: int
    next: str | None

    def as_dict(self) -> dict[str, Any]:
        """The object that `diagnose --json` prints; times are in ISO 8601."""
        found = {name: value for name, value in vars(self).items() if name != "location"}
        return found | {
            "began": self.began and self.began.isoformat(),
            "ended": self.ended and self.ended.isoformat(),
            "cause": self.cause and asdict(self.cause),
            "also_failed": [asdict(resource) for resource in self.also_failed],
        }

    def __str__(self) -> str:
        if self.operation is None or self.began is None:
            return f"{self.location}: {self.status}; CloudFormation has no events of an operation"
        result = {True: "succeeded", False: "failed", None: "is in progress"}[self.succeeded]
        until = f" to {self.ended:%H:%M:%S}" if self.ended else ""
        time = f"{self.began:%Y-%m-%d %H:%M:%S}{until} UTC"
        return f"{self.location}: its {self.operation} {result} ({self.status}), {time}"


def diagnose(
    location: StackLocation, origin: Origin, on_progress: OnProgress = ignore
) -> Diagnosis:
    """Read the events of a stack's last operation and find its causes; nothing is changed.

    `origin` returns the table of readmodel.toml that a logical ID comes from, or None.

    Raises:
        ReadModelError: the stack does not exist.
    """
    client = StackClient(location.connection.client("cloudformation"))
    stack = existing_stack(client, location, on_progress)
    location = location.of_stack(stack.id)
    on_progress(Step("Reading the events of the last operation"))
    events = last_operation(stack.id, client.events(stack.id))
    failures = [] if stack.status in SUCCEEDED else reported_failures(client, stack)
    causes = [
        FailedResource(**vars(cause), table=origin(cause.logical_id))
        for cause in all_causes(stack, events, failures)
    ]
    succeeded = None if stack.status.endswith("_IN_PROGRESS") else stack.status in SUCCEEDED
    # After a successful operation, only deletions of old resources can have failed.
    cause = causes.pop(0) if causes and not succeeded else None
    operation = _operation(events)
    return Diagnosis(
        location=location,
        name=stack.name,
        status=stack.status,
        operation=operation,
        began=events[0].time if operation else None,
        ended=events[-1].time if operation and not stack.busy else None,
        succeeded=succeeded,
        cause=cause,
        also_failed=tuple(causes),
        cancelled=len(cancelled(stack.id, events)),
        next=None if succeeded else _next(location, stack, cause),
    )


def check(client: StackClient, where: str, ended: OperationEnd, origin: Origin) -> Stack:
    """Return the stack if its create, update or import succeeded; errors say `where` it is.

    Raises:
        RolledBack: it failed and was rolled back; the error has the cause and what to do.
        Stuck: it failed and was not rolled back, or not completely.
    """
    if ended.stack and ended.status in SUCCEEDED:
        return ended.stack
    stack, events = ended.stack, ended.events
    causes = all_causes(stack, events, reported_failures(client, stack))
    of_rollback = failed_rollback_causes(stack, events)
    before = [cause for cause in causes if cause not in of_rollback]
    why = ", after ".join(cause.describe(origin) for cause in [*of_rollback[:1], *before[:1]])
    rolled_back = ended.status in AFTER_ROLLBACK
    what = "rolled back" if rolled_back else f"the operation ended as {ended.status}"
    error: type[ReadModelError] = RolledBack if rolled_back else Stuck
    hint = next_step(ended.status, causes[0] if causes else None)
    raise error(f"{what}: {why}" if why else what, where=where, hint=hint)


def reported_failures(client: StackClient, stack: Stack | None) -> Sequence[Failure]:
    """The failures from DescribeEvents; none if the call fails.

    Events name most causes, so an error of this call must not hide the result of an operation;
    neither must Ctrl-C.
    """
    try:
        return client.failures(stack=stack.id) if stack else []
    except aws_errors():
        return []
    except KeyboardInterrupt:
        return []


def _operation(events: Sequence[StackEvent]) -> str | None:
    word = events[0].status.partition("_")[0].lower() if events else ""
    return word if word in ("create", "update", "delete", "import") else None


def _next(location: StackLocation, stack: Stack, cause: Cause | None) -> str:
    if stack.busy:
        return f"run: {location.command('follow')}"
    return with_location(next_step(stack.status, cause), location)
