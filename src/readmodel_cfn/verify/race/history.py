"""The history of a race: all writes and reads with their times, and which reads are wrong.

All times are nanoseconds of time.perf_counter_ns, which never goes backward and is the same for all
processes of a machine (https://docs.python.org/3/library/time.html#time.perf_counter).

A read is correct if:

- its body is complete;
- its version is not older than the last one that was acknowledged before the read started;
- its version is not newer than the last one whose write started before the read ended;
- it is not older than a version that the same reader has already read.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Literal

NOT_MODIFIED = 304
# The limits of one race.
_READS, _WRITES = 10_000, 1_000
_READ_BYTES, _WRITTEN_BYTES = 10_000_000_000, 2_000_000_000


@dataclass(frozen=True)
class RacePlan:
    """The size of the document in bytes, the number of readers, and the duration."""

    size: int
    readers: int
    seconds: float

    @property
    def reads(self) -> int:
        """The maximum number of reads."""
        return min(_READS, _READ_BYTES // self.size)

    @property
    def writes(self) -> int:
        """The maximum number of writes."""
        return min(_WRITES, _WRITTEN_BYTES // self.size)


@dataclass(frozen=True)
class Phase:
    """A phase of the race: what is written, and whether readers send the last ETag.

    `share` is its share of the time and of the requests.
    """

    name: str
    share: float
    written: Literal["nothing", "another", "this"]
    conditional: bool = False


IDLE = Phase("nothing is written", 1 / 6, "nothing")
ANOTHER = Phase("another document is written", 1 / 6, "another")
REPLACED = Phase("it is replaced", 1 / 2, "this")
ASKED = Phase("it is replaced, readers send its ETag", 1 / 6, "this", conditional=True)
PHASES = (IDLE, ANOTHER, REPLACED, ASKED)


@dataclass(frozen=True)
class Write:
    """One write; versions start at 1.

    `acknowledged` is None if there was no response: readers may then get the version or not, but
    not after a later version was acknowledged. A writer must therefore stop after a lost response,
    because the write may take effect late.
    """

    version: int
    started: int
    acknowledged: int | None = None


@dataclass(frozen=True)
class Read:
    """One read; the reads of one reader do not overlap.

    `version` is None if the body is not complete. A 304 is a read of the version whose ETag was
    sent. `status` is 0 if there was no response. `note` describes what was received instead of a
    complete body; `bytes` is the length of the body as sent.
    """

    reader: int
    started: int
    ended: int
    status: int
    version: int | None = None
    bytes: int = 0
    note: str = ""


@dataclass(frozen=True)
class Span:
    """The reads of a phase, and its writes."""

    phase: Phase
    reads: Sequence[Read]
    writes: Sequence[Write]


@dataclass(frozen=True)
class Measured:
    """All phases, and all writes and reads of the document that is read."""

    spans: Sequence[Span]
    writes: Sequence[Write]
    reads: Sequence[Read]


class Kind(StrEnum):
    """How a read is wrong."""

    ERROR = "error"
    """No response, or a status other than 200 and 304."""
    TORN = "torn"
    """An incomplete body: truncated, or a mixture of versions."""
    STALE = "stale"
    """Older than a version that was acknowledged before the read started."""
    FUTURE = "from the future"
    """Newer than all versions that were started before the read ended."""
    BACKWARD = "backward"
    """Older than a version that the same reader has read before."""


@dataclass(frozen=True)
class Violation:
    """A wrong read, its kind, and a description."""

    kind: Kind
    read: Read
    why: str


@dataclass(frozen=True)
class Verdict:
    """The violations, and the number of all reads."""

    reads: int
    violations: tuple[Violation, ...]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """The number of reads for each kind; a read may have two kinds."""
        found = Counter(violation.kind for violation in self.violations)
        return {kind: found[kind] for kind in Kind}

    @property
    def broken(self) -> int:
        """The number of wrong reads."""
        return len({id(violation.read) for violation in self.violations})

    def examples(self, most: int) -> Iterator[Violation]:
        """The first violations of each kind, `most` of each."""
        count = Counter[Kind]()
        for violation in self.violations:
            count[violation.kind] += 1
            if count[violation.kind] <= most:
                yield violation


def check(writes: Sequence[Write], reads: Sequence[Read]) -> Verdict:
    """Check every read; the order of the arguments does not matter."""
    acknowledged = _Newest((write.acknowledged, write.version) for write in writes)
    started = _Newest((write.started, write.version) for write in writes)
    newest_read = Counter[int]()  # by reader
    found: list[Violation] = []
    for read in sorted(reads, key=lambda read: read.started):
        least, most = acknowledged.at(read.started), started.at(read.ended)
        broken = _violations(read, least, most, newest_read[read.reader])
        found += [Violation(kind, read, why) for kind, why in broken]
        if read.version and read.version <= most:
            newest_read[read.reader] = max(newest_read[read.reader], read.version)
    return Verdict(len(reads), tuple(found))


def _violations(read: Read, least: int, most: int, before: int) -> Iterator[tuple[Kind, str]]:
    """The violations of one read; `before` is the newest version that its reader has read."""
    version = read.version
    if read.status not in (200, NOT_MODIFIED):
        yield Kind.ERROR, read.note or f"status {read.status}"
    elif version is None:
        kind = Kind.ERROR if read.status == NOT_MODIFIED else Kind.TORN
        yield kind, read.note or "the body is not complete"
    else:
        if version > most:
            yield Kind.FUTURE, f"version {version} when only {most} was started"
        if version < least:
            yield Kind.STALE, f"version {version} after {least} was acknowledged"
        if version < before:
            yield Kind.BACKWARD, f"version {version} after the same reader had read {before}"


class _Newest:
    """The newest version at a point in time; 0 before the first."""

    def __init__(self, points: Iterable[tuple[int | None, int]]) -> None:
        timed = sorted((when, version) for when, version in points if when is not None)
        self._times = [when for when, _ in timed]
        self._newest = [0, *accumulate((version for _, version in timed), max)]

    def at(self, when: int) -> int:
        return self._newest[bisect_right(self._times, when)]
