"""Mermaid itself draws the pictures: its own parser and layout, without a browser."""

import re

import pytest
from graph_reader import read
from graph_templates import Content, odd_names, shared
from mermaidx import render

from readmodel_cfn.analysis.graph import flowchart

ODD = odd_names('"]', "<script>", "`a`", "%%{x", "#quot;", "a;b|c", "$$x$$")


@pytest.mark.parametrize("template", [shared(), ODD], ids=["shared", "odd"])
def test_mermaid_renders_every_node_and_arrow(template: Content) -> None:
    text = flowchart(template)
    svg = render(text).svg()
    drawn = read(text)
    nodes = re.findall(r'<g class="node[^>]* id="my-svg-flowchart-(\w+)-\d+"', svg)
    arrows = set(re.findall(r'data-id="L_(\w+)_(\w+)_\d+"', svg))
    assert sorted(nodes) == sorted(drawn.nodes)
    assert arrows == {(source, target) for source, target, _, _ in drawn.arrows}


def test_mermaid_rejects_invalid_text() -> None:
    with pytest.raises(RuntimeError, match="Parse error"):
        render('flowchart TB\n    end["A"]\n').svg()
