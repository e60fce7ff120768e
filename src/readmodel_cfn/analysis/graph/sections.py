"""Which of the article's sections each node belongs to: by what it does, not by its name."""

from collections.abc import Sequence

from readmodel_cfn.analysis.graph.nodes import BUCKET, IDENTITIES
from readmodel_cfn.analysis.graph.picture import READERS, Arrow, Node, Section
from readmodel_cfn.analysis.graph.requests import DEPLOYMENT, STAGE


def section(node: Node, arrows: Sequence[Arrow]) -> Section:
    """The section of a node, by all the arrows of the picture."""
    if node == READERS:
        return Section.OUTSIDE
    if node.type.startswith("AWS::ApiGateway::"):
        return Section.DEPLOYMENT if node.type in (STAGE, DEPLOYMENT) else Section.API
    if node.type == BUCKET and any(one.target == node and one.items for one in arrows):
        return Section.STORE
    if any(one.target == node and one.head == "as" for one in arrows):
        return Section.ROLE
    return Section.WRITER if _writes(node, arrows) else Section.OTHER


def _writes(node: Node, arrows: Sequence[Arrow]) -> bool:
    """Is it a user, role or group that may write to a bucket, by itself or by a shared policy?"""
    if node.type not in IDENTITIES:
        return False
    own = {node, *(one.target for one in arrows if one.source == node)}
    return any(one.flow and one.source in own and one.target.type == BUCKET for one in arrows)
