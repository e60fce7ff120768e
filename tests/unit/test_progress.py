"""Progress lines on a terminal and without one."""

import re
import sys

import click
import pytest

from readmodel_cfn.cli.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def told(
    capsys: pytest.CaptureFixture[str],
    counts: list[tuple[float, int]],
    *,
    quiet: bool = False,
) -> str:
    """What is on stderr after these counts, each at so many seconds from the start."""
    clock = Clock()
    with Progress("b", "versions deleted", quiet, clock) as progress:
        for seconds, count in counts:
            clock.now = 100 + seconds
            progress(count)
    assert progress.count == counts[-1][1]
    out, err = capsys.readouterr()
    assert out == ""
    return err


def numbers(line: str) -> list[str]:
    return re.findall(r"[\d,]*\d", line)


def test_progress_is_silent_in_the_first_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, [(0.2, 1000), (0.9, 2000)]) == ""


def test_progress_without_terminal_prints_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts = [(tenth / 10, tenth * 100) for tenth in range(1, 115)]
    lines = told(capsys, counts).splitlines()
    assert [numbers(line) for line in lines] == [
        ["1,000", "1,000"],
        ["6,000", "1,000"],
        ["11,000", "1,000"],
    ]


def test_progress_on_a_terminal_rewrites_one_line_and_clears_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    looks = told(capsys, [(1, 1000), (1.1, 1100), (1.2, 1200)]).split("\r")
    assert [numbers(line.removesuffix("\x1b[K")) for line in looks] == [
        [],
        ["1,000", "1,000"],
        ["1,200", "1,000"],
        [],
    ]


def test_terminal_is_not_cleared_without_progress(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert told(capsys, [(0.5, 1000)]) == ""
    assert told(capsys, [(5, 1000)], quiet=True) == ""


def test_progress_without_stderr_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with Progress("b", "versions deleted", quiet=False) as progress:
        progress(1)


def test_progress_line_is_cleared_without_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with click.Context(click.Command("c"), color=False):
        assert told(capsys, [(1, 1000)]).endswith("\r\x1b[K")


def test_quiet_progress_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, [(5, 1000), (50, 2000)], quiet=True) == ""


def test_aside_clears_the_progress_line_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = Clock()
    with Progress("b", "documents", False, clock) as progress:
        progress.aside()
        clock.now += 1
        progress(10)
        progress.aside()
        sys.stderr.write("a.json: exists\n")
    looks = capsys.readouterr().err.split("\r")
    assert len(looks) == 4
    assert numbers(looks[1].removesuffix("\x1b[K")) == ["10", "10"]
    assert looks[2:] == ["\x1b[Ka.json: exists\n", "\x1b[K"]
