"""Parts: what belongs to one other resource is a line in that one's node."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from readmodel_cfn.analysis.graph.grants import ACCESS_KEY, POLICIES
from readmodel_cfn.analysis.graph.nodes import BUCKET, IDENTITIES, REST_API, USER
from readmodel_cfn.analysis.graph.picture import Arrow, Node
from readmodel_cfn.analysis.graph.requests import DEPLOYMENT, GATEWAY_RESPONSE, STAGE

_OWNERS: Mapping[str, Sequence[str]] = {
    "AWS::S3::BucketPolicy": (BUCKET,),
    **dict.fromkeys(POLICIES, IDENTITIES),
    ACCESS_KEY: (USER,),
    "AWS::SecretsManager::Secret": (ACCESS_KEY,),
    GATEWAY_RESPONSE: (REST_API,),
    DEPLOYMENT: (STAGE,),
}
"""The types of parts, and of what they belong to."""


@dataclass(frozen=True)
class Whole:
    """Nodes with their parts, and the arrows between them."""

    parts: Mapping[Node, Sequence[Node]]
    arrows: Sequence[Arrow]


def fold(nodes: Sequence[Node], arrows: Sequence[Arrow]) -> Whole:
    """Each part within its owner, where it has one alone."""
    owner = {one: found[0] for one in nodes if len(found := _owners(one, arrows)) == 1}
    parts: dict[Node, list[Node]] = {one: [] for one in nodes if one not in owner}
    for one in owner:
        parts[_top(one, owner)].append(one)
    return Whole(parts, list(_between(arrows, owner)))


def _owners(node: Node, arrows: Sequence[Arrow]) -> list[Node]:
    kinds = _OWNERS.get(node.type, ())
    related = (end for one in arrows if node in one.ends for end in one.ends) if kinds else ()
    return list(dict.fromkeys(end for end in related if end.type in kinds))


def _top(node: Node, owner: Mapping[Node, Node]) -> Node:
    """The owner's owner: a secret is the access key's, which is the user's."""
    while node in owner:
        node = owner[node]
    return node


def _between(arrows: Sequence[Arrow], owner: Mapping[Node, Node]) -> Iterator[Arrow]:
    for one in arrows:
        source, target = _top(one.source, owner), _top(one.target, owner)
        if source != target:
            yield replace(one, source=source, target=target)
