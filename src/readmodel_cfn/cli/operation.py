"""Output of a stack operation: its events, the resources in progress, and Ctrl-C.

One operation has two or more events for each resource. Without `all_events`, a terminal shows one
live block and keeps the failures; a pipe or a file gets one line for each resource that is done.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.errors import Terminated, unfinished_if_output_closed
from readmodel_cfn.cli.reporter import Printer, Reporter
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.plural import counted
from readmodel_cfn.printable import printable
from readmodel_cfn.results import DeletionPlan, StackDiff, StackEvent
from readmodel_cfn.stack import ReadModelStack

if TYPE_CHECKING:
    from rich.table import Table

    from readmodel_cfn.results import EventStream, OnInterrupt

_SECONDS_TO_CANCEL = 3.0


class OperationReporter(Reporter):
    """A Reporter for a call that waits for an operation on `stack`.

    On a terminal the resources in progress are shown below what was printed. `all_events` is
    whether every event is printed. After the first event, output that cannot be written ends the
    command with Unfinished; `again` is the command, with its options, that continues to wait.
    """

    def __init__(
        self,
        stack: ReadModelStack,
        as_json: bool = False,
        printers: Mapping[type, Printer] | None = None,
        again: Sequence[str] = ("follow",),
        all_events: bool = False,
    ) -> None:
        own_printers: dict[type, Printer] = {StackEvent: self._print_event}
        super().__init__(as_json, own_printers | dict(printers or {}))
        self._stack, self._again, self._all_events = stack, again, all_events
        self._started = False
        self._printed: set[str] = set()
        self._progress = _Progress()
        self._has_view = not as_json and sys.stderr is not None and sys.stderr.isatty()
        self._view: _LiveView | None = None

    def __call__(self, value: object) -> None:
        """Print one value."""
        self._started = self._started or isinstance(value, StackEvent)
        with self._unfinished_if_output_closed():
            if not isinstance(value, StackEvent):
                self._close_view()
                self._progress = _Progress.of(value) or self._progress
                super().__call__(value)
                return
            self._progress.add(value)
            if self._has_view and self._view is None:
                self._view = _LiveView(str(self._stack.location), self._progress)
            super().__call__(value)

    def _print_event(self, event: StackEvent) -> None:
        is_shown = self._all_events or event.is_failure
        if is_shown or (not self._has_view and self._is_first_end(event)):
            self._printed.add(event.logical_id)
            output.event(event)

    def _is_first_end(self, event: StackEvent) -> bool:
        """Whether a resource is done, and has no line yet; the stack has the closing line."""
        done = event.is_complete and not event.is_of_stack
        return done and event.logical_id not in self._printed

    def end(self) -> None:
        """Remove the live view too, before a question or a result."""
        super().end()
        self._close_view()

    def _close_view(self) -> None:
        if self._view:
            self._view.close()
            self._view = None

    @contextmanager
    def _unfinished_if_output_closed(self) -> Iterator[None]:
        if not self._started:
            yield
            return
        command = self._stack.location.command(*self._again)
        hint = f"the operation continues in CloudFormation; run: {command}"
        with unfinished_if_output_closed(str(self._stack.location), hint):
            yield


def offer_cancel(report: Reporter) -> "OnInterrupt":
    """An `on_interrupt` callback: a second Ctrl-C within seconds asks whether to cancel.

    After SIGTERM, or without a terminal, the command only stops waiting.
    """

    def on_interrupt(events: "EventStream", interrupt: KeyboardInterrupt) -> bool:
        report.end()
        at_terminal = sys.stdin is not None and sys.stdin.isatty()
        if isinstance(interrupt, Terminated) or not at_terminal:
            return False
        again = f"Press Ctrl-C again within {_SECONDS_TO_CANCEL:.0f} seconds to cancel the update."
        output.log(f"The operation continues in CloudFormation. {again}")
        try:
            time.sleep(_SECONDS_TO_CANCEL)
        except Terminated:
            return False
        except KeyboardInterrupt:
            return _cancel(events)
        return False

    return on_interrupt


def _cancel(events: "EventStream") -> bool:
    try:
        if not click.confirm("Cancel the update and roll it back?", err=True):
            return False
        events.cancel()
    except ReadModelError as error:  # a create, or an update that is almost complete
        output.log(f"It cannot be cancelled: {error}")
        return False
    except click.Abort:  # Ctrl-C, SIGTERM or the end of input instead of an answer
        click.echo(err=True)
        return False
    return True


class _Progress:
    """The resources of an operation that are done or in progress, and the total, if it is known."""

    def __init__(self, total: int | None = None) -> None:
        self.total, self.began = total, time.monotonic()
        self.done: set[str] = set()
        self.in_progress: dict[str, tuple[str, float]] = {}

    @classmethod
    def of(cls, value: object) -> Self | None:
        """Of the operation that a StackDiff or a DeletionPlan describes; None for other values."""
        if isinstance(value, StackDiff):
            return cls(len(value.resources))
        return cls(len(value.deleted)) if isinstance(value, DeletionPlan) else None

    def add(self, event: StackEvent) -> None:
        """Add or remove a resource."""
        if event.is_of_stack:
            return
        if event.status.endswith("_IN_PROGRESS"):
            self.in_progress.setdefault(event.logical_id, (event.status, time.monotonic()))
        else:
            self.in_progress.pop(event.logical_id, None)
            if event.status != "DELETE_SKIPPED":  # a resource that is kept
                self.done.add(event.logical_id)

    def __str__(self) -> str:
        count, total = len(self.done), self.total
        return f"{count} of {counted(max(total, count), 'resource')}" if total else f"{count} done"


class _LiveView:
    """The resources in progress, each with its status and seconds, at the end of stderr."""

    def __init__(self, where: str, progress: _Progress) -> None:
        from rich.console import Console
        from rich.live import Live

        self._where, self._progress = where, progress
        console = Console(stderr=True)
        self._live: Live = Live(self, console=console, refresh_per_second=4, transient=True)
        self._live.start()

    def close(self) -> None:
        """Remove the view from the terminal."""
        self._live.stop()

    def __rich__(self) -> "Table":
        """Called several times a second."""
        from rich.table import Table
        from rich.text import Text

        now, progress = time.monotonic(), self._progress
        table = Table.grid(padding=(0, 2))
        table.add_column()  # rich shortens this one first, and its texts are not wrapped
        for _ in range(2):
            table.add_column(no_wrap=True, overflow="ellipsis")

        def add_row(name: str, state: str, since: float, style: str = "") -> None:
            first = Text(printable(name), style, no_wrap=True, overflow="ellipsis")
            table.add_row(first, state, f"{now - since:.0f} s")

        add_row(self._where, str(progress), progress.began, "bold")
        for logical_id, (status, since) in list(progress.in_progress.items()):
            add_row(f"  {logical_id}", f"[yellow]{status}[/]", since)
        return table
