"""Graph: a template as a picture, a mermaid flowchart made from the template alone.

A solid arrow is the way of a request or a payload: readers, stage, API, path, bucket; writer,
bucket. A dotted one is any other relation. Both are what the resources say of each other, never
what their names suggest.

What makes it readable, also with the 160 routes that a template can hold:

- The methods of a path are one node; the API resources are its path.
- What belongs to one other resource, as a policy to its role, is a line in that one's node.
- Nodes of one kind with the same arrows are one, which names the first few and counts the others:
  a hundred routes to one bucket are one node. Where more than a person can read are left all the
  same, all of a kind in a section are one.
"""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.analysis.graph.arrows import arrows
from readmodel_cfn.analysis.graph.merge import merge
from readmodel_cfn.analysis.graph.mermaid import write
from readmodel_cfn.analysis.graph.nodes import by_logical_id
from readmodel_cfn.analysis.graph.parts import fold
from readmodel_cfn.analysis.view import View

__all__ = ["flowchart"]


def flowchart(template: Mapping[str, Any]) -> str:
    """The template's picture as the text of a mermaid flowchart, with a line break at its end.

    It is the same for the same template. Odd templates give fewer arrows, never an exception.
    """
    view = View(template)
    named = by_logical_id(view)
    drawn = arrows(view, named)
    nodes = dict.fromkeys([*named.values(), *(end for one in drawn for end in one.ends)])
    return write(merge(fold(list(nodes), drawn)))
