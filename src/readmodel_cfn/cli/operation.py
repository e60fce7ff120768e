"""Output of a stack operation: its events, the resources in progress, and Ctrl-C."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.errors import Terminated, unfinished_if_output_closed
from readmodel_cfn.cli.reporter import Printer, Reporter
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.results import StackEvent
from readmodel_cfn.stack import ReadModelStack

if TYPE_CHECKING:
    from rich.table import Table

    from readmodel_cfn.results import EventStream, OnInterrupt

_SECONDS_TO_CANCEL = 3.0
_STACK = "AWS::CloudFormation::Stack"


class OperationReporter(Reporter):
    """A Reporter for a call that waits for an operation on `stack`.

    On a terminal the resources in progress are shown below the events. After the first event,
    output that cannot be written ends the command with Unfinished; `again` is the command, with its
    options, that continues to wait.
    """

    def __init__(
        self,
        stack: ReadModelStack,
        as_json: bool = False,
        printers: Mapping[type, Printer] | None = None,
        again: Sequence[str] = ("follow",),
    ) -> None:
        all_printers: dict[type, Printer] = {StackEvent: lambda event: output.event(event)}
        super().__init__(as_json, all_printers | dict(printers or {}))
        self._stack, self._again = stack, again
        self._started = False
        self._has_view = not as_json and sys.stderr is not None and sys.stderr.isatty()
        self._view: _LiveView | None = None

    def __call__(self, value: object) -> None:
        """Print one value."""
        self._started = self._started or isinstance(value, StackEvent)
        with self._unfinished_if_output_closed():
            if not isinstance(value, StackEvent):
                self._close_view()
                super().__call__(value)
                return
            if self._has_view and self._view is None:
                self._view = _LiveView(str(self._stack.location))
            super().__call__(value)
            if self._view:
                self._view.add(value)

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


class _LiveView:
    """The resources in progress, each with its status and seconds, on stderr below the events."""

    def __init__(self, where: str) -> None:
        from rich.console import Console
        from rich.live import Live

        self._where, self._started = where, time.monotonic()
        self._in_progress: dict[str, tuple[str, float]] = {}
        console = Console(stderr=True)
        self._live: Live = Live(self, console=console, refresh_per_second=4, transient=True)
        self._live.start()

    def add(self, event: StackEvent) -> None:
        """Add or remove a resource."""
        if event.type == _STACK:
            return
        if event.status.endswith("_IN_PROGRESS"):
            self._in_progress.setdefault(event.logical_id, (event.status, time.monotonic()))
        else:
            self._in_progress.pop(event.logical_id, None)

    def close(self) -> None:
        """Remove the view from the terminal."""
        self._live.stop()

    def __rich__(self) -> "Table":
        """Called several times a second."""
        from rich.table import Table

        now = time.monotonic()
        table = Table.grid(padding=(0, 2))
        table.add_row(f"[bold]{self._where}[/]", "", f"{now - self._started:.0f} s")
        for logical_id, (status, since) in list(self._in_progress.items()):
            table.add_row(f"  {logical_id}", f"[yellow]{status}[/]", f"{now - since:.0f} s")
        return table
