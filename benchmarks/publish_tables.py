"""What publish_speed.py prints: documents a second, memory, and how many times as fast."""

from collections.abc import Mapping, Sequence
from typing import Any

import peers
from measure import Run, median, medians, verdict

OURS = "readmodel-cfn publish"
FIRST, UNCHANGED, CHANGED = "first", "unchanged", "1 % changed"
PHASES = (FIRST, UNCHANGED, CHANGED)
MOST_GROWTH = 1.3
"""The most that the peak memory of the most documents may be over that of the fewest."""

LEAST = {
    (peers.AWS_SYNC, FIRST): 10,
    **{(peers.AWS_SYNC, phase): 1 for phase in (UNCHANGED, CHANGED)},
    **{(peers.RCLONE, phase): 1 for phase in PHASES},
}
"""How many times as fast as another it is to be, on the S3 in memory; tuned rclone is only told."""

Phases = Mapping[str, Run]
Rounds = Sequence[Mapping[str, Phases]]
"""Of each round, each publisher's phases."""


def growth(found: Mapping[int, Phases], phase: str) -> float:
    """The peak of the most documents over that of the fewest."""
    return found[max(found)][phase].mib / found[min(found)][phase].mib


def times(rounds: Rounds, other: str, phase: str) -> float:
    """How many times as fast as another."""
    return median(one[other][phase].seconds / one[OURS][phase].seconds for one in rounds)


def summary(rounds: Rounds) -> dict[str, Phases]:
    """The medians."""
    return {
        name: {phase: medians([one[name][phase] for one in rounds]) for phase in PHASES}
        for name in rounds[0]
    }


def speed_table(where: str, found: Mapping[str, Phases], count: int) -> list[list[str]]:
    """Documents a second and peak memory."""
    head = [f"{phase}{what}" for phase in PHASES for what in (", a second", ", MiB")]
    rows = [[f"{where}; {count:,} documents", *head]]
    for name, each in found.items():
        figures = [(count / each[phase].seconds, each[phase].mib) for phase in PHASES]
        rows.append([name, *(f"{one:,.0f}" for figure in figures for one in figure)])
    return rows


def times_table(where: str, rounds: Rounds, asked: bool) -> list[list[str]]:
    """How many times as fast as each other one, and what is asked."""
    rows = [[f"{where}: times as fast as", *PHASES]]
    for other in list(rounds[0])[1:]:
        rows.append([other, *(_judged(rounds, other, phase, asked) for phase in PHASES)])
    return rows


def _judged(rounds: Rounds, other: str, phase: str, asked: bool) -> str:
    value, least = times(rounds, other, phase), LEAST.get((other, phase))
    if not asked or least is None:
        return f"{value:.1f}"
    return f"{value:.1f}, {'met' if value >= least else 'NOT MET'} (at least {least})"


def memory_table(found: Mapping[int, Phases]) -> list[list[str]]:
    """Peak memory by number of documents."""
    rows = [[f"{OURS}, peak MiB", *PHASES]]
    for count, each in found.items():
        rows.append([f"{count:,} documents", *(f"{each[phase].mib:.0f}" for phase in PHASES)])
    ratios = [growth(found, phase) for phase in PHASES]
    return [*rows, ["ratio", *(f"{one:.2f}, {verdict(one, MOST_GROWTH)}" for one in ratios)]]


def ceiling_table(limit: float) -> list[list[str]]:
    """What the S3 in memory itself takes."""
    return [["the S3 in memory alone", "PUTs a second"], ["16 connections", f"{limit:,.0f}"]]


def all_times(rounds: Rounds) -> dict[str, dict[str, float]]:
    """How many times as fast as each other one, for programs."""
    others = list(rounds[0])[1:]
    return {other: {phase: times(rounds, other, phase) for phase in PHASES} for other in others}


def plain(found: Mapping[Any, Phases]) -> dict[str, dict[str, dict[str, float]]]:
    """Figures for programs."""
    return {
        str(name): {phase: run._asdict() for phase, run in each.items()}
        for name, each in found.items()
    }
