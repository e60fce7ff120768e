"""Signals: the first interrupts, and the removal of the probe is completed."""

import signal
from collections.abc import Callable
from threading import Event, Thread

import pytest

from readmodel_cfn.verify.probe import InterruptGuard

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def session(received_first: list[signal.Signals], received_last: list[signal.Signals]) -> None:
    """Work that receives signals, and signals again during its cleanup."""
    with InterruptGuard() as stopping:
        try:
            for signal_ in received_first:
                signal.raise_signal(signal_)
        finally:
            stopping.hold()
            for signal_ in received_last:
                signal.raise_signal(signal_)
            DONE.append("away")


DONE: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    DONE.clear()


@pytest.mark.parametrize("which", SIGNALS)
def test_first_signal_interrupts_and_later_ones_do_not(which: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        session([which], SIGNALS)
    assert DONE == ["away"]


def test_signal_during_removal_interrupts_afterwards() -> None:
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
            started.set()
            DONE.append("written" if done.wait(60) else "interrupted too late")

    started, done = Event(), Event()
    thread = Thread(target=write)
    thread.start()
    started.wait(60)
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
def test_whole_block_is_not_interrupted(happens: Callable[[InterruptGuard], None]) -> None:
    """An interrupted write may take effect later, after the probe was removed."""
    with pytest.raises(KeyboardInterrupt), InterruptGuard() as stopping:
        happens(stopping)
    assert DONE == ["written"]


def fail() -> None:
    with InterruptGuard() as stopping:
        stopping.hold()
        signal.raise_signal(signal.SIGINT)
        raise ValueError("mine")


def test_other_error_precedes_the_interruption() -> None:
    with pytest.raises(ValueError, match="mine"):
        fail()


def test_signal_handlers_are_restored() -> None:
    before = [signal.getsignal(signal_) for signal_ in SIGNALS]
    with InterruptGuard():
        assert [signal.getsignal(signal_) for signal_ in SIGNALS] != before
    assert [signal.getsignal(signal_) for signal_ in SIGNALS] == before


def test_stopping_in_another_thread_installs_no_handlers() -> None:
    found = []

    def work() -> None:
        with InterruptGuard() as stopping:
            stopping.hold()
        found.append("done")

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["done"]
