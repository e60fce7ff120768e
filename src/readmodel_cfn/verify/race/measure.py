"""The measurement: the same readers while nothing is written, and while much is.

A document that is replaced is compared with itself while *another* one of its size is written: what
is slower then is slower because the endpoint, the network and this machine have more to do. Only
what is slower beyond that waits for the replacement.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.race.history import Read, Write
from readmodel_cfn.verify.race.readers import Readers
from readmodel_cfn.verify.race.writer import Put, Writer, Writing

_SECOND = 1_000_000_000
# The most that one run asks for.
_READS, _WRITES = 10_000, 1_000
_READ_BYTES, _WRITTEN_BYTES = 10_000_000_000, 2_000_000_000


@dataclass(frozen=True)
class Plan:
    """So many readers of a document of `size` bytes, for so many seconds."""

    size: int
    readers: int
    seconds: float

    @property
    def reads(self) -> int:
        """The most reads."""
        return min(_READS, _READ_BYTES // self.size)

    @property
    def writes(self) -> int:
        """The most writes."""
        return min(_WRITES, _WRITTEN_BYTES // self.size)


@dataclass(frozen=True)
class Phase:
    """A part of the measurement: what is written in it, and whether readers send the last ETag.

    `share` is its part of the time and of the requests.
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
class Span:
    """What happened in a phase: `writes` are those of the document that is written in it."""

    phase: Phase
    reads: Sequence[Read]
    writes: Sequence[Write]


@dataclass(frozen=True)
class Measured:
    """What happened: the phases, and all writes and reads of the document that is read."""

    spans: Sequence[Span]
    writes: Sequence[Write]
    reads: Sequence[Read]


def measure(
    plan: Plan, url: str, put: Put, put_another: Put, on_phase: Callable[[Phase], None]
) -> Measured:
    """Read the URL whose document `put` writes; `on_phase` is told what comes.

    Raises:
        ReadModelError: the first version cannot be written, or a reader has ended; and what `put`
            raises.
    """
    this, another = Writer(put, plan.size), Writer(put_another, plan.size)
    this.write()
    if not this.is_sure:
        raise ReadModelError("the first write got no answer", where=url, hint="run it again")
    with Readers(url, plan.readers) as readers:
        # Each connects, and whatever the first read costs is not in a phase.
        first = readers.read(time.perf_counter_ns() + 60 * _SECOND, 1, False)
        race = _Race(plan, readers, {"nothing": None, "another": another, "this": this})
        spans = []
        for phase in PHASES:
            on_phase(phase)
            spans.append(race.run(phase))
    reads = [*first, *(read for span in spans for read in span.reads)]
    return Measured(spans, this.writes, reads)


@dataclass(frozen=True)
class _Race:
    plan: Plan
    readers: Readers
    writers: dict[str, Writer | None]

    def run(self, phase: Phase) -> Span:
        plan, writer = self.plan, self.writers[phase.written]
        before = len(writer.writes) if writer else 0
        until = time.perf_counter_ns() + int(plan.seconds * phase.share * _SECOND)
        # Each reader has read once, and one version is written.
        most = int((plan.reads / plan.readers - 1) * phase.share)
        most_writes = int((plan.writes - 1) * phase.share)
        with Writing(writer, most_writes) if writer else nullcontext():
            reads = self.readers.read(until, most, phase.conditional)
        return Span(phase, reads, writer.writes[before:] if writer else ())
