"""A picture in mermaid's words.

Every label is quoted, and what could mean something to mermaid is written as an entity
(https://mermaid.js.org/syntax/flowchart.html#special-characters-that-break-syntax).
"""

import re
from collections.abc import Iterator, Sequence

from readmodel_cfn.analysis.graph.merge import Box, Line, Picture
from readmodel_cfn.analysis.graph.nodes import BUCKET
from readmodel_cfn.analysis.graph.picture import READERS, Section

_SPECIAL = re.compile(r"[^A-Za-z0-9 /{}.,:+*=?@_-]")
_OWN_ID = re.compile(r"[A-Z][A-Za-z0-9]*")  # mermaid's words, such as end, are in lower case
_MOST = 3  # names or keys that a label lists
_LONGEST = 60  # characters of a name


def write(picture: Picture) -> str:
    """The flowchart, section by section; of the arrows those of requests and payloads first."""
    ids = [_id(box, number) for number, box in enumerate(picture.boxes)]
    lines = ["flowchart TB"]
    for section in Section:
        shapes = [
            f"{ids[number]}{_shape(box)}"
            for number, box in enumerate(picture.boxes)
            if box.section is section
        ]
        lines += _subgraph(section, shapes) if section.value else shapes
    drawn = sorted(picture.lines, key=lambda one: not one.flow)
    lines += [f"{ids[one.source]} {_line(one)} {ids[one.target]}" for one in drawn]
    return "\n    ".join(lines) + "\n"


def _subgraph(section: Section, shapes: Sequence[str]) -> Iterator[str]:
    if shapes:
        yield f'subgraph {section.name.lower()}["{section.value}"]'
        yield from (f"    {one}" for one in shapes)
        yield "end"


def _id(box: Box, number: int) -> str:
    """The logical id, where mermaid can take it for nothing else."""
    first = box.nodes[0]
    if first == READERS:
        return "readers"
    return first.id if _OWN_ID.fullmatch(first.id) else f"node{number}"


def _shape(box: Box) -> str:
    first = box.nodes[0]
    if first == READERS:
        return f'(["{first.name}"])'
    names = _few([one.name for one in box.nodes])
    parts = _few([one.name for one in box.parts])
    label = _label([*names, f"{first.kind} with" if parts else first.kind, *parts])
    return f'[("{label}")]' if first.type == BUCKET else f'["{label}"]'


def _line(one: Line) -> str:
    label = _label([*([one.head] if one.head else []), *_few(one.items)])
    if one.flow:
        return f'-- "{label}" -->' if label else "-->"
    return f'-. "{label}" .->' if label else "-.->"


def _few(names: Sequence[str]) -> list[str]:
    """The first names, and how many others there are; one that stands alone is never counted."""
    if len(names) <= _MOST + 1:
        return list(names)
    return [*names[:_MOST], f"and {len(names) - _MOST} more"]


def _label(lines: Sequence[str]) -> str:
    return "<br/>".join(map(_words, lines))


def _words(text: str) -> str:
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    short = short.replace("$$", "$ $")  # a formula, even as entities
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", short)
