"""SIGTERM: handled as Ctrl-C is, so that a stopped command still prints what it did."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM was received: unlike after Ctrl-C, nobody may be there to answer a question."""


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM while the block runs; also usable as a decorator.

    Python allows signal handlers in the main thread only; elsewhere nothing is changed.
    https://docs.python.org/3/library/signal.html#signals-and-threads
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(*_: Any) -> NoReturn:
    raise Terminated
