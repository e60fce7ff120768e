"""How far something has come: told while it lasts, in the way of the place it is told in."""

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


def test_what_takes_less_than_a_second_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, [(0.2, 1000), (0.9, 2000)]) == ""


def test_without_a_terminal_there_is_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts = [(tenth / 10, tenth * 100) for tenth in range(1, 115)]
    assert told(capsys, counts).splitlines() == [
        "b: 1,000 versions deleted, 1,000 a second",
        "b: 6,000 versions deleted, 1,000 a second",
        "b: 11,000 versions deleted, 1,000 a second",
    ]


def test_on_a_terminal_one_line_is_renewed_and_gone_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    looks = told(capsys, [(1, 1000), (1.1, 1100), (1.2, 1200)]).split("\r")
    assert [one.removesuffix("\x1b[K") for one in looks] == [
        "",
        "b: 1,000 versions deleted, 1,000 a second",
        "b: 1,200 versions deleted, 1,000 a second",
        "",
    ]


def test_a_terminal_on_which_nothing_was_told_is_left_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert told(capsys, [(0.5, 1000)]) == ""
    assert told(capsys, [(5, 1000)], quiet=True) == ""


def test_without_any_stderr_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with Progress("b", "versions deleted", quiet=False) as progress:
        progress(1)


def test_it_is_gone_at_the_end_where_colour_is_unwanted_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with click.Context(click.Command("c"), color=False):
        assert told(capsys, [(1, 1000)]).endswith("\r\x1b[K")


def test_where_a_program_listens_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, [(5, 1000), (50, 2000)], quiet=True) == ""


def test_a_line_of_another_is_not_written_behind_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = Clock()
    with Progress("b", "documents", False, clock) as progress:
        progress.aside()
        clock.now += 1
        progress(10)
        progress.aside()
        sys.stderr.write("a.json: there already\n")
    looks = capsys.readouterr().err.split("\r")
    assert looks == [
        "",
        "b: 10 documents, 10 a second\x1b[K",
        "\x1b[Ka.json: there already\n",
        "\x1b[K",
    ]
