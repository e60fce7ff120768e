"""On a terminal, the operation in progress is shown below what failed."""

import re
import sys
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper

import pytest

from readmodel_cfn.cli import output
from readmodel_cfn.cli.operation import OperationReporter
from readmodel_cfn.results import StackEvent
from readmodel_cfn.stack import ReadModelStack

STACK = ReadModelStack("shop", region="eu-west-1")


class Terminal(TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_events_and_notes_have_lines_of_their_own_beside_the_live_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal(BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    status, kind = "CREATE_FAILED", "AWS::ApiGateway::RestApi"
    with OperationReporter(STACK) as report:
        report(StackEvent("1", moment, "DataStore", "shop-1", "AWS::S3::Bucket", status, ""))
        report(StackEvent("2", moment, "Api", "a", kind, "CREATE_COMPLETE", ""))
        output.log("Note of the test")
    terminal.seek(0)
    drawn = re.split(r"[\r\n]+", re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.read()))
    assert any(line.startswith(str(STACK.location)) for line in drawn)
    lines = [line for line in drawn if status in line or "Note of the test" in line]
    assert [line.split()[0] for line in lines] == ["12:00:00", "Note"]
    assert not any(kind in line for line in drawn)
