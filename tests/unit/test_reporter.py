"""The callback that prints progress: steps, counts, notes, and values by their class."""

import re
import sys
from dataclasses import dataclass
from threading import Event
from typing import ClassVar

import click
import pytest

from readmodel_cfn.cli import output, reporter
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.progress import Count, Note, Step


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Lines:
    """Collects the lines of steps; a test can wait for the next one."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.next = Event()

    def __call__(self, line: str) -> None:
        self.texts.append(line)
        self.next.set()

    def wait(self) -> None:
        assert self.next.wait(30)
        self.next.clear()


@dataclass(frozen=True)
class Value:
    """A value that a call reports."""

    kind: ClassVar[str] = "value"
    number: int

    def as_dict(self) -> dict[str, int]:
        return {"number": self.number}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    collected = Lines()
    monkeypatch.setattr(output, "story", collected)
    monkeypatch.setattr(reporter, "_FIRST", 0.0)
    monkeypatch.setattr(reporter, "_STEP_AGAIN", 60.0)
    return collected


def test_quick_step_prints_nothing(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "_FIRST", 60.0)
    with Reporter() as report:
        report(Step("Describing"))
    assert lines.texts == []


def test_slow_step_prints_repeatedly(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "_STEP_AGAIN", 0.001)
    with Reporter() as report:
        report(Step("Describing"))
        while len(lines.texts) < 3:
            lines.wait()
    assert all(line.startswith("Describing") for line in lines.texts)


def test_next_value_ends_a_step(lines: Lines) -> None:
    with Reporter() as report:
        report(Step("Describing"))
        lines.wait()
        report(Step("Waiting"))
        lines.wait()
        report(Note("Found."))
    assert [line.rstrip(".") for line in lines.texts] == ["Describing", "Waiting", "Found"]


def test_failed_work_ends_its_step(lines: Lines) -> None:
    def fail() -> None:
        with Reporter() as report:
            report(Step("Describing"))
            lines.wait()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(lines.texts) == 1


def test_closed_stderr_does_not_end_the_work(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(line: str) -> None:
        lines(line)
        raise BrokenPipeError

    monkeypatch.setattr(output, "story", closed)
    with Reporter() as report:
        report(Step("Describing"))
        lines.wait()


def printed(capsys: pytest.CaptureFixture[str], counts: list[tuple[float, int]]) -> str:
    """What is on stderr after these counts, each at so many seconds from the start."""
    clock = Clock()
    with Reporter(now=clock) as report:
        report(Count("b", 0, "documents"))
        for seconds, done in counts:
            clock.now = 100 + seconds
            report(Count("b", done, "documents"))
    out, err = capsys.readouterr()
    assert out == ""
    return err


def numbers(line: str) -> list[str]:
    return re.findall(r"[\d,]*\d", line)


def test_count_is_silent_in_the_first_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, [(0.2, 1000), (0.9, 2000)]) == ""


def test_count_without_terminal_is_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts = [(tenth / 10, tenth * 100) for tenth in range(1, 115)]
    assert [numbers(line) for line in printed(capsys, counts).splitlines()] == [
        ["1,000", "1,000"],
        ["6,000", "1,000"],
        ["11,000", "1,000"],
    ]


def test_count_on_a_terminal_rewrites_one_line_and_clears_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    updates = printed(capsys, [(1, 1000), (1.1, 1100), (1.2, 1200)]).split("\r")
    assert [numbers(line.removesuffix("\x1b[K")) for line in updates] == [
        [],
        ["1,000", "1,000"],
        ["1,200", "1,000"],
        [],
    ]


def test_terminal_is_not_cleared_without_a_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert printed(capsys, [(0.5, 1000)]) == ""


def test_count_of_a_total_has_the_seconds_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Reporter(now=clock) as report:
        report(Count("b", 0, "documents", 1000))
        clock.now += 2
        report(Count("b", 200, "documents", 1000))
    assert numbers(capsys.readouterr().err) == ["200", "1,000", "100", "8"]


def test_count_without_stderr_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with Reporter(now=Clock()) as report:
        report(Count("b", 1, "documents"))


def test_count_is_cleared_without_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with click.Context(click.Command("c"), color=False):
        assert printed(capsys, [(1, 1000)]).endswith("\r\x1b[K")


def test_other_values_clear_the_count_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = Clock()
    with Reporter(now=clock) as report:
        report(Count("b", 0, "documents"))
        clock.now += 1
        report(Count("b", 10, "documents"))
        report(Note("a.json: exists"))
    updates = capsys.readouterr().err.split("\r")
    assert numbers(updates[1].removesuffix("\x1b[K")) == ["10", "10"]
    assert updates[2:] == ["\x1b[Ka.json: exists\n"]


def test_values_are_printed_by_the_printer_of_their_class(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Reporter(printers={Value: lambda value: click.echo(f"number {value.number}")}) as report:
        report(Value(7))
        report(object())
    assert capsys.readouterr() == ("number 7\n", "")


def test_values_are_json_lines_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(as_json=True, printers={Value: click.echo}, now=Clock()) as report:
        report(Value(7))
        report(Count("b", 1, "documents"))
        report(Note("Found."))
    assert capsys.readouterr() == ('{"value": {"number": 7}}\n', "Found.\n")
