"""SIGTERM becomes KeyboardInterrupt while a command runs, and only then."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from readmodel_cfn.cli.errors import stop_on_sigterm


def test_sigterm_raises_keyboard_interrupt_within_the_block() -> None:
    with pytest.raises(KeyboardInterrupt), stop_on_sigterm():
        signal.raise_signal(signal.SIGTERM)


def test_the_previous_handler_of_sigterm_is_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_sigterm():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_function_can_be_decorated() -> None:
    @stop_on_sigterm()
    def handler() -> object:
        return signal.getsignal(signal.SIGTERM)

    assert handler() != signal.getsignal(signal.SIGTERM)


def test_other_threads_leave_sigterm_alone() -> None:
    def handler() -> object:
        with stop_on_sigterm():
            return signal.getsignal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(handler).result() == signal.getsignal(signal.SIGTERM)
