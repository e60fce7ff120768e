"""The rate at which one of several workers writes to S3.

S3 accepts at least 3,500 writes per second for a prefix and answers 503 Slow Down to more, while it
scales (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html). Workers
do not know each other's rate. Each begins with its share, halves its rate when S3 refuses a
request, and raises it slowly and by chance, so that they do not all rise at the same moment. Its
next partition begins where the last one ended. A worker that is alone is limited only after S3 has
refused a request.
"""

import math
import random
import time
from collections.abc import Callable

WRITES_PER_SECOND = 3500.0
_GROWTH = 0.25  # in each second, of the rate at which S3 last refused, or of a higher one
_HALVED_FOR = 1.0  # seconds in which errors of earlier requests do not halve it again
_CATCH_UP = 0.1  # seconds of requests that may be sent at once after a pause
_LEAST = 0.5  # requests per second


class Rate:
    """When the next request may be sent; the caller holds a lock.

    With `before`, the rate of the worker's partition before this one, it begins at that rate if it
    is lower than the share. `now` is the clock, `uniform` a random number between its arguments.
    """

    def __init__(
        self,
        workers: int,
        before: "Rate | None" = None,
        now: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        share = WRITES_PER_SECOND / workers
        share = share if workers > 1 else math.inf
        self.per_second: float = min(share, before.per_second) if before else share
        self._ceiling = self.per_second
        self._now, self._uniform = now, uniform
        self._next = self._halved = now() - _HALVED_FOR

    def reserve(self) -> float:
        """Take the next place; how many seconds to wait for it."""
        now = self._now()
        begins = max(self._next, now - _CATCH_UP)
        self._next = begins + 1 / self.per_second
        return max(0.0, begins - now)

    def slow_down(self) -> None:
        """S3 refused a request: halve the rate."""
        now = self._now()
        if now - self._halved >= _HALVED_FOR:
            self._ceiling, self._halved = min(self.per_second, WRITES_PER_SECOND), now
            self.per_second = max(_LEAST, self._ceiling / 2)

    def succeeded(self) -> None:
        """A request succeeded: raise the rate, if it is what limits the requests."""
        if self.per_second < math.inf and self._next >= self._now():
            growth = _GROWTH * self._ceiling / self.per_second
            self.per_second += growth * self._uniform(0.5, 1.5)
            self._ceiling = max(self._ceiling, self.per_second)
