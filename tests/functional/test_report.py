"""What people read: colours on a terminal only, columns, and one line an event."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from readmodel_cfn import report
from readmodel_cfn.lint import Finding
from readmodel_cfn.stacks.values import Event

RED, GREEN, YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"
THEN = datetime(2026, 1, 1, 12, 34, 56, tzinfo=UTC)
EVENT = Event("1", THEN, "DataStore", "data-bucket", "AWS::S3::Bucket", "", "")


@pytest.mark.parametrize(
    ("status", "colour"),
    [
        ("CREATE_COMPLETE", GREEN),
        ("UPDATE_COMPLETE", GREEN),
        ("CREATE_FAILED", RED),
        ("ROLLBACK_COMPLETE", RED),
        ("UPDATE_ROLLBACK_IN_PROGRESS", RED),
        ("CREATE_IN_PROGRESS", ""),
    ],
)
def test_an_events_colour_says_how_it_goes(
    monkeypatch: pytest.MonkeyPatch, status: str, colour: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(report, "story", told.append)
    report.event(replace(EVENT, status=status))
    (line,) = told
    assert [one for one in (RED, GREEN, YELLOW) if one in line] == ([colour] if colour else [])


def test_an_event_is_one_line_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    report.event(replace(EVENT, status="CREATE_FAILED", reason="Name is taken"))
    out, err = capsys.readouterr()
    assert out == ""
    told = ["12:34:56", "CREATE_FAILED", "DataStore", "AWS::S3::Bucket", "Name", "is", "taken"]
    assert err.split() == told


@pytest.mark.parametrize(
    ("level", "colour"), [("error", RED), ("warning", YELLOW), ("informational", YELLOW)]
)
def test_a_findings_colour_says_its_level(
    monkeypatch: pytest.MonkeyPatch, level: str, colour: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr("click.echo", lambda line: told.append(line))
    report.findings([Finding("E1", level, "Resources/A", "wrong", "It means this")])
    assert told == [f"{colour}E1\x1b[0m Resources/A: wrong", "      It means this"]


def test_columns_are_aligned_and_end_without_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    report.table([["a", "bb", ""], ["aaa", "b", "c"]])
    assert capsys.readouterr().out == "a    bb\naaa  b   c\n"


def test_no_rows_are_no_lines(capsys: pytest.CaptureFixture[str]) -> None:
    report.table([])
    assert capsys.readouterr().out == ""
