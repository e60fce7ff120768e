"""Follow an operation by the stack's events: each one once, until it ends."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from readmodel_cfn.aws.errors import aws_errors, readable_errors
from readmodel_cfn.aws.retry import Clock, retry
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.values import Event, Stack
from readmodel_cfn.errors import ReadModelError, Unfinished

_FIRST_PAUSE = 0.1  # seconds; an embedded AWS is done at once
_LONGEST_PAUSE = 3.0  # seconds; CloudFormation's events come in bursts of a few seconds
_GROWTH = 1.5
_QUIET = 10  # looks without an event, after which the pause grows no more
_PATIENCE = 300.0  # seconds without any answer, after which following ends
_ENOUGH = 200  # known events in a row, after which no new one is looked for: two pages


@dataclass(frozen=True)
class Ended:
    """How an operation ended: the stack, None where even its id is gone, and what happened."""

    stack: Stack | None
    happened: list[Event]

    @property
    def status(self) -> str:
        """The stack's last status."""
        return self.stack.status if self.stack else "DELETE_COMPLETE"


@dataclass
class Following:
    """One operation that is followed: its stack's id, and the ids of the events known already.

    `stack_id` is the id, not the name: a deleted stack is found by its id only. `limit` is the most
    seconds to follow, `again` the command that goes on following.
    """

    client: StackClient
    stack_id: str
    seen: set[str]
    limit: float | None = None
    again: str = "readmodel-cfn follow"
    clock: Clock = field(default_factory=Clock)
    happened: list[Event] = field(default_factory=list)

    def to_the_end(self, on_event: Callable[[Event], None]) -> Ended:
        """Report each event that is not seen yet, oldest first, until the operation ends.

        Called again after an interruption, it goes on where it was.

        Raises:
            Unfinished: AWS cannot be asked any more, or the time is over, while it goes on.
        """
        started, quiet = self.clock.now(), 0
        while True:
            known = len(self.happened)
            stack = self._look(on_event)
            if stack is None or not stack.status.endswith("_IN_PROGRESS"):
                return Ended(stack, self.happened)
            quiet = 0 if len(self.happened) > known else min(quiet + 1, _QUIET)
            if self.limit is not None and self.clock.now() - started > self.limit:
                raise self._unfinished(f"not done after {self.limit:g} seconds")
            self.clock.sleep(min(_FIRST_PAUSE * _GROWTH**quiet, _LONGEST_PAUSE))

    def _look(self, on_event: Callable[[Event], None]) -> Stack | None:
        """The stack as it is now, however often AWS must be asked, once its events are told."""
        try:
            stack, fresh = retry(self._ask, self.clock, _PATIENCE)
        except aws_errors() as error:
            raise self._unfinished(f"no longer following: {_line(error)}") from error
        for event in fresh:
            self.seen.add(event.id)
            self.happened.append(event)
            on_event(event)
        return stack

    def _ask(self) -> tuple[Stack | None, list[Event]]:
        """The stack first: no event can come between the last look at it and its end."""
        stack = self.client.describe(self.stack_id)
        return stack, new_events(self.client, self.stack_id, self.seen)

    def _unfinished(self, what: str) -> Unfinished:
        hint = f"CloudFormation goes on by itself; run: {self.again}"
        return Unfinished(what, where=self.stack_id, hint=hint)


def new_events(client: StackClient, stack_id: str, seen: Collection[str]) -> list[Event]:
    """The events that are not seen yet, oldest first; they are told apart by id, never by time.

    AWS lists them newest first, but pages may come twice or out of order: so it is read on past
    the first one that is known.
    """
    fresh: dict[str, Event] = {}
    known = 0
    for event in client.events(stack_id):
        known = known + 1 if event.id in seen else 0
        if event.id not in seen:
            fresh.setdefault(event.id, event)
        if known >= _ENOUGH:
            break
    oldest_first = list(fresh.values())[::-1]
    return sorted(oldest_first, key=lambda event: event.time)


def _line(error: Exception) -> str:
    try:
        with readable_errors():
            raise error
    except ReadModelError as told:
        return str(told)
