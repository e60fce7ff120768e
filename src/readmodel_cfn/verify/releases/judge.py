"""Which reads are wrong while releases are activated.

Each release has two documents, which contain its number. A reader gets one after the other over
one connection; the two reads are a page. A read is correct if

- its body is complete, and the header names the same release as the body;
- its release was activated, or is being activated, before the read ended;
- it is not older than a release that was read before on the same connection.

A page may have an old first document and a new second one: it was read during a switch. A new first
document and an old second one is a mixed page, which is wrong.

How soon a switch is seen is not judged but measured.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


@dataclass(frozen=True)
class Switch:
    """The activation of a release; times are nanoseconds of time.perf_counter_ns."""

    number: int
    started: int
    ended: int


@dataclass(frozen=True)
class Read:
    """One read of a page's first or second document; the reads of a connection do not overlap.

    `number` is that of the release in the body, None if the body is not complete; `header` is that
    of the release in the header, None if there is none. `status` is 0 if there was no response.
    """

    connection: tuple[int, int]
    page: int
    started: int
    ended: int
    status: int
    number: int | None = None
    header: int | None = None
    note: str = ""


class Kind(StrEnum):
    """How a read is wrong."""

    ERROR = "error"
    """No response, or a status other than 200."""
    TORN = "torn"
    """An incomplete body."""
    HEADER = "wrong header"
    """The header names another release than the body has."""
    FUTURE = "from the future"
    """A release whose activation had not started."""
    BACKWARD = "backward"
    """Older than a release that was read before on the same connection."""


@dataclass(frozen=True)
class Violation:
    """A wrong read, its kind, and a description."""

    kind: Kind
    read: Read
    why: str


@dataclass(frozen=True)
class Verdict:
    """What was found.

    `mixed` is the number of pages whose second document is older than the first, `crossing` that of
    pages whose second one is newer, which is allowed. `delays` has for each release the nanoseconds
    from the end of its activation to the first read of it, and to the last read of an older one; 0
    if that was before the end.
    """

    reads: int
    pages: int
    mixed: int
    crossing: int
    violations: tuple[Violation, ...]
    first_seen: tuple[int, ...]
    last_old: tuple[int, ...]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """The number of wrong reads of each kind."""
        found = Counter(violation.kind for violation in self.violations)
        return {kind: found[kind] for kind in Kind}


def judge(switches: Sequence[Switch], reads: Sequence[Read]) -> Verdict:
    """Compare the reads with the activations."""
    ordered = sorted(reads, key=lambda read: (read.connection, read.started))
    pages = _pages(ordered)
    return Verdict(
        reads=len(reads),
        pages=len(pages),
        mixed=sum(first > second for first, second in pages),
        crossing=sum(first < second for first, second in pages),
        violations=tuple(_violations(switches, ordered)),
        first_seen=tuple(_first_seen(switches, reads)),
        last_old=tuple(_last_old(switches, reads)),
    )


def _pages(ordered: Sequence[Read]) -> list[tuple[int, int]]:
    """The numbers of both documents of each page that was read whole over one connection."""
    return [
        (first.number, second.number)
        for first, second in pairwise(ordered)
        if (first.connection, first.page) == (second.connection, second.page)
        and first.number is not None
        and second.number is not None
    ]


def _violations(switches: Sequence[Switch], ordered: Sequence[Read]) -> Iterator[Violation]:
    started = {switch.number: switch.started for switch in switches}
    newest: dict[tuple[int, int], int] = {}
    for read in ordered:
        before = newest.get(read.connection, 0)
        for kind, why in _wrong(read, started, before):
            yield Violation(kind, read, why)
        newest[read.connection] = max(before, read.number or 0)


def _wrong(read: Read, started: Mapping[int, int], before: int) -> Iterator[tuple[Kind, str]]:
    if read.status != 200:
        yield Kind.ERROR, read.note or f"status {read.status}"
        return
    number = read.number
    if number is None:
        yield Kind.TORN, read.note or "the body is not complete"
        return
    if read.header != number:
        yield Kind.HEADER, f"release {number} with the header of {read.header or 'none'}"
    if started.get(number, read.ended + 1) > read.ended:
        yield Kind.FUTURE, f"release {number} before its activation started"
    if number < before:
        yield Kind.BACKWARD, f"release {number} after {before} on the same connection"


def _first_seen(switches: Sequence[Switch], reads: Sequence[Read]) -> Iterator[int]:
    """For each switch, how long after its end it was first seen; nothing if it never was."""
    for switch in switches:
        seen = [read.ended for read in reads if read.number and read.number >= switch.number]
        if seen:
            yield max(0, min(seen) - switch.ended)


def _last_old(switches: Sequence[Switch], reads: Sequence[Read]) -> Iterator[int]:
    """For each switch, how long after its end an older release was last seen."""
    for switch in switches:
        old = [read.started for read in reads if read.number and read.number < switch.number]
        yield max(0, max(old, default=0) - switch.ended)
