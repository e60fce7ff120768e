"""Retries of read-only AWS calls, for longer than botocore retries them."""

import time
from collections.abc import Callable
from typing import TypeVar

from readmodel_cfn.aws.errors import aws_errors, is_transient

Result = TypeVar("Result")
_FIRST_PAUSE = 2.0  # seconds; botocore has already made several attempts
_LONGEST_PAUSE = 20.0  # seconds


class Clock:
    """The time, and how to wait; tests pass a clock of their own."""

    def now(self) -> float:
        """Seconds since a fixed time."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def retry(call: Callable[[], Result], clock: Clock, timeout: float) -> Result:
    """Repeat a call that only reads until it succeeds.

    A transient error is raised when `timeout` seconds have passed since the first attempt, any
    other error at once. A call that changes something must not be repeated: the first attempt may
    have succeeded although its response was lost.
    """
    started, pause = clock.now(), _FIRST_PAUSE
    while True:
        try:
            return call()
        except aws_errors() as error:
            if not is_transient(error) or clock.now() - started > timeout:
                raise
        clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
