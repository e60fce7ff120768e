"""Follow an operation by the stack's events: each one once, until it ends."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from readmodel_cfn.aws import one_line_errors
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.stacks.client import Event, Stack, StackClient

_FIRST_PAUSE = 0.1  # seconds; an embedded AWS is done at once
_LONGEST_PAUSE = 3.0  # seconds; CloudFormation's events come in bursts of a few seconds
_GROWTH = 1.5


@dataclass(frozen=True)
class Ended:
    """How an operation ended: the stack, None where even its id is gone, and what happened."""

    stack: Stack | None
    happened: list[Event]

    @property
    def status(self) -> str:
        """The stack's last status."""
        return self.stack.status if self.stack else "DELETE_COMPLETE"

    @property
    def why(self) -> str:
        """What went wrong first: the failed resource that was not merely cancelled, and why."""
        for event in self.happened:
            own = self.stack and event.physical_id == self.stack.id
            if event.status.endswith("_FAILED") and not own and "cancelled" not in event.reason:
                return f"{event.logical_id} ({event.type}): {event.reason}"
        return self.stack.reason if self.stack else ""


def follow(
    client: StackClient,
    stack_id: str,
    seen: set[str],
    on_event: Callable[[Event], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Ended:
    """Report each event that is not in `seen`, oldest first, until the operation ends.

    `stack_id` is the id, not the name: a deleted stack is found by its id only.

    Raises:
        Unfinished: AWS cannot be asked any more, while the operation goes on.
    """
    try:
        with one_line_errors():
            return _follow(client, stack_id, seen, on_event, sleep)
    except ReadModelError as error:
        hint = "CloudFormation goes on by itself; run: readmodel-cfn status"
        raise Unfinished(f"no longer following: {error}", where=stack_id, hint=hint) from error


def _follow(
    client: StackClient,
    stack_id: str,
    seen: set[str],
    on_event: Callable[[Event], None],
    sleep: Callable[[float], None],
) -> Ended:
    pause, happened = _FIRST_PAUSE, []
    while True:
        stack = client.describe(stack_id)
        for event in new_events(client, stack_id, seen):
            happened.append(event)
            on_event(event)
            pause = _FIRST_PAUSE
        if stack is None or not stack.status.endswith("_IN_PROGRESS"):
            return Ended(stack, happened)
        sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def new_events(client: StackClient, stack_id: str, seen: set[str]) -> Iterator[Event]:
    """The events since the last look, oldest first; they are told apart by id, never by time."""
    fresh: list[Event] = []
    for event in client.events(stack_id):
        if event.id in seen:
            break
        fresh.append(event)
    seen.update(event.id for event in fresh)
    yield from reversed(fresh)
