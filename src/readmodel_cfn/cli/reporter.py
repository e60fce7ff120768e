"""Print the progress of a call: lines on stderr for people, JSON lines on stdout for programs."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import click

from readmodel_cfn.cli import output
from readmodel_cfn.printable import printable
from readmodel_cfn.progress import Count, Note, Step

_FIRST = 1.0  # seconds before the first line of a step or a count
_STEP_AGAIN = 10.0  # seconds between two lines of a step
_COUNT_ON_TERMINAL = 0.2  # seconds between two updates of the one line
_COUNT_ELSEWHERE = 5.0  # seconds between two lines

Printer = Callable[[Any], None]


class Reporter:
    """An `on_progress` callback that prints.

    A step is printed if it takes more than a second, a count as one line that is updated on a
    terminal, and a line every few seconds elsewhere. `printers` are functions that print other
    values, by class. With `as_json` those values are JSON lines on stdout instead: an object whose
    one key is the value's `kind`.
    """

    def __init__(
        self,
        as_json: bool = False,
        printers: Mapping[type, Printer] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._as_json, self._printers = as_json, dict(printers or {})
        self._step: _Timer | None = None
        self._count = _CountLine(now)

    def __call__(self, value: object) -> None:
        """Print one value."""
        self._end_step()
        if isinstance(value, Step):
            timer = _Timer(printable(value.text))
            timer.start()  # Ctrl-C may interrupt it, and a thread that has not started has no end
            self._step = timer
        elif isinstance(value, Count):
            if not self._as_json:
                self._count.update(value)
        else:
            self._print(value)

    def _print(self, value: Any) -> None:
        if isinstance(value, Note):
            self._count.clear()
            output.log(output.with_colour(value.text))
        elif self._as_json and hasattr(value, "kind"):
            click.echo(json.dumps({value.kind: value.as_dict()}))
        elif printer := self._printers.get(type(value)):
            self._count.clear()
            printer(value)

    def end(self) -> None:
        """End the step and remove the count, before a question or a result."""
        self._end_step()
        self._count.clear()

    def _end_step(self) -> None:
        if self._step:
            self._step.end()
            self._step = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


class _Timer(Thread):
    """Prints a step once it has taken a second, and every ten seconds after."""

    def __init__(self, text: str) -> None:
        super().__init__(daemon=True)
        self._text, self._over, self._since = text, Event(), time.monotonic()

    def run(self) -> None:
        if self._over.wait(_FIRST):
            return
        with suppress(OSError):  # stderr is closed; the work continues
            output.log(f"{self._text}...")
            while not self._over.wait(_STEP_AGAIN):
                output.log(f"{self._text}: {time.monotonic() - self._since:.0f} s")

    def end(self) -> None:
        self._over.set()
        self.join()


class _CountLine:
    """The line of a count, such as `bucket: 1,000 of 5,000 documents, 500 per second, 8 s left`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._on_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._name: str | None = None
        self._started = self._next = 0.0
        self._visible = False

    def update(self, count: Count) -> None:
        now = self._now()
        if count.name != self._name:
            self.clear()
            self._name, self._started, self._next = count.name, now, now + _FIRST
        if now < self._next:
            return
        self._next = now + (_COUNT_ON_TERMINAL if self._on_terminal else _COUNT_ELSEWHERE)
        self._show(_line(count, now - self._started))

    def clear(self) -> None:
        if self._on_terminal and self._visible:
            self._show("")
            self._visible = False

    def _show(self, line: str) -> None:
        self._visible = True
        if self._on_terminal:
            most = output.width(sys.stderr)  # in the last column the cursor would change its line
            line = f"\r{line[: most and most - 1]}\x1b[K"  # replaces the line
        # With color=None click removes the code that clears the line.
        click.echo(line, nl=not self._on_terminal, err=True, color=self._on_terminal or None)


def _line(count: Count, seconds: float) -> str:
    rate = count.done / seconds if seconds else 0.0
    total = "" if count.total is None else f" of {count.total:,}"
    line = f"{printable(count.name)}: {count.done:,}{total} {count.unit}, {rate:,.0f} per second"
    if count.total is None or not rate:
        return line
    return f"{line}, {(count.total - count.done) / rate:,.0f} s left"
