"""What was written and read, when, and whether that can be: the judge of the race.

All times are nanoseconds of one clock, time.perf_counter_ns: it never goes backward, and is the
same for all processes of a machine (https://docs.python.org/3/library/time.html#time.perf_counter).

A read passes when its body is whole, and its version v is neither older than the last one that was
acknowledged when it started, nor newer than the last one that was started when it ended; and for
one reader v never falls.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

NOT_MODIFIED = 304


class Kind(StrEnum):
    """How a read breaks the promise."""

    ERROR = "error"
    """No answer, or another status than 200 and 304."""
    TORN = "torn"
    """A body that is not whole: cut off, or mixed of several versions."""
    STALE = "stale"
    """Older than a version that was acknowledged before the read started."""
    FUTURE = "from the future"
    """Newer than all versions that were started before the read ended."""
    BACKWARD = "backward"
    """Older than what the same reader had read before."""


@dataclass(frozen=True)
class Write:
    """One write, of versions that rise from 1.

    `acknowledged` is None where no answer came: it may have happened or not, so it may be read, and
    need not be. But not after a later one was acknowledged: a writer that has lost an answer must
    not write on, since a lost attempt may take effect late.
    """

    version: int
    started: int
    acknowledged: int | None = None


@dataclass(frozen=True)
class Read:
    """One read; a reader's reads follow each other.

    `version` is None where the body is not whole. A 304 says that the version whose ETag was sent
    is still current, so it is a read of that. `status` is 0 where no answer came. `note` tells what
    came instead of a whole body; `bytes` is the body's length on the wire.
    """

    reader: int
    started: int
    ended: int
    status: int
    version: int | None = None
    bytes: int = 0
    note: str = ""


@dataclass(frozen=True)
class Violation:
    """A read that broke the promise, how, and in words why."""

    kind: Kind
    read: Read
    why: str


@dataclass(frozen=True)
class Verdict:
    """What the judge found in `reads` reads."""

    reads: int
    violations: tuple[Violation, ...]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many reads broke the promise in which way; one may in two."""
        found = Counter(one.kind for one in self.violations)
        return {kind: found[kind] for kind in Kind}

    @property
    def broken(self) -> int:
        """How many reads broke it."""
        return len({id(one.read) for one in self.violations})

    def examples(self, most: int) -> Iterator[Violation]:
        """The first ones of each kind."""
        told = Counter[Kind]()
        for one in self.violations:
            told[one.kind] += 1
            if told[one.kind] <= most:
                yield one


def check(writes: Sequence[Write], reads: Sequence[Read]) -> Verdict:
    """Judge every read; the order in which they are given means nothing."""
    acknowledged = _Newest((one.acknowledged, one.version) for one in writes)
    started = _Newest((one.started, one.version) for one in writes)
    seen = Counter[int]()  # the newest version of each reader so far
    found: list[Violation] = []
    for read in sorted(reads, key=lambda one: one.started):
        least, most = acknowledged.at(read.started), started.at(read.ended)
        broken = _broken(read, least, most, seen[read.reader])
        found += [Violation(kind, read, why) for kind, why in broken]
        if read.version and read.version <= most:
            seen[read.reader] = max(seen[read.reader], read.version)
    return Verdict(len(reads), tuple(found))


def _broken(read: Read, least: int, most: int, seen: int) -> Iterator[tuple[Kind, str]]:
    version = read.version
    if read.status not in (200, NOT_MODIFIED):
        yield Kind.ERROR, read.note or f"answered {read.status}"
    elif version is None:
        kind = Kind.ERROR if read.status == NOT_MODIFIED else Kind.TORN
        yield kind, read.note or "the body is not whole"
    else:
        if version > most:
            yield Kind.FUTURE, f"version {version} when only {most} was started"
        if version < least:
            yield Kind.STALE, f"version {version} after {least} was acknowledged"
        if version < seen:
            yield Kind.BACKWARD, f"version {version} after it had read {seen}"


class _Newest:
    """The newest version by a point in time; 0 where there is none yet."""

    def __init__(self, points: Iterable[tuple[int | None, int]]) -> None:
        timed = sorted((when, version) for when, version in points if when is not None)
        self._times = [when for when, _ in timed]
        self._newest = [0, *accumulate((version for _, version in timed), max)]

    def at(self, when: int) -> int:
        return self._newest[bisect_right(self._times, when)]
