"""On a terminal, one block shows the operation in progress, below what failed."""

import re
import sys
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper

import pytest

from readmodel_cfn.cli import output
from readmodel_cfn.cli.operation import OperationReporter
from readmodel_cfn.results import ResourceDiff, StackDiff, StackEvent
from readmodel_cfn.stack import ReadModelStack

STACK = ReadModelStack("shop", region="eu-west-1")
MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Terminal(TextIOWrapper):
    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """The lines that were drawn, without their escape sequences."""
        self.seek(0)
        return re.split(r"[\r\n]+", re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", self.read()))


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Stderr as a terminal; not a fixture, because pytest sets stderr after those."""
    made = Terminal(BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return made


def event(logical_id: str, status: str) -> StackEvent:
    kind = "AWS::S3::Bucket"
    return StackEvent(logical_id + status, MOMENT, logical_id, "physical", kind, status, "")


def test_failures_and_notes_have_lines_of_their_own_beside_the_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_of(monkeypatch)
    with OperationReporter(STACK) as report:
        report(event("Bucket", "CREATE_COMPLETE"))
        report(event("Other", "CREATE_FAILED"))
        output.log("Note of the test")
    drawn = terminal.lines()
    assert any(line.startswith(str(STACK.location)) for line in drawn)
    kept = [line for line in drawn if "12:00:00" in line or "Note of the test" in line]
    assert [line.split()[:3] for line in kept] == [
        ["12:00:00", "CREATE_FAILED", "Other"],
        ["Note", "of", "the"],
    ]


def test_all_events_are_kept_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with OperationReporter(STACK, all_events=True) as report:
        report(event("Bucket", "CREATE_IN_PROGRESS"))
        report(event("Bucket", "CREATE_COMPLETE"))
    kept = [line.split()[1] for line in terminal.lines() if "12:00:00" in line]
    assert kept == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_block_has_the_number_of_all_resources_and_those_in_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_of(monkeypatch)
    names = ("Bucket", "Other", "Last")
    resources = tuple(ResourceDiff("add", name, "AWS::S3::Bucket") for name in names)
    with OperationReporter(STACK) as report:
        report(StackDiff(resources=resources))
        report(event("Bucket", "CREATE_IN_PROGRESS"))
        report(event("Bucket", "CREATE_COMPLETE"))
        report(event("Other", "CREATE_IN_PROGRESS"))
    drawn = terminal.lines()
    assert any("1 of 3 resources" in line for line in drawn)
    last = [line.split()[0] for line in drawn if "CREATE_IN_PROGRESS" in line]
    assert last[-1:] == ["Other"]


def test_a_long_target_is_shortened_and_the_count_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    long = ReadModelStack("shop-production-with-a-long-name", region="eu-west-1", profile="a" * 40)
    with OperationReporter(long) as report:
        report(StackDiff(resources=(ResourceDiff("add", "Bucket", "AWS::S3::Bucket"),)))
        report(event("Bucket", "CREATE_COMPLETE"))
    assert any("1 of 1 resource  0 s" in line for line in terminal.lines())
    assert all(len(line) <= 80 for line in terminal.lines())
