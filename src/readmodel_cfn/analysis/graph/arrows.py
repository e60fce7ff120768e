"""The arrows of a flowchart: requests, documents, permissions, references and dependencies."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from readmodel_cfn.analysis.domains import MAPPINGS, DomainMapping, domain_mappings
from readmodel_cfn.analysis.graph.nodes import (
    ACCESS_KEY,
    BUCKET,
    DEPLOYMENT,
    DISTRIBUTION,
    GATEWAY_RESPONSE,
    IDENTITIES,
    METHOD,
    READERS,
    STAGE,
    Node,
    api_of,
    node_named,
    readable,
)
from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.parts import REST_API
from readmodel_cfn.analysis.roles import IDENTITY_TYPES, POLICY_TYPES, ROLE
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.branches import texts_of
from readmodel_cfn.cloudformation.patterns import has_star
from readmodel_cfn.cloudformation.policies import Statement, parse_branches
from readmodel_cfn.cloudformation.resources import Resource, references
from readmodel_cfn.cloudformation.s3_uri import Objects
from readmodel_cfn.cloudformation.values import PartialText

ASSUMES = "as"
"""The head of the arrow from a path to the role that API Gateway assumes for it."""
_WRITES = ("s3:PutObject", "s3:DeleteObject")

_Nodes = Mapping[str, Node]


@dataclass(frozen=True)
class Arrow:
    """A relation; `flow` is true for requests and documents.

    The label is `head`, and below it the first few of `items`, which are keys.
    """

    source: Node
    target: Node
    head: str = ""
    items: tuple[str, ...] = ()
    flow: bool = False

    @property
    def ends(self) -> tuple[Node, Node]:
        """Source and target."""
        return self.source, self.target


def find_arrows(view: View, nodes: _Nodes) -> list[Arrow]:
    """Each relation once: requests and permissions, then other references, then DependsOn."""
    arrows = [*_requests(view, nodes), *_permissions(view, nodes)]
    arrows += _unconnected(arrows, _references(view, nodes))
    return arrows + _dependencies(view, nodes, arrows)


def _requests(view: View, nodes: _Nodes) -> Iterator[Arrow]:
    """The path of a request: readers, stage, API, path, bucket; and the role that reads S3."""
    closed = {api.id for api in view.all_apis if api.default_endpoint_disabled}
    for resource in view.resources.values():
        if resource.type in (STAGE, DEPLOYMENT):
            yield from _stage(view, resource, nodes, closed)
        elif resource.type in (METHOD, GATEWAY_RESPONSE):
            yield from _part_of_api(view, resource, nodes)
        elif resource.type == DISTRIBUTION:
            yield from _distribution(resource, nodes)
    for mapping in domain_mappings(view):
        yield from _domain(view, mapping, nodes)
    for method in view.methods:
        yield from _integration(view, method, nodes)


def _stage(
    view: View, resource: Resource, nodes: _Nodes, closed: Collection[PartialText]
) -> Iterator[Arrow]:
    """From the readers to a stage, or to a deployment that creates its own stage.

    `closed` are the APIs whose own URL is disabled: readers reach them by a domain name only.
    """
    stage, api = view.text(resource.properties.get("StageName")), api_of(view, resource)
    if stage and api:
        if view.text(resource.properties.get("RestApiId")) not in closed:
            yield Arrow(READERS, nodes[resource.id], f"/{stage}", flow=True)
        yield Arrow(nodes[resource.id], api, flow=True)


def _domain(view: View, mapping: DomainMapping, nodes: _Nodes) -> Iterator[Arrow]:
    """From the readers to a domain name, and from there to the stage or the API."""
    domain = nodes[mapping.domain.id] if mapping.domain else nodes[mapping.resource.id]
    stage = next(
        (
            nodes[stage.id]
            for stage in view.of(STAGE)
            if mapping.stage in (view.text({"Ref": stage.id}), _stage_name(view, stage))
            and view.text(stage.properties.get("RestApiId")) == mapping.api
        ),
        None,
    )
    address = "/".join(filter(None, (readable(mapping.host), readable(mapping.path).strip("/"))))
    yield Arrow(READERS, domain, address, flow=True)
    if domain.id != mapping.resource.id:
        yield Arrow(domain, nodes[mapping.resource.id])
    yield Arrow(domain, stage or node_named(view, REST_API, mapping.api), flow=True)


def _distribution(resource: Resource, nodes: _Nodes) -> Iterator[Arrow]:
    """From the readers to a distribution, and on to the bucket or the stage of its origin."""
    config = resource.properties.get("DistributionConfig")
    origins = config.get("Origins") if isinstance(config, Mapping) else None
    yield Arrow(READERS, nodes[resource.id], flow=True)
    names = dict.fromkeys(name.partition(".")[0] for name in references(origins))
    found = [nodes[name] for name in names if name in nodes]
    stages = [node for node in found if node.type == STAGE]
    for node in found:
        if node.type in (BUCKET, STAGE) or (node.type == REST_API and not stages):
            yield Arrow(nodes[resource.id], node, flow=True)


def _stage_name(view: View, stage: Resource) -> PartialText:
    return view.text(stage.properties.get("StageName"))


def _part_of_api(view: View, resource: Resource, nodes: _Nodes) -> Iterator[Arrow]:
    """From the API to the path, and from the path to resources in its URI, such as a function."""
    api = api_of(view, resource)
    if api:
        yield Arrow(api, nodes[resource.id], flow=resource.type == METHOD)
    integration = resource.properties.get("Integration")
    uri = integration.get("Uri") if isinstance(integration, Mapping) else None
    for name in references(uri):
        target = nodes.get(name.partition(".")[0])
        if target and target.type != BUCKET:
            yield Arrow(nodes[resource.id], target, flow=True)


def _integration(view: View, method: Method, nodes: _Nodes) -> Iterator[Arrow]:
    """From the path to the bucket, with the key that is read, and to the role."""
    source, objects = nodes[method.id], method.objects
    if method.uri and objects:
        item = "lists" if method.lists else str(method.uri.key)
        yield Arrow(source, _bucket(view, method, objects), items=(item,), flow=True)
    if method.credentials:
        yield Arrow(source, node_named(view, ROLE, method.credentials), ASSUMES)


def _bucket(view: View, method: Method, objects: Objects) -> Node:
    if method.lists_buckets:
        return Node(BUCKET, "all buckets", detail="S3 Bucket, of the account")
    if method.bucket_sources and has_star(objects.bucket):
        return Node(BUCKET, "any bucket", detail="S3 Bucket, the request names it")
    name = method.uri.bucket if method.uri and has_star(objects.bucket) else objects.bucket
    return node_named(view, BUCKET, name)


def _permissions(view: View, nodes: _Nodes) -> Iterator[Arrow]:
    """From an identity to its policies and keys, and from identities and policies to buckets."""
    for resource in view.resources.values():
        node = nodes.get(resource.id)
        if node is None:
            continue
        if resource.type in IDENTITIES:
            yield from _allowed(view, node, _inline_statements(view, resource))
        elif resource.type in (*POLICY_TYPES, ACCESS_KEY):
            yield from (Arrow(holder, node) for holder in _holders(view, resource))
            document = resource.properties.get("PolicyDocument")
            policy = parse_branches(document, resource.id, "", view.evaluator)
            yield from _allowed(view, node, policy.statements)


def _inline_statements(view: View, identity: Resource) -> list[Statement]:
    return [
        statement
        for document in view.identity(identity).policies
        for statement in document.statements
        if statement.resource == identity.id
    ]


def _holders(view: View, resource: Resource) -> Iterator[Node]:
    """The identities to which a policy or an access key belongs."""
    for property_name, kind in IDENTITY_TYPES.items():
        names = texts_of(resource.properties.get(property_name), view.evaluator)
        yield from (node_named(view, kind, name) for name in names)


def _allowed(view: View, source: Node, statements: Sequence[Statement]) -> Iterator[Arrow]:
    """An arrow to each bucket that the statements name without a wildcard."""
    by_bucket: dict[PartialText, list[Statement]] = {}
    for statement in statements:
        for arn, objects in statement.objects:
            if statement.allows and ":s3:::" in str(arn) and not has_star(objects.bucket):
                by_bucket.setdefault(objects.bucket, []).append(statement)
    for bucket, allowing in by_bucket.items():
        yield _permission(source, node_named(view, BUCKET, bucket), allowing)


def _permission(source: Node, bucket: Node, statements: Sequence[Statement]) -> Arrow:
    actions = dict.fromkeys(action for statement in statements for action in statement.actions)
    keys = dict.fromkeys(
        str(objects.key)
        for statement in statements
        for _, objects in statement.objects
        if objects.key
    )
    writes = any(statement.may(action) for statement in statements for action in _WRITES)
    return Arrow(source, bucket, " ".join(actions), tuple(keys), writes)


def _references(view: View, nodes: _Nodes) -> Iterator[Arrow]:
    for resource in view.resources.values():
        if resource.type in MAPPINGS:
            continue  # a domain name is drawn with what it serves
        for name in references(resource.properties):
            target = nodes.get(name.partition(".")[0])
            if resource.id in nodes and target:
                yield Arrow(nodes[resource.id], target)


def _unconnected(arrows: Sequence[Arrow], more: Iterator[Arrow]) -> list[Arrow]:
    """The arrows of `more` between nodes that no arrow connects yet, each once."""
    related = {frozenset(arrow.ends) for arrow in arrows}
    return [
        arrow
        for arrow in dict.fromkeys(more)
        if arrow.source != arrow.target and frozenset(arrow.ends) not in related
    ]


def _dependencies(view: View, nodes: _Nodes, arrows: Sequence[Arrow]) -> list[Arrow]:
    """The DependsOn that no other arrow implies."""
    targets_of: dict[Node, set[Node]] = {}
    for arrow in arrows:
        targets_of.setdefault(arrow.source, set()).add(arrow.target)
    added: list[Arrow] = []
    for resource in view.resources.values():
        source = nodes.get(resource.id)
        targets = [nodes[name] for name in resource.depends_on if name in nodes]
        if source and targets:
            implied = _reachable(source, targets_of)
            added += [Arrow(source, target, "after") for target in targets if target not in implied]
    return list(dict.fromkeys(added))


def _reachable(start: Node, targets_of: Mapping[Node, set[Node]]) -> set[Node]:
    reachable = {start}
    left = [start]
    while left:
        new = targets_of.get(left.pop(), set()) - reachable
        reachable |= new
        left += new
    return reachable
