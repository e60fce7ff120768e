"""Printing of progress: steps that take long, counts on a terminal and without one, JSON lines."""

import json
import re
import sys
from dataclasses import dataclass
from threading import Event, Thread
from typing import ClassVar

import click
import pytest

from progress_lines import without_progress
from readmodel_cfn.cli import output, reporter
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.progress import Count, Note, Step


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def printed(
    capsys: pytest.CaptureFixture[str], counts: list[tuple[float, int]], *, as_json: bool = False
) -> str:
    """Stderr after these counts, each at so many seconds after the first."""
    clock = Clock()
    with Reporter(as_json, now=clock) as report:
        report(Count("b", 0, "documents"))
        for seconds, count in counts:
            clock.now = 100 + seconds
            report(Count("b", count, "documents"))
    out, err = capsys.readouterr()
    assert out == ""
    return err


def numbers(line: str) -> list[str]:
    return re.findall(r"[\d,]*\d", line)


def test_count_prints_nothing_in_the_first_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, [(0.2, 1000), (0.9, 2000)]) == ""


def test_count_without_terminal_prints_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = printed(capsys, [(n / 10, n * 100) for n in range(1, 115)]).splitlines()
    assert [numbers(line)[0] for line in lines] == ["1,000", "6,000", "11,000"]


def test_count_on_a_terminal_rewrites_one_line_and_clears_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    lines = printed(capsys, [(1, 1000), (1.1, 1100), (1.2, 1200)]).split("\r")
    shown = [numbers(line.removesuffix("\x1b[K"))[:1] for line in lines]
    assert shown == [[], ["1,000"], ["1,200"], []]


def test_terminal_is_not_cleared_without_a_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert printed(capsys, [(0.5, 1000)]) == ""


def test_count_prints_nothing_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, [(5, 1000), (50, 2000)], as_json=True) == ""


def test_count_without_stderr_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with Reporter() as report:
        report(Count("b", 1, "documents"))


def test_count_is_cleared_without_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with click.Context(click.Command("c"), color=False):
        assert printed(capsys, [(1, 1000)]).endswith("\r\x1b[K")


def test_note_clears_the_count_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = Clock()
    with Reporter(now=clock) as report:
        report(Count("b", 0, "documents"))
        clock.now += 1
        report(Count("b", 10, "documents", total=20))
        report(Note("a.json exists"))
    assert capsys.readouterr().err.endswith("\r\x1b[Ka.json exists\n")


@dataclass(frozen=True)
class Result:
    kind: ClassVar[str] = "result"

    def as_dict(self) -> dict[str, int]:
        return {"sent": 1}


def test_values_are_json_lines_or_printed_by_their_printer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[Result] = []
    Reporter(True)(Result())
    Reporter(printers={Result: seen.append})(Result())
    Reporter()(Result())
    assert json.loads(capsys.readouterr().out) == {"result": {"sent": 1}}
    assert seen == [Result()]


class Lines:
    """Collects printed lines; a test can wait for the next one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[str] = []
        self.next = Event()
        monkeypatch.setattr(output, "log", self._add)

    def _add(self, line: str) -> None:
        self.lines.append(line)
        self.next.set()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    return Lines(monkeypatch)


def delays(monkeypatch: pytest.MonkeyPatch, first: float, again: float) -> None:
    monkeypatch.setattr(reporter, "_FIRST", first)
    monkeypatch.setattr(reporter, "_STEP_AGAIN", again)


def test_quick_step_prints_nothing(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    delays(monkeypatch, 60, 60)
    with Reporter() as report:
        report(Step("Comparing"))
    assert lines.lines == []


def test_slow_step_prints_repeatedly(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    delays(monkeypatch, 0, 0.001)
    with Reporter() as report:
        report(Step("Comparing"))
        while len(lines.lines) < 3:
            assert lines.next.wait(60)
            lines.next.clear()
    assert all(line.startswith("Comparing") for line in lines.lines)


def test_comparison_of_outputs_ignores_the_lines_of_steps_and_counts(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delays(monkeypatch, 0, 0.001)
    with Reporter() as report:
        report(Step("Comparing the documents with b"))
        while len(lines.lines) < 2:
            assert lines.next.wait(60)
            lines.next.clear()
    clock = Clock()
    with Reporter(now=clock) as report:
        for done, total in ((0, None), (1000, None), (2500, 3000)):
            report(Count("b", done, "documents", total))
            clock.now += 7
    counts = capsys.readouterr().err
    assert len(counts.splitlines()) == 3
    kept = "a.json: no route serves it; add one\n{...}\nTo read it: readmodel-cfn read a\n"
    steps = "".join(f"{line}\n" for line in lines.lines)
    assert without_progress(f"{steps}{kept}{counts}") == kept


def test_next_value_ends_the_step(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    delays(monkeypatch, 0, 60)
    with Reporter() as report:
        report(Step("Comparing"))
        assert lines.next.wait(60)
        report(Note("done"))
    assert [line.partition(" ")[0].strip(".") for line in lines.lines] == ["Comparing", "done"]


def test_closed_stderr_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = Event()

    def closed(_: str) -> None:
        tried.set()
        raise BrokenPipeError

    delays(monkeypatch, 0, 60)
    monkeypatch.setattr(output, "log", closed)
    with Reporter() as report:
        report(Step("Comparing"))
        assert tried.wait(60)


def test_interruption_while_a_step_starts_is_no_other_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_: Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), Reporter() as report:
        report(Step("Comparing"))
