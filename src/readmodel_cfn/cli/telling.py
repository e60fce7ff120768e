"""How an operation is told: to people, in lines and a live view, or to programs, in JSON lines."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.diff_table import print_diff
from readmodel_cfn.deploy.diff import Diff
from readmodel_cfn.deploy.plan import Plan
from readmodel_cfn.deploy.values import Event
from readmodel_cfn.lint import Finding


class Telling(Protocol):
    """What a command has to say while it goes on."""

    def plan(self, where: str, plan: Plan) -> None:
        """Tell what is decided, and why."""

    def diff(self, diff: Diff) -> None:
        """Tell what would change."""

    def findings(self, found: Sequence[Finding]) -> None:
        """Tell why nothing is sent."""

    def note(self, line: str) -> None:
        """Tell something by the way."""

    def ended(self, where: str, status: str) -> None:
        """Tell how it ended."""

    @contextmanager
    def following(self, where: str) -> Iterator[Callable[[Event], None]]:
        """Tell what happens while an operation is followed."""


class ToPeople:
    """Lines on stderr; on a terminal, what is in progress is shown below them."""

    def plan(self, where: str, plan: Plan) -> None:
        """One line."""
        report.story(f"{where}: {plan.action}, {plan.why}")

    def diff(self, diff: Diff) -> None:
        """A table."""
        print_diff(diff, err=True)

    def findings(self, found: Sequence[Finding]) -> None:
        """Two lines each, on stdout: there will be no other result."""
        report.findings(found)

    def note(self, line: str) -> None:
        """One line."""
        report.story(line)

    def ended(self, where: str, status: str) -> None:
        """One line."""
        report.story("Deleted." if status == "DELETE_COMPLETE" else f"{where}: {status}")

    @contextmanager
    def following(self, where: str) -> Iterator[Callable[[Event], None]]:
        """An event a line; on a terminal with a view of what goes on."""
        if sys.stderr is None or not sys.stderr.isatty():
            yield report.event
            return
        from readmodel_cfn.cli.live_view import live_view

        with live_view(where) as on_event:
            yield on_event


class ToPrograms:
    """JSON lines on stdout: each an object whose one key tells what it is."""

    def plan(self, where: str, plan: Plan) -> None:
        """What is decided, and why."""
        self.line("plan", {"where": where, "action": plan.action, "why": plan.why})

    def diff(self, diff: Diff) -> None:
        """What would change."""
        self.line("diff", diff_as_json(diff))

    def findings(self, found: Sequence[Finding]) -> None:
        """A line each."""
        for one in found:
            self.line("finding", vars(one))

    def note(self, line: str) -> None:
        """On stderr: it is for people."""
        report.story(line)

    def ended(self, where: str, status: str) -> None:  # noqa: ARG002
        """One line."""
        self.line("result", {"status": status})

    @contextmanager
    def following(self, where: str) -> Iterator[Callable[[Event], None]]:  # noqa: ARG002
        """An event a line."""
        yield lambda event: self.line("event", asdict(event) | {"time": event.time.isoformat()})

    def line(self, kind: str, value: dict[str, Any]) -> None:
        """One line."""
        click.echo(json.dumps({kind: value}))


def telling(as_json: bool) -> ToPeople | ToPrograms:
    """The one that was asked for."""
    return ToPrograms() if as_json else ToPeople()


def diff_as_json(diff: Diff) -> dict[str, Any]:
    """A difference for programs; `access` marks what concerns who may do what."""
    return {
        "resources": [asdict(one) | {"access": one.access} for one in diff.changes],
        "others": [asdict(one) for one in diff.others],
    }
