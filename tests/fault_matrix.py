"""The matrix: every call that a scene makes, with every fault that it can meet."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fault_commands import Command
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
    "HTML of a portal instead",
    "silence",
    "wrong ETag",
    "no ETag",
)
Item = TypeVar("Item")
_SOME = 3  # polls for which an operation seems to be in progress
_OCCURRENCES = 2  # of an action; the later ones are polls, alike


@dataclass(frozen=True)
class Cell:
    """One trial to do: how the process fares, in which scene or command, with which fault."""

    how: str
    scene: Scene | Command
    fault: Fault


def cells(scene: Scene | Command, calls: Sequence[Call]) -> Iterator[Cell]:
    """The cells of a scene or a command, by the calls that it makes without faults."""
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


def drawn(
    items: Iterable[Item], number: int, seed: str, kind: Callable[[Item], Hashable]
) -> list[Item]:
    """So many of the items, by chance, with as many kinds as there are or as fit."""
    groups: defaultdict[Hashable, list[Item]] = defaultdict(list)
    for item in items:
        groups[kind(item)].append(item)
    choose = random.Random(seed)  # noqa: S311 - the same items for a seed
    for group in groups.values():
        choose.shuffle(group)
    ranked = [
        (rank, choose.random(), item)
        for group in groups.values()
        for rank, item in enumerate(group)
    ]
    return [item for *_, item in sorted(ranked, key=lambda each: each[:2])[:number]]


def kind_of(cell: Cell) -> Hashable:
    """Cells of one kind: what happens, to which operation, once or from then on."""
    fault = cell.fault
    return cell.how, fault.kind, re.sub(r"\d+", "", fault.action), fault.times
