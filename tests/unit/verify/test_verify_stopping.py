"""Told to stop: once it interrupts, then what must be done is done, then it is obeyed."""

import signal
from threading import Thread

import pytest

from readmodel_cfn.verify.stopping import Stopping

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def session(heard_first: list[signal.Signals], heard_last: list[signal.Signals]) -> None:
    """Something that is stopped, or is not, and what must be done after."""
    with Stopping() as stopping:
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


def fail() -> None:
    with Stopping() as stopping:
        stopping.hold()
        signal.raise_signal(signal.SIGINT)
        raise ValueError("mine")


def test_another_error_stays_the_one_that_is_told() -> None:
    with pytest.raises(ValueError, match="mine"):
        fail()


def test_afterwards_signals_mean_what_they_did() -> None:
    before = [signal.getsignal(one) for one in SIGNALS]
    with Stopping():
        assert [signal.getsignal(one) for one in SIGNALS] != before
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_a_thread_of_somebody_elses_program_is_left_alone() -> None:
    found = []

    def work() -> None:
        with Stopping() as stopping:
            stopping.hold()
        found.append("done")

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["done"]
