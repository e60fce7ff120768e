"""Which paths an invalidation has."""

from typing import Any

import pytest

from readmodel_cfn import Route
from readmodel_cfn.publish.invalidation import ChangedRoutes, wildcards
from readmodel_cfn.publish.results import Deleted, Sent

ROUTES = (
    Route("samples", "payload.json"),
    Route("products/{id}", "products/{id}.json"),
    Route("news/{path+}", "articles/{path}"),
)


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ([], ()),
        ([Sent("other.json", '"1"', 1)], ()),
        ([Sent("products/1.json", '"1"', 1), Sent("products/2.json", '"1"', 1)], ("/products/*",)),
        ([Deleted("products/1.json")], ("/products/*",)),
        ([Sent("payload.json", '"1"', 1)], ("/samples*", "/payload.json*")),
        ([Sent("articles/a/b", '"1"', 1)], ("/news/*", "/articles/*")),
    ],
)
def test_each_changed_route_has_a_wildcard(values: list[Any], paths: tuple[str, ...]) -> None:
    passed_on: list[Any] = []
    changed = ChangedRoutes(ROUTES, passed_on.append)
    for value in values:
        changed(value)
    assert changed.paths == paths
    assert passed_on == values


def test_route_without_a_beginning_is_everything() -> None:
    assert wildcards([*ROUTES, Route("{id}", "{id}.json")]) == ("/*",)


def test_more_wildcards_than_cloudfront_allows_become_one() -> None:
    routes = [Route(f"p{number}/{{id}}", f"p{number}/{{id}}.json") for number in range(16)]
    assert len(wildcards(routes[:15])) == 15
    assert wildcards(routes) == ("/*",)
