"""The layout of a flowchart: nodes in sections, parts in their owners, similar nodes merged."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from readmodel_cfn.analysis.domains import DOMAINS, MAPPINGS
from readmodel_cfn.analysis.graph.arrows import ASSUMES, Arrow
from readmodel_cfn.analysis.graph.nodes import (
    ACCESS_KEY,
    BUCKET,
    DEPLOYMENT,
    DISTRIBUTION,
    GATEWAY_RESPONSE,
    IDENTITIES,
    READERS,
    STAGE,
    Node,
)
from readmodel_cfn.analysis.parts import REST_API
from readmodel_cfn.analysis.roles import POLICY_TYPES, USER

_MAX_BOXES = 40  # more are hard to read; mermaid itself allows 500 arrows
_CLOUDWATCH = "AWS::CloudWatch::"
_ACCOUNT, _LOG_GROUP = "AWS::ApiGateway::Account", "AWS::Logs::LogGroup"
_WEB_ACL, _USAGE_PLAN = "AWS::WAFv2::WebACL", "AWS::ApiGateway::UsagePlan"
_IN_FRONT = ("AWS::CloudFront::", "AWS::CertificateManager::", "AWS::Route53::", "AWS::WAFv2::")
"""What is in front of a stage or a distribution, by the beginning of the type."""
_OWNER_TYPES: Mapping[str, Sequence[str]] = {
    "AWS::S3::BucketPolicy": (BUCKET,),
    **dict.fromkeys(POLICY_TYPES, IDENTITIES),
    ACCESS_KEY: (USER,),
    "AWS::SecretsManager::Secret": (ACCESS_KEY,),
    GATEWAY_RESPONSE: (REST_API,),
    DEPLOYMENT: (STAGE,),
    **dict.fromkeys(MAPPINGS, DOMAINS),
    "AWS::ApiGateway::UsagePlanKey": (_USAGE_PLAN,),
    "AWS::ApiGateway::ApiKey": ("AWS::ApiGateway::UsagePlanKey",),
    "AWS::CertificateManager::Certificate": (*DOMAINS, DISTRIBUTION),
    "AWS::Route53::RecordSet": (*DOMAINS, DISTRIBUTION),
    "AWS::CloudFront::OriginAccessControl": (DISTRIBUTION,),
    "AWS::CloudFront::CachePolicy": (DISTRIBUTION,),
    "AWS::CloudFront::ResponseHeadersPolicy": (DISTRIBUTION,),
    "AWS::CloudFront::Function": (DISTRIBUTION,),
    "AWS::WAFv2::WebACLAssociation": (_WEB_ACL,),
}
"""The types that are parts of another resource, and the types of that resource."""


class Section(Enum):
    """The article's sections in its order, the logs, the alarms, and one for other resources."""

    OUTSIDE = ""
    STORE = "Data store"
    WRITER = "Writer"
    ROLE = "Gateway role"
    API = "API"
    DEPLOYMENT = "Deployment"
    LOGS = "Access logs"
    ALARMS = "Alarms"
    OTHER = "Other resources"


@dataclass(frozen=True)
class Box:
    """Nodes of one section and type that are drawn as one, with the parts of all of them."""

    section: Section
    nodes: tuple[Node, ...]
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Line:
    """Arrows between two boxes, by their indexes, that are drawn as one."""

    source: int
    target: int
    head: str
    items: tuple[str, ...]
    flow: bool


@dataclass(frozen=True)
class Picture:
    """The boxes and lines of a flowchart."""

    boxes: Sequence[Box]
    lines: Sequence[Line]


def lay_out(nodes: Sequence[Node], arrows: Sequence[Arrow]) -> Picture:
    """The picture; nodes of one type are one box if they have equal arrows or are many."""
    owners = _owners(nodes, arrows)
    parts: dict[Node, list[Node]] = {node: [] for node in nodes if node not in owners}
    for part in owners:
        parts[_outermost(part, owners)].append(part)
    outer = list(_between_outermost(arrows, owners))
    relations: dict[Node, set[Hashable]] = {node: set() for node in parts}
    for arrow in outer:
        relations[arrow.source].add((arrow.target, arrow.head, arrow.flow))
        relations[arrow.target].add((arrow.head, arrow.flow, arrow.source))
    sections = {node: _section(node, outer) for node in parts}
    boxes = _boxes(parts, sections, lambda node: frozenset(relations[node]))
    if len(boxes) > _MAX_BOXES:
        boxes = _boxes(parts, sections, lambda _: None)
    return Picture(boxes, list(_lines(boxes, outer)))


def _owners(nodes: Sequence[Node], arrows: Sequence[Arrow]) -> dict[Node, Node]:
    """The owner of each part that is related to exactly one possible owner."""
    owners: dict[Node, Node] = {}
    for node in nodes:
        types = _OWNER_TYPES.get(node.type, ())
        related = (a for a in arrows if node in a.ends) if types else ()
        possible = {end for arrow in related for end in arrow.ends if end.type in types}
        if len(possible) == 1:
            owners[node] = possible.pop()
    return owners


def _outermost(node: Node, owners: Mapping[Node, Node]) -> Node:
    """The owner of the owner: a secret is part of the access key, which is part of the user."""
    while node in owners:
        node = owners[node]
    return node


def _between_outermost(arrows: Sequence[Arrow], owners: Mapping[Node, Node]) -> Iterator[Arrow]:
    for arrow in arrows:
        source, target = (_outermost(end, owners) for end in arrow.ends)
        if source != target:
            yield replace(arrow, source=source, target=target)


def _section(node: Node, arrows: Sequence[Arrow]) -> Section:
    """The section of a node, by what it does, not by its name."""
    if node == READERS:
        return Section.OUTSIDE
    if node.type in (*DOMAINS, *MAPPINGS) or node.type.startswith(_IN_FRONT):
        return Section.DEPLOYMENT
    if node.type in (_ACCOUNT, _LOG_GROUP) or _is_target_of(_ACCOUNT, node, arrows):
        return Section.LOGS
    if node.type.startswith("AWS::ApiGateway::"):
        return Section.DEPLOYMENT if node.type in (STAGE, DEPLOYMENT) else Section.API
    if node.type == BUCKET and any(arrow.target == node and arrow.items for arrow in arrows):
        return Section.STORE
    if node.type.startswith(_CLOUDWATCH) or _is_target_of(_CLOUDWATCH, node, arrows):
        return Section.ALARMS
    if any(arrow.target == node and arrow.head == ASSUMES for arrow in arrows):
        return Section.ROLE
    return Section.WRITER if _writes(node, arrows) else Section.OTHER


def _is_target_of(kind: str, node: Node, arrows: Sequence[Arrow]) -> bool:
    """Whether an arrow from a type that begins with `kind` ends at the node."""
    return any(arrow.target == node and arrow.source.type.startswith(kind) for arrow in arrows)


def _writes(node: Node, arrows: Sequence[Arrow]) -> bool:
    """Whether it is an identity that may write to a bucket, by its own or a shared policy."""
    if node.type not in IDENTITIES:
        return False
    own = {node, *(arrow.target for arrow in arrows if arrow.source == node)}
    return any(
        arrow.flow and arrow.source in own and arrow.target.type == BUCKET for arrow in arrows
    )


def _boxes(
    parts: Mapping[Node, Sequence[Node]],
    sections: Mapping[Node, Section],
    key: Callable[[Node], Hashable],
) -> list[Box]:
    groups: dict[Hashable, list[Node]] = {}
    for node in parts:
        groups.setdefault((sections[node], node.kind, key(node)), []).append(node)
    return [
        Box(sections[nodes[0]], tuple(nodes), tuple(part for node in nodes for part in parts[node]))
        for nodes in groups.values()
    ]


def _lines(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Iterator[Line]:
    index = {node: number for number, box in enumerate(boxes) for node in box.nodes}
    items: dict[tuple[int, int, str, bool], list[str]] = {}
    for arrow in arrows:
        place = index[arrow.source], index[arrow.target], arrow.head, arrow.flow
        items.setdefault(place, []).extend(arrow.items)
    labelled = {(source, target) for source, target, head, flow in items if head or flow}
    for (source, target, head, flow), own_items in items.items():
        implied = not head and not flow and (source, target) in labelled
        if source != target and not implied:
            yield Line(source, target, head, tuple(dict.fromkeys(own_items)), flow)
