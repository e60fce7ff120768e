"""A strict parser of the diagrams that `graph` writes; other Mermaid syntax is an error."""

import re
from dataclasses import dataclass, field

from readmodel_cfn.analysis.graph.layout import Section

_LABEL = r"(?:[A-Za-z0-9 /{}.,:+*=?@_-]|#\d+;|<br/>)*"
_ID = r"[A-Z][A-Za-z0-9]*|node\d+|readers"
_SUBGRAPH = re.compile(rf'    subgraph ([a-z]+)\["({_LABEL})"\]')
_NODE = re.compile(rf'(?:    ){{1,2}}({_ID})(\[\(|\(\[|\[)"({_LABEL})"(\)\]|\]\)|\])')
_ARROW = re.compile(
    rf'    ({_ID}) (?:-- "({_LABEL})" -->|-\. "({_LABEL})" \.->|(-->)|-\.->) ({_ID})'
)
_CLOSING = {"[": "]", "[(": ")]", "([": "])"}


@dataclass(frozen=True)
class Drawn:
    """Nodes with their label lines and shapes; arrows with their ends, labels and solidity."""

    nodes: dict[str, list[str]] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)
    arrows: list[tuple[str, str, list[str], bool]] = field(default_factory=list)

    def of(self, name: str) -> str:
        """The id of the node that has this line."""
        (found,) = (node for node, lines in self.nodes.items() if name in lines)
        return found

    def between(self, source: str, target: str) -> list[tuple[list[str], bool]]:
        """The arrows between the nodes that have these lines."""
        ends = self.of(source), self.of(target)
        return [(lines, solid) for a, b, lines, solid in self.arrows if (a, b) == ends]


def read(text: str) -> Drawn:
    """Parse a diagram; an assertion fails on text outside the grammar."""
    first, *lines = text.removesuffix("\n").split("\n")
    assert first == "flowchart TB"
    assert text.endswith("\n")
    drawn, section = Drawn(), ""
    for line in lines:
        if subgraph := _SUBGRAPH.fullmatch(line):
            assert not section
            assert Section[subgraph[1].upper()].value == subgraph[2]
            section = subgraph[1]
            drawn.sections[section] = []
        elif line == "    end":
            assert section
            assert drawn.sections[section]
            section = ""
        elif node := _NODE.fullmatch(line):
            _add(drawn, node, section)
        else:
            _connect(drawn, line)
    assert not section
    return drawn


def _add(drawn: Drawn, node: re.Match[str], section: str) -> None:
    name, opening, label, closing = node.groups()
    assert name not in drawn.nodes
    assert not drawn.arrows
    assert _CLOSING[opening] == closing
    drawn.nodes[name], drawn.shapes[name] = _lines(label), opening + closing
    if section:
        drawn.sections[section].append(name)


def _connect(drawn: Drawn, line: str) -> None:
    arrow = _ARROW.fullmatch(line)
    assert arrow, line
    source, solid, dotted, bare, target = arrow.groups()
    assert {source, target} <= drawn.nodes.keys()
    label = solid or dotted
    drawn.arrows.append((source, target, _lines(label) if label else [], bool(solid or bare)))


def _lines(label: str) -> list[str]:
    return [re.sub(r"#(\d+);", lambda m: chr(int(m[1])), line) for line in label.split("<br/>")]
