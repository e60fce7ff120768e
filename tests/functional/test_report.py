"""Output for people: colours on a terminal only, columns, and one line for each event."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from readmodel_cfn.cli import output as report
from readmodel_cfn.deploy.values import StackEvent
from readmodel_cfn.lint import Finding

RED, GREEN, YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"
THEN = datetime(2026, 1, 1, 12, 34, 56, tzinfo=UTC)
EVENT = StackEvent("1", THEN, "DataStore", "data-bucket", "AWS::S3::Bucket", "", "")


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
def test_event_colour_depends_on_the_status(
    monkeypatch: pytest.MonkeyPatch, status: str, colour: str
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(report, "log", lines.append)
    report.event(replace(EVENT, status=status))
    (line,) = lines
    assert [code for code in (RED, GREEN, YELLOW) if code in line] == ([colour] if colour else [])


@pytest.mark.parametrize("columns", ["60", "200"])
def test_event_without_a_reason_has_no_type_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    report.event(EVENT)
    assert EVENT.type not in capsys.readouterr().err


def test_event_is_one_line_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    report.event(replace(EVENT, status="CREATE_FAILED", reason="Name is taken"))
    out, err = capsys.readouterr()
    assert out == ""
    words = ["12:34:56", "CREATE_FAILED", "DataStore", "AWS::S3::Bucket", "Name", "is", "taken"]
    assert err.split() == words


@pytest.mark.parametrize(
    ("level", "colour"), [("error", RED), ("warning", YELLOW), ("informational", YELLOW)]
)
def test_finding_colour_depends_on_the_level(
    monkeypatch: pytest.MonkeyPatch, level: str, colour: str
) -> None:
    lines: list[str] = []
    monkeypatch.setattr("click.echo", lambda line: lines.append(line))
    report.findings([Finding("E1", level, "Resources/A", "wrong", "It means this")])
    assert lines == [f"{colour}E1\x1b[0m Resources/A: wrong", "      It means this"]


def test_table_columns_are_aligned_without_trailing_spaces(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report.table([["a", "bb", ""], ["aaa", "b", "c"]])
    assert capsys.readouterr().out == "a    bb\naaa  b   c\n"


def test_empty_table_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    report.table([])
    assert capsys.readouterr().out == ""
