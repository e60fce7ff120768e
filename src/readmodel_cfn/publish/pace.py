"""Pace: how many requests are under way at once, as many as S3 takes without complaint."""

import time
from collections.abc import Callable
from threading import Condition, Event
from types import TracebackType

MOST = 64
FIRST = 32
_HALVED_FOR = 1.0  # seconds in which complaints of requests sent before count for nothing


class Stopped(Exception):
    """No more requests are to be made."""


class Pace:
    """A turn for each request: `with pace:`. Complaints halve their number, successes raise it.

    S3 answers 503 SlowDown while it makes room for more requests, and asks to come more slowly
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html).
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.limit = float(FIRST)
        self._now, self._halved = now, -_HALVED_FOR
        self._under_way, self._stopped = 0, Event()
        self._changed = Condition()

    def __enter__(self) -> None:
        with self._changed:
            while self._under_way >= int(self.limit) and not self._stopped.is_set():
                self._changed.wait()
            if self._stopped.is_set():
                raise Stopped
            self._under_way += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._under_way -= 1
            if error is None:
                self.limit = min(MOST, self.limit + 1 / self.limit)
            self._changed.notify()

    def slow_down(self) -> None:
        """Make half as many at once."""
        with self._changed:
            if self._now() - self._halved >= _HALVED_FOR:
                self.limit, self._halved = max(1.0, self.limit / 2), self._now()

    def pause(self, seconds: float) -> None:
        """Wait, unless it is stopped meanwhile."""
        self._stopped.wait(seconds)

    def stop(self, patience: float) -> int:
        """Give no more turns, and wait some seconds for what is under way; how many still are."""
        with self._changed:
            self._stopped.set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._under_way, patience)
            return self._under_way
