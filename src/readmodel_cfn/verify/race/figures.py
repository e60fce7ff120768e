"""Figures of a race: counts, latencies, and how much slower reads are during replacements."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from readmodel_cfn.verify.race.history import (
    ANOTHER,
    IDLE,
    NOT_MODIFIED,
    REPLACED,
    Kind,
    Measured,
    Phase,
    RacePlan,
    Read,
    Span,
    Verdict,
)

_MS = 1_000_000  # nanoseconds
_EXAMPLES = 3  # of each kind


@dataclass(frozen=True)
class Latency:
    """Milliseconds from sending the request to the last byte: two percentiles and the maximum."""

    p50: float
    p99: float
    longest: float


@dataclass(frozen=True)
class Row:
    """The figures of a phase; the latency is that of 200 responses, or None without any."""

    phase: str
    reads: int
    not_modified: int
    written: int
    latency: Latency | None


@dataclass(frozen=True)
class Ratio:
    """The latency during replacements divided by that in phase `to`."""

    to: str
    p50: float
    p99: float


def latency(reads: Sequence[Read]) -> Latency | None:
    """The latency of the reads that returned the document."""
    took = sorted(read.ended - read.started for read in reads if read.status == 200)
    if not took:
        return None
    return Latency(*(round(percentile(took, share) / _MS, 2) for share in (0.5, 0.99, 1.0)))


def percentile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of all values does not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]


def rows(measured: Measured) -> list[Row]:
    """A row for each phase."""
    return [_row(span) for span in measured.spans]


def _row(span: Span) -> Row:
    unchanged = sum(read.status == NOT_MODIFIED for read in span.reads)
    return Row(span.phase.name, len(span.reads), unchanged, len(span.writes), latency(span.reads))


def ratios(measured: Measured) -> list[Ratio]:
    """The phase that replaces the document, compared with each phase that does not."""
    by_phase = {span.phase: latency(span.reads) for span in measured.spans}
    pairs = ((phase, by_phase[phase], by_phase[REPLACED]) for phase in (IDLE, ANOTHER))
    return [_ratio(phase, base, busy) for phase, base, busy in pairs if base and busy]


def _ratio(phase: Phase, base: Latency, busy: Latency) -> Ratio:
    return Ratio(phase.name, round(busy.p50 / base.p50, 2), round(busy.p99 / base.p99, 2))


def as_json(plan: RacePlan, measured: Measured, verdict: Verdict) -> dict[str, Any]:
    """All figures as a JSON object; latencies in milliseconds."""
    examples = [
        {"kind": example.kind, "why": example.why, **asdict(example.read)}
        for example in verdict.examples(_EXAMPLES)
    ]
    return {
        "document_bytes": plan.size,
        "readers": plan.readers,
        "reads": verdict.reads,
        "versions": len(measured.writes),
        "acknowledged": sum(write.acknowledged is not None for write in measured.writes),
        "passed": not verdict.violations,
        "broken_reads": verdict.broken,
        "violations": {kind.value: count for kind, count in verdict.counts.items()},
        "examples": examples,
        "phases": [asdict(row) for row in rows(measured)],
        "ratios": [asdict(ratio) for ratio in ratios(measured)],
    }


def as_lines(measured: Measured, verdict: Verdict) -> list[str]:
    """The result of the check in a few lines."""
    counts = verdict.counts
    by_kind = ", ".join(f"{counts[kind]:,} {kind}" for kind in Kind)
    passed = verdict.reads - verdict.broken
    examples = [
        f"  {example.kind}: reader {example.read.reader}, {example.why}"
        for example in verdict.examples(_EXAMPLES)
    ]
    lost = any(write.acknowledged is None for write in measured.writes)
    return [
        f"{passed:,} of {verdict.reads:,} reads passed: {by_kind}",
        *examples,
        *(["The last write got no response, so the writer stopped."] if lost else []),
    ]
