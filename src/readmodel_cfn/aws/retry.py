"""Patience: a question to AWS, asked again while its troubles are such as pass by themselves."""

import time
from collections.abc import Callable
from typing import TypeVar

from readmodel_cfn.aws.connection import is_passing, troubles

Answer = TypeVar("Answer")
_FIRST_PAUSE = 2.0  # seconds; botocore has made several tries of its own by then
_LONGEST_PAUSE = 20.0  # seconds


class Clock:
    """Seconds, and how to wait for some."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def patiently(ask: Callable[[], Answer], clock: Clock, seconds: float) -> Answer:
    """Ask until there is an answer; after so many seconds without one the trouble is raised.

    Only for questions: what changes something is asked for once.
    """
    began, pause = clock.now(), _FIRST_PAUSE
    while True:
        try:
            return ask()
        except troubles() as error:
            if not is_passing(error) or clock.now() - began > seconds:
                raise
        clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
