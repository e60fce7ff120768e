"""Told to stop: once it interrupts, then what must be done is done, then it is obeyed."""

import signal
from collections.abc import Callable
from threading import Event, Thread

import pytest

from readmodel_cfn.verify.probe import InterruptGuard

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def session(heard_first: list[signal.Signals], heard_last: list[signal.Signals]) -> None:
    """Something that is stopped, or is not, and what must be done after."""
    with InterruptGuard() as stopping:
        try:
            for one in heard_first:
                signal.raise_signal(one)
        finally:
            stopping.hold()
            for one in heard_last:
                signal.raise_signal(one)
            DONE.append("away")


DONE: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    DONE.clear()


@pytest.mark.parametrize("which", SIGNALS)
def test_a_signal_interrupts_and_no_later_one_does(which: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        session([which], SIGNALS)
    assert DONE == ["away"]


def test_what_is_heard_while_the_probe_is_taken_away_is_obeyed_after() -> None:
    with pytest.raises(KeyboardInterrupt):
        session([], [signal.SIGTERM])
    assert DONE == ["away"]


def interrupted_in_the_middle(stopping: InterruptGuard) -> None:
    with stopping.uninterrupted():
        signal.raise_signal(signal.SIGINT)
        DONE.append("written")
    DONE.append("not reached")


def interrupted_after_it(stopping: InterruptGuard) -> None:
    with stopping.uninterrupted():
        DONE.append("written")
    signal.raise_signal(signal.SIGINT)
    DONE.append("not reached")


def interrupted_before_it(stopping: InterruptGuard) -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        with stopping.uninterrupted():
            signal.raise_signal(signal.SIGTERM)
            DONE.append("written")


def written_by_another_thread(stopping: InterruptGuard) -> None:
    def write() -> None:
        with stopping.uninterrupted():
            begun.set()
            DONE.append("written" if done.wait(5) else "interrupted too late")

    begun, done = Event(), Event()
    thread = Thread(target=write)
    thread.start()
    begun.wait(5)
    try:
        signal.raise_signal(signal.SIGINT)
        DONE.append("not reached")
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    "happens",
    [
        interrupted_in_the_middle,
        interrupted_after_it,
        interrupted_before_it,
        written_by_another_thread,
    ],
)
def test_what_is_to_be_whole_is_not_interrupted(happens: Callable[[InterruptGuard], None]) -> None:
    """A write that is given up takes effect later, when it was taken away already."""
    with pytest.raises(KeyboardInterrupt), InterruptGuard() as stopping:
        happens(stopping)
    assert DONE == ["written"]


def fail() -> None:
    with InterruptGuard() as stopping:
        stopping.hold()
        signal.raise_signal(signal.SIGINT)
        raise ValueError("mine")


def test_another_error_stays_the_one_that_is_told() -> None:
    with pytest.raises(ValueError, match="mine"):
        fail()


def test_afterwards_signals_mean_what_they_did() -> None:
    before = [signal.getsignal(one) for one in SIGNALS]
    with InterruptGuard():
        assert [signal.getsignal(one) for one in SIGNALS] != before
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_a_thread_of_somebody_elses_program_is_left_alone() -> None:
    found = []

    def work() -> None:
        with InterruptGuard() as stopping:
            stopping.hold()
        found.append("done")

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["done"]
