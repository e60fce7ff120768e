"""What is silent for long says what it is at."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread

from readmodel_cfn.cli import output as report

_FIRST = 1.0  # seconds before which nothing is told
_AGAIN = 10.0  # seconds between two lines
_TELLING = Lock()


@contextmanager
def slow(what: str, first: float = _FIRST, again: float = _AGAIN) -> Iterator[None]:
    """Say what is done here once that has taken `first` seconds, and every `again` seconds more.

    Within another one it is silent, since that one has said it. Nothing may be asked here: the
    question would be talked over.
    """
    if not _TELLING.acquire(blocking=False):
        yield
        return
    over = Event()
    teller = Thread(target=_tell, args=(what, over, first, again), daemon=True)
    try:
        teller.start()
        yield
    finally:
        over.set()
        _TELLING.release()
        if teller.ident:
            teller.join()


def _tell(what: str, over: Event, first: float, again: float) -> None:
    began = time.monotonic()
    if over.wait(first):
        return
    with suppress(OSError):  # nobody reads it any more; the work does not end for that
        report.story(f"{what}...")
        while not over.wait(again):
            report.story(f"{what}: {time.monotonic() - began:.0f} s")
