"""The text of a mermaid flowchart.

Every label is quoted, and characters with a meaning in mermaid are written as entities:
https://mermaid.js.org/syntax/flowchart.html#special-characters-that-break-syntax
"""

import re
from collections.abc import Iterator, Sequence

from readmodel_cfn.analysis.graph.layout import Box, Line, Picture, Section
from readmodel_cfn.analysis.graph.nodes import BUCKET, READERS

_SPECIAL = re.compile(r"[^A-Za-z0-9 /{}.,:+*=?@_-]")
_SAFE_ID = re.compile(r"[A-Z][A-Za-z0-9]*")  # mermaid's keywords, such as end, are in lower case
_MAX_ITEMS = 3  # names or keys in a label
_MAX_NAME = 60  # characters of a name


def write(picture: Picture) -> str:
    """The flowchart, section by section; the arrows of requests and documents first."""
    ids = [_id(box, number) for number, box in enumerate(picture.boxes)]
    lines = ["flowchart TB"]
    for section in Section:
        shapes = [
            f"{ids[number]}{_shape(box)}"
            for number, box in enumerate(picture.boxes)
            if box.section is section
        ]
        lines += _subgraph(section, shapes) if section.value else shapes
    drawn = sorted(picture.lines, key=lambda line: not line.flow)
    lines += [f"{ids[line.source]} {_arrow(line)} {ids[line.target]}" for line in drawn]
    return "\n    ".join(lines) + "\n"


def _subgraph(section: Section, shapes: Sequence[str]) -> Iterator[str]:
    if shapes:
        yield f'subgraph {section.name.lower()}["{section.value}"]'
        yield from (f"    {shape}" for shape in shapes)
        yield "end"


def _id(box: Box, number: int) -> str:
    """The logical ID, or a number if mermaid could read the ID as a keyword."""
    first = box.nodes[0]
    if first == READERS:
        return "readers"
    return first.id if _SAFE_ID.fullmatch(first.id) else f"node{number}"


def _shape(box: Box) -> str:
    first = box.nodes[0]
    if first == READERS:
        return f'(["{first.name}"])'
    names = _first_few([node.name for node in box.nodes])
    parts = _first_few([part.name for part in box.parts])
    label = _label([*names, f"{first.kind} with" if parts else first.kind, *parts])
    return f'[("{label}")]' if first.type == BUCKET else f'["{label}"]'


def _arrow(line: Line) -> str:
    label = _label([*([line.head] if line.head else []), *_first_few(line.items)])
    if line.flow:
        return f'-- "{label}" -->' if label else "-->"
    return f'-. "{label}" .->' if label else "-.->"


def _first_few(names: Sequence[str]) -> list[str]:
    """The first names, and the number of the others if there are at least two."""
    if len(names) <= _MAX_ITEMS + 1:
        return list(names)
    return [*names[:_MAX_ITEMS], f"and {len(names) - _MAX_ITEMS} more"]


def _label(lines: Sequence[str]) -> str:
    return "<br/>".join(map(_escape, lines))


def _escape(text: str) -> str:
    short = text if len(text) <= _MAX_NAME else f"{text[:_MAX_NAME]}..."
    # mermaid renders $$ as a formula, even if written as entities
    short = short.replace("$$", "$ $")
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", short)
