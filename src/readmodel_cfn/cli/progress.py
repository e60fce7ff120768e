"""How far something long has come, told while it goes on."""

import sys
import time
from collections.abc import Callable
from types import TracebackType

import click

_FIRST = 1.0  # seconds before which nothing is told
_ON_TERMINAL = 0.2  # seconds between two looks of the one line
_ELSEWHERE = 5.0  # seconds between two lines


class Progress:
    """Called with the count so far, it tells it: `bucket: 12,000 versions deleted, 900 a second`.

    On a terminal that is one line, which is gone at the end; elsewhere a line every few seconds.
    `count` is the last one, told or not.
    """

    def __init__(
        self, what: str, units: str, quiet: bool, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._what, self._units, self._quiet, self._now = what, units, quiet, now
        self._on_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._began = now()
        self._next = self._began + _FIRST
        self.count, self._shown = 0, False

    def __call__(self, count: int) -> None:
        """Take the count, and tell it where it is time to."""
        self.count, now = count, self._now()
        if self._quiet or now < self._next:
            return
        self._next = now + (_ON_TERMINAL if self._on_terminal else _ELSEWHERE)
        rate = count / (now - self._began)
        self._show(f"{self._what}: {count:,} {self._units}, {rate:,.0f} a second")

    def aside(self) -> None:
        """Make room for a line of another."""
        if self._on_terminal and self._shown:
            self._show("")

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.aside()

    def _show(self, line: str) -> None:
        self._shown = True
        if self._on_terminal:
            line = f"\r{line}\x1b[K"  # over the line before
        # What puts a line over another is no colour, which would be taken out.
        click.echo(line, nl=not self._on_terminal, err=True, color=self._on_terminal or None)
