"""Merging: nodes that say the same are one, so that a large template stays a picture."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from readmodel_cfn.analysis.graph.parts import Whole
from readmodel_cfn.analysis.graph.picture import Arrow, Node, Section
from readmodel_cfn.analysis.graph.sections import section

_MOST_NODES = 40  # that a person still reads; mermaid itself stops at 500 arrows


@dataclass(frozen=True)
class Box:
    """Nodes of one section and kind, drawn as one, with the parts of all of them."""

    section: Section
    nodes: tuple[Node, ...]
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Line:
    """Arrows between two boxes, by their numbers, drawn as one."""

    source: int
    target: int
    head: str
    items: tuple[str, ...]
    flow: bool


@dataclass(frozen=True)
class Picture:
    """What is drawn."""

    boxes: Sequence[Box]
    lines: Sequence[Line]


def merge(whole: Whole) -> Picture:
    """The picture: nodes of one kind with the same arrows are one, and all of a kind if need be."""
    sections = {one: section(one, whole.arrows) for one in whole.parts}
    relations: dict[Node, set[Hashable]] = {one: set() for one in whole.parts}
    for one in whole.arrows:
        relations[one.source].add((one.target, one.head, one.flow))
        relations[one.target].add((one.head, one.flow, one.source))
    boxes = _boxes(whole, sections, lambda one: frozenset(relations[one]))
    if len(boxes) > _MOST_NODES:
        boxes = _boxes(whole, sections, lambda _: None)
    return Picture(boxes, list(_lines(boxes, whole.arrows)))


def _boxes(
    whole: Whole, sections: dict[Node, Section], key: Callable[[Node], Hashable]
) -> list[Box]:
    together: dict[Hashable, list[Node]] = {}
    for one in whole.parts:
        together.setdefault((sections[one], one.kind, key(one)), []).append(one)
    return [
        Box(sections[nodes[0]], tuple(nodes), tuple(p for one in nodes for p in whole.parts[one]))
        for nodes in together.values()
    ]


def _lines(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Iterator[Line]:
    number = {node: index for index, box in enumerate(boxes) for node in box.nodes}
    items: dict[tuple[int, int, str, bool], list[str]] = {}
    for one in arrows:
        place = number[one.source], number[one.target], one.head, one.flow
        items.setdefault(place, []).extend(one.items)
    telling = {(source, target) for source, target, head, flow in items if head or flow}
    for (source, target, head, flow), found in items.items():
        bare = not head and not flow and (source, target) in telling
        if source != target and not bare:
            yield Line(source, target, head, tuple(dict.fromkeys(found)), flow)
