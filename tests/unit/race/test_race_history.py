"""The check of histories accepts an atomic register and nothing else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from readmodel_cfn.verify.race.history import Kind, Read, Verdict, Write, check

# Version 1 was written at 10 to 20, version 2 at 30 to 40, version 3 at 50 to 60.
WRITES = [Write(1, 10, 20), Write(2, 30, 40), Write(3, 50, 60)]


def read(started: int, ended: int, version: int | None, reader: int = 0) -> Read:
    return Read(reader, started, ended, 200, version)


def kinds(verdict: Verdict) -> list[Kind]:
    return [violation.kind for violation in verdict.violations]


@pytest.mark.parametrize(
    ("started", "ended", "version"),
    [
        (20, 29, 1),
        (25, 35, 1),  # the second write may not have taken effect
        (25, 35, 2),  # or it may
        (39, 45, 1),
        (40, 49, 2),
        (25, 70, 1),
        (25, 70, 3),
        (60, 61, 3),
    ],
)
def test_read_of_a_version_current_during_the_read_passes(
    started: int, ended: int, version: int
) -> None:
    assert not check(WRITES, [read(started, ended, version)]).violations


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (read(41, 45, None), Kind.TORN),
        (read(40, 45, 1), Kind.STALE),
        (read(60, 90, 2), Kind.STALE),
        (read(21, 29, 2), Kind.FUTURE),
        (read(70, 80, 4), Kind.FUTURE),
        (replace(read(21, 29, 1), status=503), Kind.ERROR),
        (replace(read(21, 29, None), status=0), Kind.ERROR),
        (replace(read(21, 29, None), status=304), Kind.ERROR),
        (replace(read(40, 45, 1), status=304), Kind.STALE),
    ],
)
def test_each_kind_of_violation_is_reported(wrong: Read, kind: Kind) -> None:
    verdict = check(WRITES, [read(20, 21, 1, reader=9), wrong])
    assert kinds(verdict) == [kind]
    assert (verdict.reads, verdict.broken, verdict.counts[kind]) == (2, 1, 1)


def test_reader_must_not_go_backward_but_readers_may_differ() -> None:
    ahead = read(51, 52, 3)
    assert kinds(check(WRITES, [ahead, read(53, 54, 2)])) == [Kind.BACKWARD]
    assert not check(WRITES, [ahead, read(53, 54, 2, reader=1)]).violations


def test_stale_and_backward_read_counts_once() -> None:
    verdict = check(WRITES, [read(61, 62, 3), read(63, 64, 1)])
    assert kinds(verdict) == [Kind.STALE, Kind.BACKWARD]
    assert verdict.broken == 1


def test_read_from_the_future_does_not_affect_later_reads() -> None:
    verdict = check(WRITES, [read(21, 22, 99), read(23, 24, 1)])
    assert kinds(verdict) == [Kind.FUTURE]


def test_write_without_response_may_be_seen_or_not() -> None:
    writes = [WRITES[0], Write(2, 30)]
    seen = [read(40, 41, 1), read(42, 43, 1), read(44, 45, 2)]
    assert check(writes, seen) == Verdict(3, ())


def test_write_without_response_is_seen_only_after_its_start() -> None:
    writes = [WRITES[0], Write(2, 30), WRITES[2]]
    assert kinds(check(writes, [read(21, 22, 2)])) == [Kind.FUTURE]
    assert kinds(check(writes, [read(61, 62, 2)])) == [Kind.STALE]


def test_examples_are_the_first_of_each_kind() -> None:
    seen = [read(41 + n, 42 + n, version, reader=n) for n, version in enumerate([None, 1, 1, 1])]
    printed = Counter(violation.kind for violation in check(WRITES, seen).examples(2))
    assert printed == {Kind.TORN: 1, Kind.STALE: 2}


# --- any history of an atomic register, and any such history with one read changed ---


@some.composite
def registers(draw: some.DrawFn) -> tuple[list[Write], list[Read]]:
    """A register: each write and each read takes effect at one moment between its ends."""
    moments = Ticks(draw)
    writes, effects = [], []
    for version in range(1, draw(some.integers(1, 8)) + 1):
        started, effect, acknowledged = moments.next(3)
        answered = draw(some.booleans()) or version == 1
        writes.append(Write(version, started, acknowledged if answered else None))
        effects.append((effect, version))
    reads = []
    for reader in range(draw(some.integers(1, 4))):
        ticks = Ticks(draw, writes[0].acknowledged or 0)
        for _ in range(draw(some.integers(0, 8))):
            started, effect, ended = ticks.next(3)
            reads.append(read(started, ended, value_at(effects, effect), reader))
    return writes, draw(some.permutations(reads))


class Ticks:
    """Moments that follow each other, some at the same time."""

    def __init__(self, draw: some.DrawFn, now: int = 0) -> None:
        self.draw, self.now = draw, now

    def next(self, count: int) -> Sequence[int]:
        return [self._one() for _ in range(count)]

    def _one(self) -> int:
        self.now += self.draw(some.integers(0, 9))
        return self.now


def value_at(effects: Iterable[tuple[int, int]], when: int) -> int:
    return max(version for effect, version in effects if effect <= when)


@given(registers())
def test_histories_of_an_atomic_register_pass(
    history: tuple[list[Write], list[Read]],
) -> None:
    writes, reads = history
    assert check(writes, reads) == Verdict(len(reads), ())


@given(registers(), some.data())
def test_atomic_history_with_a_changed_read_fails(
    history: tuple[list[Write], list[Read]], data: some.DataObject
) -> None:
    writes, reads = history
    assume(reads)
    at = data.draw(some.integers(0, len(reads) - 1))
    newest = max(write.version for write in writes if write.started <= reads[at].ended)
    answered = [
        (write.acknowledged, write.version) for write in writes if write.acknowledged is not None
    ]
    oldest = max(version for when, version in answered if when <= reads[at].started)
    wrong = [
        replace(reads[at], version=None),
        replace(reads[at], status=500),
        replace(reads[at], version=newest + data.draw(some.integers(1, 3))),
    ]
    older = [write.version for write in writes if write.version < oldest]
    wrong += [replace(reads[at], version=version) for version in older]
    reads[at] = data.draw(some.sampled_from(wrong))
    assert check(writes, reads).broken == 1
