"""What takes long says so while it lasts; what does not is silent."""

from threading import Event

import pytest

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.slow import slow


class Told:
    """Counts what is told, and lets a test wait for the next line instead of for a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[str] = []
        self.next = Event()
        monkeypatch.setattr(report, "story", self._tell)

    def _tell(self, line: str) -> None:
        self.lines.append(line)
        self.next.set()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


def test_what_is_quick_is_silent(told: Told) -> None:
    with slow("Looking", first=60):
        pass
    assert told.lines == []


def test_what_lasts_is_told_again_and_again(told: Told) -> None:
    with slow("Looking", first=0, again=0.001):
        while len(told.lines) < 3:
            assert told.next.wait(30)
            told.next.clear()
    assert told.lines[0] == "Looking..."
    assert told.lines[1] == "Looking: 0 s"


def test_one_within_another_is_silent(told: Told) -> None:
    with slow("Looking", first=0, again=60):
        assert told.next.wait(30)
        told.next.clear()
        with slow("Asking", first=0, again=0.001):
            assert not told.next.wait(0.05)
    assert told.lines == ["Looking..."]
    with slow("Asking", first=0, again=60):
        assert told.next.wait(30)
    assert told.lines == ["Looking...", "Asking..."]


def test_what_has_ended_is_told_no_more(told: Told) -> None:
    def fail() -> None:
        with slow("Looking", first=0, again=60):
            assert told.next.wait(30)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told.lines == ["Looking..."]


def test_a_reader_that_went_away_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = Event()

    def gone(_: str) -> None:
        tried.set()
        raise BrokenPipeError

    monkeypatch.setattr(report, "story", gone)
    with slow("Looking", first=0):
        assert tried.wait(30)
