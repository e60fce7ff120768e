"""How publishing many documents is told: to people in few lines, to programs in JSON lines."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.publish.faults import Fault
from readmodel_cfn.publish.sending import Lost, Outcome, Tally


@dataclass(frozen=True)
class LeftOut:
    """How many files are not sent: invalid ones, and names that are passed over."""

    invalid: int
    passed_over: int


class Telling:
    """With `as_json` each document is a line on stdout, an object whose one key is what came of it.

    People are told on stderr what needs their eyes.
    """

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def outcome(self, one: Outcome) -> None:
        """What came of a document."""
        if isinstance(one, Fault):
            report.story(str(one))
            self._line("invalid", {"source": one.source, "what": one.what})
        elif isinstance(one, Lost):
            report.story(f"{one.key}: there already")
            self._line("lost", {"key": one.key})
        else:
            self._line("sent", {"key": one.key, "etag": f'"{one.etag}"', "bytes": one.bytes})

    def deleted(self, keys: Sequence[str]) -> None:
        """That documents are deleted."""
        for key in keys:
            self._line("deleted", {"key": key})

    def result(
        self, tally: Tally, unchanged: int, deleted: int, left_out: LeftOut, seconds: float
    ) -> None:
        """What came of all."""
        faults = left_out.invalid + tally.faults
        counts = {"sent": tally.sent, "unchanged": unchanged, "deleted": deleted}
        counts |= {"invalid": faults, "lost": tally.lost, "passed_over": left_out.passed_over}
        self._line("result", {**counts, "bytes": tally.bytes, "seconds": round(seconds, 3)})
        if not self._as_json:
            rate = (tally.sent + unchanged) / max(seconds, 0.001)
            always = ("sent", "unchanged")
            words = [f"{name} {n:,}" for name, n in counts.items() if n or name in always]
            line = ", ".join(words).replace("_", " ")
            click.echo(f"{line.capitalize()}, in {seconds:.1f} s ({rate:,.0f} a second).")

    def _line(self, kind: str, value: dict[str, Any]) -> None:
        if self._as_json:
            click.echo(json.dumps({kind: value}))
