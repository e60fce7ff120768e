"""Which paths an invalidation has."""

from typing import Any

import pytest

from readmodel_cfn import Cdn, ReadModel, ReadModelStack, Route
from readmodel_cfn.errors import Unfinished
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


def test_keys_are_not_invalidated_if_cloudfront_reads_the_api() -> None:
    changed = ChangedRoutes(ROUTES, lambda _: None, "api")
    for key in ("payload.json", "articles/a/b"):
        changed.add(key)
    assert changed.paths == ("/samples*", "/news/*")


def test_route_without_a_beginning_is_everything() -> None:
    assert wildcards([*ROUTES, Route("{id}", "{id}.json")]) == ("/*",)


def test_more_wildcards_than_cloudfront_allows_become_one() -> None:
    routes = [Route(f"p{number}/{{id}}", f"p{number}/{{id}}.json") for number in range(16)]
    assert len(wildcards(routes[:15])) == 15
    assert wildcards(routes) == ("/*",)


def test_what_an_unfinished_run_has_sent_is_invalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run does not send it again, and so would not invalidate it."""

    def publish(*_: Any, on_progress: Any, **__: Any) -> None:
        on_progress(Sent("products/1.json", '"1"', 1))
        raise Unfinished("S3 refused a document", where="publish")

    invalidated: list[tuple[str, ...]] = []
    monkeypatch.setattr("readmodel_cfn.publish.publish.publish", publish)
    monkeypatch.setattr(
        ReadModelStack, "_invalidate", lambda _, changed, *__: invalidated.append(changed.paths)
    )
    stack = ReadModelStack("shop", ReadModel(routes=ROUTES, cdn=Cdn()))
    for invalidate in (False, True):
        with pytest.raises(Unfinished):
            stack.publish({}, invalidate=invalidate)
    assert invalidated == [("/products/*",)]


def test_unfinished_run_says_what_is_not_invalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(*_: Any, on_progress: Any, **__: Any) -> None:
        on_progress(Sent("products/1.json", '"1"', 1))
        raise Unfinished("S3 refused a document", where="publish")

    def denied(*_: object) -> None:
        raise Unfinished("not invalidated: AccessDenied", where="distribution E1")

    monkeypatch.setattr("readmodel_cfn.publish.publish.publish", publish)
    monkeypatch.setattr(ReadModelStack, "_invalidate", denied)
    stack = ReadModelStack("shop", ReadModel(routes=ROUTES, cdn=Cdn()))
    notes: list[Any] = []
    with pytest.raises(Unfinished, match="S3 refused"):
        stack.publish({}, invalidate=True, on_progress=notes.append)
    assert "AccessDenied" in notes[-1].text
