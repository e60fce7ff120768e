"""SIGINT and SIGTERM during a block that must not be interrupted."""

import signal
from collections.abc import Iterator
from threading import Thread

import pytest

from readmodel_cfn.interruptions import deferred_interruptions


class Terminated(KeyboardInterrupt):
    pass


@pytest.fixture(autouse=True)
def _handled() -> Iterator[None]:
    def terminate(*_: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    yield
    signal.signal(signal.SIGTERM, before)


def interrupted(done: list[str], *numbers: int) -> None:
    with deferred_interruptions():
        for number in numbers:
            signal.raise_signal(number)
            done.append("printed")


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_signal_waits_until_the_block_ends(number: int, kind: type[BaseException]) -> None:
    done: list[str] = []
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(kind):
        interrupted(done, number)
    assert done == ["printed"]
    assert handlers == [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]


def test_second_signal_does_not_wait() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(done, signal.SIGINT, signal.SIGINT)
    assert done == ["printed"]


def test_error_of_the_block_is_raised_and_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="mine"), deferred_interruptions():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_change_no_handler() -> None:
    seen = []

    def run() -> None:
        with deferred_interruptions():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
