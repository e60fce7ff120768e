"""The matrix: every call that a scene makes, with every fault that it can meet."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fault_kinds import FOREVER, HARMLESS, HELD, Fault, kinds_for
from fault_proxy import Call
from fault_scenes import Scene

# What may last; the others are one bad answer among good ones.
FOR_GOOD = (
    "throttled",
    "500",
    "500 though done",
    "reset before",
    "answer lost",
    "expired token",
    "denied",
    "empty body",
    "garbage",
    "HTML of a portal",
)
_SOME = 3  # polls for which an operation seems to be in progress
_OCCURRENCES = 2  # of an action; the later ones are polls, alike


@dataclass(frozen=True)
class Cell:
    """One trial to do: how the process fares, in which scene, with which fault."""

    how: str
    scene: Scene
    fault: Fault


def cells(scene: Scene, calls: Sequence[Call]) -> Iterator[Cell]:
    """The cells of a scene, by the calls that it makes where nothing goes wrong."""
    for fault in _faults(calls):
        yield Cell("faults", scene, fault)
    for first in range(1, len(calls) + 1):
        for kind in HELD:
            yield Cell("killed", scene, Fault(kind, first=first))
        yield Cell("interrupted", scene, Fault("held after", first=first))


def _faults(calls: Sequence[Call]) -> Iterator[Fault]:
    count: Counter[str] = Counter()
    for call in calls:
        count[call.action] += 1
        if count[call.action] <= _OCCURRENCES:
            yield from _of(call.action, count[call.action])


def _of(action: str, nth: int) -> Iterator[Fault]:
    for kind in kinds_for(action):
        if kind == "still in progress":
            yield Fault(kind, action, nth, _SOME)
        elif kind in HARMLESS - {"slow"}:
            yield Fault(kind, action, nth, FOREVER)
        else:
            yield Fault(kind, action, nth)
        if kind in FOR_GOOD:
            yield Fault(kind, action, nth, FOREVER)
