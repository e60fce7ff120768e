"""The rate of several workers, on a clock of the test and a bucket that takes so many a second."""

import heapq
import random
from dataclasses import dataclass, field

import pytest

from readmodel_cfn.publish import upload
from readmodel_cfn.publish.rate import WRITES_PER_SECOND, Rate

RESPONSE = 0.02  # seconds until S3 responds
THREADS = 64  # of a worker


@dataclass
class Bucket:
    """Takes so many requests a second, at most those of a tenth of a second at once."""

    per_second: float
    taken: float = 0.0
    refused: int = 0
    _tokens: float = 0.0
    _latest: float = 0.0

    def takes(self, now: float) -> bool:
        tokens = self._tokens + (now - self._latest) * self.per_second
        self._tokens, self._latest = min(tokens, max(1.0, self.per_second / 10)), now
        if self._tokens < 1:
            self.refused += 1
            return False
        self._tokens -= 1
        self.taken += 1
        return True


@dataclass
class Run:
    """Several workers, each with the documents of its partition; `seconds` is how long it takes."""

    workers: int
    bucket: Bucket
    documents: int
    seed: int = 1
    now: float = 0.0
    _number: int = 0
    _events: list[tuple[float, int, str, int, int]] = field(default_factory=list)

    def seconds(self) -> float:
        chance = random.Random(self.seed)  # noqa: S311 - the same in every run
        rates = [
            Rate(self.workers, now=lambda: self.now, uniform=chance.uniform)
            for _ in range(self.workers)
        ]
        left = [self.documents] * self.workers
        for worker in range(self.workers):
            for _ in range(min(THREADS, self.documents)):
                left[worker] -= 1
                self._at(rates[worker].reserve(), "send", worker, 0)
        ended = 0.0
        while self._events:
            self.now, _, event, worker, tries = heapq.heappop(self._events)
            rate = rates[worker]
            if event == "send":
                self._at(
                    RESPONSE, "taken" if self.bucket.takes(self.now) else "busy", worker, tries
                )
            elif event == "busy":
                rate.slow_down()
                assert tries < upload._SHARED_ATTEMPTS
                pause = min(upload._PAUSES[min(tries, 8)], upload._SHARED_PAUSE)
                self._at(pause * chance.uniform(0.5, 1.5), "again", worker, tries + 1)
            elif event == "again":
                self._at(rate.reserve(), "send", worker, tries)
            else:
                rate.succeeded()
                ended = self.now
                if left[worker]:
                    left[worker] -= 1
                    self._at(rate.reserve(), "send", worker, 0)
        return ended

    def _at(self, seconds: float, event: str, worker: int, tries: int) -> None:
        self._number += 1
        entry = (self.now + seconds, self._number, event, worker, tries)
        heapq.heappush(self._events, entry)


@pytest.mark.parametrize(
    ("workers", "per_second", "documents"),
    [
        (1, 500, 5000),
        (4, 200, 1000),
        (4, 1000, 5000),
        (4, 3500, 15_000),
        (20, 3500, 3000),
        (100, 3500, 500),
    ],
)
@pytest.mark.parametrize("seed", range(2))
def test_workers_need_little_more_time_than_the_bucket_allows(
    workers: int, per_second: int, documents: int, seed: int
) -> None:
    bucket = Bucket(per_second)
    seconds = Run(workers, bucket, documents, seed).seconds()
    assert bucket.taken == workers * documents
    assert seconds <= 1.5 * bucket.taken / per_second
    assert bucket.refused <= bucket.taken


class Clock:
    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("workers", [2, 4, 200])
def test_worker_begins_with_its_share(workers: int) -> None:
    clock = Clock()
    rate = Rate(workers, now=clock)
    clock.now += 1
    waits = [rate.reserve() for _ in range(1000)]
    assert rate.per_second == WRITES_PER_SECOND / workers
    assert waits[-1] - waits[-2] == pytest.approx(workers / WRITES_PER_SECOND)


def test_worker_alone_is_limited_after_a_refusal() -> None:
    clock = Clock()
    rate = Rate(1, now=clock)
    assert {rate.reserve() for _ in range(10_000)} == {0.0}
    rate.succeeded()
    rate.slow_down()
    assert rate.per_second == WRITES_PER_SECOND / 2


def test_next_partition_begins_at_the_rate_of_the_last_one() -> None:
    clock = Clock()
    last = Rate(10, now=clock)
    assert Rate(10, last, now=clock).per_second == 350
    last.slow_down()
    assert Rate(10, last, now=clock).per_second == 175
    last.per_second = 1_000_000
    assert Rate(10, last, now=clock).per_second == 350


def test_refusal_halves_the_rate_once_per_moment() -> None:
    clock = Clock()
    rate = Rate(10, now=clock)
    rate.slow_down()
    rate.slow_down()
    assert rate.per_second == 175
    for _ in range(100):
        clock.now += 1
        rate.slow_down()
    assert 0 < rate.per_second < 1


def test_rate_grows_by_chance_and_only_if_it_is_the_limit() -> None:
    grown = set()
    for seed in range(5):
        clock = Clock()
        rate = Rate(10, now=clock, uniform=random.Random(seed).uniform)  # noqa: S311 - the same in every run
        clock.now += 100
        rate.reserve()
        rate.succeeded()
        assert rate.per_second == 350  # there was no wait
        for _ in range(100):
            rate.reserve()
        rate.succeeded()
        assert rate.per_second > 350
        grown.add(rate.per_second)
    assert len(grown) == 5
