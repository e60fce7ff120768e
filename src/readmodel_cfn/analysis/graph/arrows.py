"""The arrows of a picture: what the resources say of each other."""

from collections.abc import Iterator, Mapping, Sequence

from readmodel_cfn.analysis.graph.grants import grants
from readmodel_cfn.analysis.graph.picture import Arrow, Node
from readmodel_cfn.analysis.graph.requests import requests
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.references import references

Named = Mapping[str, Node]


def arrows(view: View, named: Named) -> list[Arrow]:
    """Each relation once: those whose meaning is known, then bare references, then DependsOn."""
    found = [*requests(view, named), *grants(view, named)]
    found += _new(found, _references(view, named))
    return found + _waiting(view, named, found)


def _references(view: View, named: Named) -> Iterator[Arrow]:
    for one in view.resources.values():
        for name in references(one.properties):
            target = named.get(name.partition(".")[0])
            if one.id in named and target:
                yield Arrow(named[one.id], target)


def _new(found: Sequence[Arrow], more: Iterator[Arrow]) -> list[Arrow]:
    """Those between nodes that nothing relates yet, each once."""
    linked = {frozenset(one.ends) for one in found}
    return [
        one
        for one in dict.fromkeys(more)
        if one.source != one.target and frozenset(one.ends) not in linked
    ]


def _waiting(view: View, named: Named, found: Sequence[Arrow]) -> list[Arrow]:
    """What DependsOn adds: an order of creation that no other arrow tells."""
    below: dict[Node, set[Node]] = {}
    for one in found:
        below.setdefault(one.source, set()).add(one.target)
    added: list[Arrow] = []
    for resource in view.resources.values():
        source = named.get(resource.id)
        targets = (named[name] for name in resource.depends_on if name in named)
        if source:
            told = _reached(source, below)
            added += [Arrow(source, one, "after") for one in targets if one not in told]
    return list(dict.fromkeys(added))


def _reached(start: Node, below: Mapping[Node, set[Node]]) -> set[Node]:
    found = {start}
    left = [start]
    while left:
        new = below.get(left.pop(), set()) - found
        found |= new
        left += new
    return found
