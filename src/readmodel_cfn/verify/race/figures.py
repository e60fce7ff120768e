"""Figures: how many reads, how long they took, and how much longer than while nothing happened."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from readmodel_cfn.verify.race.history import NOT_MODIFIED, Kind, Read, Verdict
from readmodel_cfn.verify.race.measure import ANOTHER, IDLE, REPLACED, Measured, Phase, Plan, Span

_MS = 1_000_000  # nanoseconds
_EXAMPLES = 3  # of each kind


@dataclass(frozen=True)
class Latency:
    """Milliseconds, from asking to the last byte, that half and 99 of 100 reads stayed within."""

    p50: float
    p99: float
    longest: float


@dataclass(frozen=True)
class Row:
    """A phase in figures; the latency is that of whole documents, None where none was read."""

    phase: str
    reads: int
    not_modified: int
    written: int
    latency: Latency | None


@dataclass(frozen=True)
class Ratio:
    """How many times as long reads took while the document was replaced."""

    to: str
    p50: float
    p99: float


def latency(reads: Sequence[Read]) -> Latency | None:
    """The latency of the reads that brought the document."""
    took = sorted(one.ended - one.started for one in reads if one.status == 200)
    if not took:
        return None
    return Latency(*(round(percentile(took, share) / _MS, 2) for share in (0.5, 0.99, 1.0)))


def percentile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that this share of all values does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def rows(measured: Measured) -> list[Row]:
    """A row for each phase."""
    return [_row(span) for span in measured.spans]


def _row(span: Span) -> Row:
    unchanged = sum(one.status == NOT_MODIFIED for one in span.reads)
    return Row(span.phase.name, len(span.reads), unchanged, len(span.writes), latency(span.reads))


def ratios(measured: Measured) -> list[Ratio]:
    """The phase in which the document is replaced, beside each in which it is not."""
    by_phase = {span.phase: latency(span.reads) for span in measured.spans}
    pairs = ((phase, by_phase[phase], by_phase[REPLACED]) for phase in (IDLE, ANOTHER))
    return [_ratio(phase, base, busy) for phase, base, busy in pairs if base and busy]


def _ratio(phase: Phase, base: Latency, busy: Latency) -> Ratio:
    return Ratio(phase.name, round(busy.p50 / base.p50, 2), round(busy.p99 / base.p99, 2))


def as_json(plan: Plan, measured: Measured, verdict: Verdict) -> dict[str, Any]:
    """All of it for programs; latencies in milliseconds."""
    examples = [
        {"kind": one.kind, "why": one.why, **asdict(one.read)}
        for one in verdict.examples(_EXAMPLES)
    ]
    return {
        "document_bytes": plan.size,
        "readers": plan.readers,
        "reads": verdict.reads,
        "versions": len(measured.writes),
        "acknowledged": sum(one.acknowledged is not None for one in measured.writes),
        "passed": not verdict.violations,
        "broken_reads": verdict.broken,
        "violations": {kind.value: count for kind, count in verdict.counts.items()},
        "examples": examples,
        "phases": [asdict(one) for one in rows(measured)],
        "ratios": [asdict(one) for one in ratios(measured)],
    }


def as_lines(measured: Measured, verdict: Verdict) -> list[str]:
    """What the judge found, for people."""
    counts = verdict.counts
    told = ", ".join(f"{counts[kind]:,} {kind}" for kind in Kind)
    passed = verdict.reads - verdict.broken
    first = [
        f"  {one.kind}: reader {one.read.reader}, {one.why}" for one in verdict.examples(_EXAMPLES)
    ]
    lost = any(one.acknowledged is None for one in measured.writes)
    return [
        f"{passed:,} of {verdict.reads:,} reads passed: {told}",
        *first,
        *(["The last write got no answer, so nothing was written after it."] if lost else []),
    ]
