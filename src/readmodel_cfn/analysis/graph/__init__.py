"""A template as a mermaid flowchart, without AWS.

A solid arrow is a request or a document: readers, stage, API, path, bucket; writer, bucket. A
dotted arrow is any other relation. Both come from what the resources refer to, not from names.

Large templates stay readable, even with 160 routes, the most that fit into one template:

- The methods of a path are one node, and so are an API and its API Gateway resources.
- A resource that belongs to one other, such as a policy to its role, is a line in that node.
- Nodes of one type with the same arrows are merged: the label lists the first few and counts the
  rest. If too many nodes remain, all of one type in a section are merged.
"""

from readmodel_cfn.analysis.graph.arrows import find_arrows
from readmodel_cfn.analysis.graph.layout import lay_out
from readmodel_cfn.analysis.graph.mermaid import write
from readmodel_cfn.analysis.graph.nodes import find_nodes
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.reader import TemplateSource, template_content

__all__ = ["flowchart"]


def flowchart(template: TemplateSource) -> str:
    """The text of a mermaid flowchart, always the same for the same template.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    view = View(template_content(template))
    nodes = find_nodes(view)
    arrows = find_arrows(view, nodes)
    drawn = dict.fromkeys([*nodes.values(), *(end for arrow in arrows for end in arrow.ends)])
    return write(lay_out(list(drawn), arrows))
