"""Wait for a stack operation, and report each of its events once."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from readmodel_cfn.aws.errors import aws_errors, readable_errors
from readmodel_cfn.aws.retry import Clock, retry
from readmodel_cfn.deploy.cause import last_operation
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.values import Stack, StackEvent
from readmodel_cfn.errors import ReadModelError, Unfinished

_FIRST_PAUSE = 0.1  # seconds; the sandbox ends most operations at once
_LONGEST_PAUSE = 3.0  # seconds; CloudFormation's events arrive in bursts of a few seconds
_GROWTH = 1.5
_LONGEST_AFTER = 10  # calls without a new event, after which the pause no longer grows
_RETRY_SECONDS = 300.0  # without a response, after which waiting ends
_KNOWN_IN_A_ROW = 200  # known events (two pages), after which no new one is expected


OnInterrupt = Callable[["EventStream", KeyboardInterrupt], bool]
"""Called on Ctrl-C while a call waits: True continues to wait, False ends the call.

It may call `cancel()` of the event stream.
"""


@dataclass(frozen=True)
class OperationEnd:
    """The end of an operation: the stack, or None if even its ID is unknown, and all events.

    `seconds` is the time that was waited for it.
    """

    stack: Stack | None
    events: list[StackEvent]
    seconds: float = 0.0

    @property
    def status(self) -> str:
        """The stack's last status."""
        return self.stack.status if self.stack else "DELETE_COMPLETE"

    def count(self, *statuses: str) -> int:
        """The number of resources whose first final status is one of `statuses`.

        A replaced resource is updated first, and its old one deleted afterwards: it counts once.
        """
        first: dict[str, str] = {}
        for event in self.events:
            if event.is_complete and not event.is_of_stack:
                first.setdefault(event.logical_id, event.status)
        return sum(status in statuses for status in first.values())


@dataclass
class EventStream:
    """The events of one operation.

    `stack_id` is the ID, not the name: a deleted stack is found by its ID only. Events with
    `known_ids` are not reported. `timeout` is the number of seconds to wait at most. `where`
    names the stack in errors, and `again` is the command line that continues to wait.
    """

    client: StackClient
    stack_id: str
    known_ids: set[str]
    timeout: float | None = None
    where: str = ""
    again: str = "readmodel-cfn follow"
    on_interrupt: OnInterrupt | None = None
    clock: Clock = field(default_factory=Clock)
    events: list[StackEvent] = field(default_factory=list)

    def wait(self, on_event: Callable[[StackEvent], None]) -> OperationEnd:
        """Report each new event, oldest first, until the operation ends.

        Raises:
            Unfinished: the operation is still in progress, but AWS does not respond, the timeout
                has passed, or Ctrl-C.
        """
        started = self.clock.now()
        while True:
            try:
                stack = self._wait(on_event, started)
                return OperationEnd(stack, self.events, self.clock.now() - started)
            except KeyboardInterrupt as interrupt:
                if not self._continues(interrupt):
                    raise self._unfinished("stopped waiting") from interrupt

    @readable_errors()
    def cancel(self) -> None:
        """Cancel the update in progress and roll it back.

        Raises:
            ReadModelError: it cannot be cancelled, such as a create.
        """
        self.client.cancel_update(self.stack_id)

    def _continues(self, interrupt: KeyboardInterrupt) -> bool:
        try:
            return self.on_interrupt is not None and self.on_interrupt(self, interrupt)
        except KeyboardInterrupt:
            return False

    def _wait(self, on_event: Callable[[StackEvent], None], started: float) -> Stack | None:
        quiet = 0
        while True:
            known = len(self.events)
            stack = self._poll(on_event)
            if stack is None or not stack.status.endswith("_IN_PROGRESS"):
                return stack
            quiet = 0 if len(self.events) > known else min(quiet + 1, _LONGEST_AFTER)
            if self.timeout is not None and self.clock.now() - started > self.timeout:
                raise self._unfinished(f"not complete after {self.timeout:g} seconds")
            self.clock.sleep(min(_FIRST_PAUSE * _GROWTH**quiet, _LONGEST_PAUSE))

    def _poll(self, on_event: Callable[[StackEvent], None]) -> Stack | None:
        """The stack, after its new events are reported."""
        try:
            stack, fresh = retry(self._read, self.clock, _RETRY_SECONDS)
        except aws_errors() as error:
            raise self._unfinished(f"stopped waiting: {_line(error)}") from error
        for event in fresh:
            self.known_ids.add(event.id)
            self.events.append(event)
            on_event(event)
        return stack

    def _read(self) -> tuple[Stack | None, list[StackEvent]]:
        """The stack, then its events: after the last status, no event is missed."""
        stack = self.client.describe(self.stack_id)
        return stack, new_events(self.client, self.stack_id, self.known_ids)

    def _unfinished(self, what: str) -> Unfinished:
        hint = f"the operation continues in CloudFormation; run: {self.again}"
        return Unfinished(what, where=self.where or self.stack_id, hint=hint)


def event_ids(client: StackClient, stack_id: str) -> set[str]:
    """The IDs of all events of a stack so far."""
    return {event.id for event in client.events(stack_id)}


def ids_before_last_operation(client: StackClient, stack: Stack) -> set[str]:
    """The IDs of the events before the stack's last operation, which may be in progress."""
    events = list(client.events(stack.id))
    count = len(last_operation(stack.id, events))
    return {event.id for event in events[count:]}


def new_events(client: StackClient, stack_id: str, known_ids: Collection[str]) -> list[StackEvent]:
    """The events without `known_ids`, oldest first. The time does not identify an event.

    AWS lists them newest first, but pages may overlap or be out of order, so reading continues
    after the first known event.
    """
    fresh: dict[str, StackEvent] = {}
    in_a_row = 0
    for event in client.events(stack_id):
        in_a_row = in_a_row + 1 if event.id in known_ids else 0
        if event.id not in known_ids:
            fresh.setdefault(event.id, event)
        if in_a_row >= _KNOWN_IN_A_ROW:
            break
    oldest_first = list(fresh.values())[::-1]
    return sorted(oldest_first, key=lambda event: event.time)


def _line(error: Exception) -> str:
    try:
        with readable_errors():
            raise error
    except ReadModelError as readable:
        return str(readable)
