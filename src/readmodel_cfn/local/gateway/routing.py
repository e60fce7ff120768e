"""Routing: finds the method and the path parameters for a request's path and HTTP method."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from readmodel_cfn.local.gateway.definition import DefinitionError
from readmodel_cfn.local.gateway.method import Method

_ANY_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: its full path as defined, its methods by HTTP method, and its ID."""

    path: str
    methods: Mapping[str, Method]
    id: str = ""

    def method(self, name: str) -> Method | None:
        """The method with this name, else ANY, which matches seven HTTP methods."""
        return self.methods.get(name) or (self.methods.get("ANY") if name in _ANY_METHODS else None)


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the routing tree, with its children by the next path segment."""

    resource: Resource | None
    static: Mapping[str, "Node"]
    parameter: tuple[str, "Node"] | None
    greedy: tuple[str, "Node"] | None


@dataclass(frozen=True, slots=True)
class Route:
    """The method for a request, with the path of its resource and the path parameters.

    `http_method` is the one that the resource declares: ANY, or that of the request.
    """

    http_method: str
    resource_path: str
    resource_id: str
    method: Method
    path_parameters: Mapping[str, str]


def build(resources: Iterable[Resource]) -> Node:
    """Build the routing tree of the resources.

    Raises:
        DefinitionError: a level has two different parameters, or a greedy parameter has children;
            API Gateway rejects both.
    """
    return _build([(segments(resource.path), resource) for resource in resources])


def _build(entries: Sequence[tuple[Sequence[str], Resource]]) -> Node:
    children: dict[str, list[tuple[Sequence[str], Resource]]] = {}
    for path, resource in entries:
        if path:
            children.setdefault(path[0], []).append((path[1:], resource))
    nodes = {segment: _build(below) for segment, below in children.items()}
    greedy = {segment: node for segment, node in nodes.items() if segment.endswith("+}")}
    parameters = {
        segment: node
        for segment, node in nodes.items()
        if segment.startswith("{") and segment not in greedy
    }
    return Node(
        resource=next((resource for path, resource in entries if not path), None),
        static={s: node for s, node in nodes.items() if s not in greedy and s not in parameters},
        parameter=_only(parameters),
        greedy=_without_children(_only(greedy)),
    )


def _only(nodes: Mapping[str, Node]) -> tuple[str, Node] | None:
    if len(nodes) > 1:
        names = ", ".join(sorted(nodes))
        raise DefinitionError("", f"only one variable path part is allowed at a level: {names}")
    for segment, node in nodes.items():
        return segment.strip("{+}"), node
    return None


def _without_children(greedy: tuple[str, Node] | None) -> tuple[str, Node] | None:
    if greedy and (greedy[1].static or greedy[1].parameter or greedy[1].greedy):
        raise DefinitionError("", f"the greedy path part {{{greedy[0]}+}} has children")
    return greedy


def segments(path: str) -> list[str]:
    """The segments of a path; slashes at its ends are ignored, and `//` inside is an empty segment.

    AWS routes `/things/` and `//things` to `/things`, and removes these slashes from a greedy
    parameter too (responses of AWS that LocalStack recorded, pull request 11304).
    """
    stripped = path.strip("/")
    return stripped.split("/") if stripped else []


def match(root: Node, path: str, http_method: str) -> Route | None:
    """The route of a request; None results in Missing Authentication Token.

    At each level a static part has precedence over `{parameter}`, and that over `{greedy+}`. The
    next one is tried if the rest of the path does not match, or if the resource has no such method:
    AWS routes on path and method together (measured on AWS in floci-io/floci, pull request 3399).
    """
    for resource, parameters in _candidates(root, segments(path), {}):
        if method := resource.method(http_method):
            declared = http_method if http_method in resource.methods else "ANY"
            return Route(declared, resource.path, resource.id, method, parameters)
    return None


def _candidates(
    node: Node, path: Sequence[str], parameters: Mapping[str, str]
) -> Iterator[tuple[Resource, Mapping[str, str]]]:
    if not path:
        if node.resource:
            yield node.resource, parameters
        return
    first, rest = path[0], path[1:]
    if child := node.static.get(first):
        yield from _candidates(child, rest, parameters)
    if node.parameter and first:
        name, child = node.parameter
        yield from _candidates(child, rest, {**parameters, name: first})
    if node.greedy:
        name, child = node.greedy
        yield from _candidates(child, (), {**parameters, name: "/".join(path)})
