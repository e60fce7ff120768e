"""Mermaid's own parser and layout accept the diagrams."""

import re

import pytest
from mermaidx import render

from graph_reader import read
from graph_templates import odd_names
from readmodel_cfn.analysis.graph import flowchart


def test_mermaid_renders_every_node_and_arrow() -> None:
    template = odd_names('"]', "<script>", "`a`", "%%{x", "#quot;", "a;b|c", "$$x$$")
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
