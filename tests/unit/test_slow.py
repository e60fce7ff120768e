"""Messages while slow work is in progress."""

from threading import Event

import pytest

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.slow import slow


class Told:
    """Collects the lines; a test can wait for the next one."""

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


def test_quick_work_prints_nothing(told: Told) -> None:
    with slow("Looking", first=60):
        pass
    assert told.lines == []


def test_slow_work_prints_repeatedly(told: Told) -> None:
    with slow("Looking", first=0, again=0.001):
        while len(told.lines) < 3:
            assert told.next.wait(30)
            told.next.clear()
    assert all(line.startswith("Looking") for line in told.lines)


def test_nested_slow_prints_nothing(told: Told) -> None:
    with slow("Looking", first=0, again=60):
        assert told.next.wait(30)
        told.next.clear()
        with slow("Asking", first=0, again=0.001):
            assert not told.next.wait(0.05)
    assert len(told.lines) == 1
    with slow("Asking", first=0, again=60):
        assert told.next.wait(30)
    assert told.lines[1].startswith("Asking")


def test_failed_work_prints_no_more(told: Told) -> None:
    def fail() -> None:
        with slow("Looking", first=0, again=60):
            assert told.next.wait(30)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(told.lines) == 1


def test_broken_pipe_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = Event()

    def gone(_: str) -> None:
        tried.set()
        raise BrokenPipeError

    monkeypatch.setattr(report, "story", gone)
    with slow("Looking", first=0):
        assert tried.wait(30)
