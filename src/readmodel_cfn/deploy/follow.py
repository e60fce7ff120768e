"""`follow`: wait for the operation in progress on a stack, or show the last one."""

from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.diagnosis import check
from readmodel_cfn.deploy.events import EventStream, OnInterrupt, ids_before_last_operation
from readmodel_cfn.deploy.inspection import existing_stack
from readmodel_cfn.deploy.plan import is_managed
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import OnProgress, Step, ignore


@dataclass(frozen=True)
class FollowResult:
    """How the operation ended: the stack's status; `where` is the stack and its region."""

    where: str
    status: str

    def __str__(self) -> str:
        return "Deleted." if self.status == "DELETE_COMPLETE" else f"{self.where}: {self.status}"

    def as_dict(self) -> dict[str, str]:
        """The object that the command prints with `--json`."""
        return {"status": self.status}


@readable_errors()
def follow(
    location: StackLocation,
    *,
    timeout: float | None = None,
    origin: Mapping[str, str] | None = None,
    on_progress: OnProgress = ignore,
    on_interrupt: OnInterrupt | None = None,
) -> FollowResult:
    """Report the events of the operation in progress, or of the last one, until it ends.

    `timeout` is the number of seconds to wait at most, and `origin` the table of readmodel.toml
    that creates a resource, by logical ID. `on_interrupt` is called on Ctrl-C, if the stack has
    this tool's tag.

    Raises:
        RolledBack, Stuck: the operation failed.
        Unfinished: it is still in progress.
        ReadModelError: the stack does not exist, or had no operation.
    """
    client = StackClient(location.connection.client("cloudformation"))
    stack = existing_stack(client, location, on_progress)
    location = location.of_stack(stack.id)
    if stack.status == "REVIEW_IN_PROGRESS":
        what = "no operation is in progress: a change set waits for review"
        raise ReadModelError(what, where=str(location), hint=f"run: {location.command('deploy')}")
    on_progress(Step("Reading the events"))
    events = EventStream(
        client,
        stack.id,
        ids_before_last_operation(client, stack),
        timeout,
        where=str(location),
        again=location.command("follow"),
        on_interrupt=on_interrupt if is_managed(stack) else None,
    )
    end = events.wait(on_progress)
    if end.status != "DELETE_COMPLETE":
        check(client, str(location), end, (origin or {}).get)
    return FollowResult(str(location), end.status)
