"""The CloudFront Function gives the key that the gateway reads, or answers 404."""

import json
from itertools import product
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from javascript import PathsFunction
from readmodel_cfn import Cdn, ReadModel, Route, build_template, render
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import CLOUDFRONT_FUNCTION_BYTES
from readmodel_cfn.local.gateway.cloudformation import read_api
from readmodel_cfn.local.gateway.gateway import Call, Gateway, Snapshot
from readmodel_cfn.local.gateway.types import Request
from readmodel_cfn.template.paths_function import function_code
from readmodel_cfn.template.routes import serving_route
from strategies import examples, literals, route_lists

ROUTES = (
    Route("samples", "payload.json"),
    Route("products/{id}", "products/{id}.json"),
    Route("products/new", "products/newest.json"),
    Route("shops/{shop}/items/{item}", "items/{item}-of-{shop}.json"),
    Route("assets/{path+}", "files/{path}"),
    Route("constructor", "constructor.json"),
    Route("v1.0/{a}", ".well-known/{a}"),
)
FUNCTION = PathsFunction(function_code(ROUTES))

PATHS: dict[str, str | None] = {
    # Paths of routes.
    "/samples": "payload.json",
    "/products/42": "products/42.json",
    "/products/new": "products/newest.json",
    "/products/NEW": "products/NEW.json",
    "/products/a.b": "products/a.b.json",
    "/products/a_b-c": "products/a_b-c.json",
    "/shops/s1/items/i2": "items/i2-of-s1.json",
    "/assets/a": "files/a",
    "/assets/a/b/c.json": "files/a/b/c.json",
    "/constructor": "constructor.json",
    "/v1.0/x.json": ".well-known/x.json",
    # Slashes at the ends do not count.
    "/samples/": "payload.json",
    "//samples": "payload.json",
    "/products/42/": "products/42.json",
    "/assets/a/": "files/a",
    # Encoded values.
    "/products/%34%32": "products/42.json",
    "/products/a%2Db": "products/a-b.json",
    "/products/a%2eb": "products/a.b.json",
    "/assets/a/%62": "files/a/b",
    "/products/%6Eew": "products/new.json",
    # An encoded name is no name of a route.
    "/s%61mples": None,
    "/%73hops/1/items/2": None,
    # Encoded characters that no key has.
    "/products/a%2Fb": None,
    "/products/a%2fb": None,
    "/assets/a%2F..%2Fb": None,
    "/products/a%20b": None,
    "/products/a%00b": None,
    "/products/%C3%A4": None,
    "/products/%E2%82%AC": None,
    "/products/%252e": None,
    # Wrong encodings.
    "/products/%": None,
    "/products/%4": None,
    "/products/%zz": None,
    "/products/%ff": None,
    # Characters that no key has.
    "/products/a+b": None,
    "/products/a b": None,
    "/products/a;b": None,
    "/products/a:b": None,
    "/products/a,b": None,
    "/products/a@b": None,
    "/products/a~b": None,
    "/products/{id}": None,
    "/products/*": None,
    "/products/ä": None,
    "/products/a\\b": None,
    "/products/a\nb": None,
    "/products/a\n": None,
    # Dots.
    "/assets/..": None,
    "/assets/.": None,
    "/assets/../x": None,
    "/assets/a/../../secret": None,
    "/assets/./a": None,
    "/assets/%2e%2e/x": None,
    "/assets/.%2e": None,
    "/v1.0/..": None,
    "/../samples": None,
    "/samples/..": None,
    "/v1x0/a": None,
    "/products/..": "products/...json",
    # Empty and double slashes.
    "": None,
    "/": None,
    "//": None,
    "/products": None,
    "/products/": None,
    "/products//": None,
    "/products//42": None,
    "/assets//a": None,
    "/assets/a//b": None,
    "/assets": None,
    "/assets/": None,
    # A query is no part of the URI; a question mark is no part of a key.
    "/?list-type=2": None,
    "/samples?list-type=2": None,
    "/%3Flist-type=2": None,
    "/products/42%3Fversions": None,
    "/samples#x": None,
    # Unknown paths.
    "/payload.json": None,
    "/products/42.json/x": None,
    "/products/42/x": None,
    "/shops/s1/items": None,
    "/shops//items/i2": None,
    "/releases/live.json": None,
    "/__proto__": None,
    "/toString": None,
    "/hasOwnProperty/x": None,
    "/products/__proto__": "products/__proto__.json",
    "/=": None,
    "/+": None,
    "/{": None,
    "samples": "payload.json",
}


def gateway(model: ReadModel) -> Gateway:
    template = json.loads(render(build_template(model), "compact"))
    made = read_api(template, {"AWS::Region": "eu-west-1", "AWS::Partition": "aws"})
    return Gateway(Snapshot.from_definition(made.definition), made.stage)


def key_of(served: Gateway, path: str) -> str | None:
    """The key of the object that API Gateway reads: S3 decodes the path of its request."""
    step = served.prepare(Request("GET", path))
    return unquote(step.s3.key) if isinstance(step, Call) else None


def test_table_has_enough_paths() -> None:
    assert len(PATHS) >= 60


@pytest.mark.parametrize("path", PATHS)
def test_path_has_this_key(path: str) -> None:
    assert FUNCTION.key(path) == PATHS[path]


def test_key_is_that_of_the_gateway_or_none() -> None:
    served = gateway(ReadModel(routes=ROUTES))
    for path in PATHS:
        assert FUNCTION.key(path) in (None, key_of(served, path)), path


OVERLAPPING = (
    Route("a/{x}/c", "1/{x}.json"),
    Route("a/b/{y}", "2/{y}.json"),
    Route("a/b", "3.json"),
    Route("a/{x}/{z}/d", "4/{x}-{z}.json"),
    Route("{g}/c", "5/{g}"),
    Route("{g}/c/{h}", "6/{h}{g}"),
    Route("d/{x}/{rest+}", "7/{rest}/{x}.json"),
    Route("d/a/b", "8.json"),
)


def test_route_of_many_that_fit_is_the_gateway_s() -> None:
    function, served = PathsFunction(function_code(OVERLAPPING)), gateway(ReadModel(OVERLAPPING))
    for length in range(5):
        for parts in product("abcd", repeat=length):
            path = "/" + "/".join(parts)
            assert function.key(path) == key_of(served, path), path


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "//", "/%2e%2e/", "/?list-type=2", "/products/%255c"])
def test_no_method_gets_a_path_that_no_route_has(method: str, path: str) -> None:
    assert FUNCTION.answer(path, method)["statusCode"] == 404


def test_key_that_is_too_long_is_not_asked_of_s3() -> None:
    assert FUNCTION.key("/products/" + "a" * 1010) is not None
    assert FUNCTION.key("/products/" + "a" * 1011) is None


odd = ["", ".", "..", "%2e%2e", "%2F", "%", "%41", "a b", "ä", "{p0}", "x?y", "__proto__"]
segments = st.one_of(literals, st.sampled_from(odd), st.text(max_size=4))


@examples(0.5)
@given(route_lists, st.data())
def test_any_path_of_any_model_has_the_key_of_the_gateway_or_none(
    routes: tuple[Route, ...], data: st.DataObject
) -> None:
    function, served = PathsFunction(function_code(routes)), gateway(ReadModel(routes=routes))
    known = st.sampled_from([part for route in routes for part in route.path.split("/")])
    for _ in range(5):
        parts = data.draw(st.lists(st.one_of(known, segments), max_size=6))
        path = "/" + "/".join(parts)
        assert function.key(path) in (None, key_of(served, path))


@examples(0.5)
@given(route_lists, st.data())
def test_every_document_that_a_route_serves_can_be_read(
    routes: tuple[Route, ...], data: st.DataObject
) -> None:
    function = PathsFunction(function_code(routes))
    for route in routes:
        values = data.draw(st.lists(literals, min_size=9, max_size=9))
        key = route.key
        for name, value in zip(route.parameters, values, strict=False):
            key = key.replace(f"{{{name}}}", value)
        if found := serving_route(routes, key):
            assert function.key(f"/{found[1]}") == key


def test_answer_to_an_unknown_path_is_json_and_is_not_cached() -> None:
    found = FUNCTION.answer("/nothing")
    assert json.loads(found["body"])["message"]
    assert found["headers"]["content-type"]["value"] == "application/json"
    assert found["headers"]["cache-control"]["value"] == "no-store"


def test_request_keeps_its_headers() -> None:
    found = FUNCTION.answer("/samples", **{"if-none-match": '"1"'})
    assert found["headers"] == {"if-none-match": {"value": '"1"'}}


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (("*",), "https://a.example", "*"),
        (("https://a.example", "https://b.example"), "https://b.example", "https://b.example"),
        (("https://a.example",), "https://b.example", None),
        ((), "https://a.example", None),
    ],
)
def test_preflight_allows_only_the_origins(
    origins: tuple[str, ...], origin: str, allowed: str | None
) -> None:
    function = PathsFunction(function_code(ROUTES, origins, ["If-None-Match"]))
    for uri, status in (("/samples", 204), ("/", 404)):
        found = function.answer(uri, "OPTIONS", origin=origin)
        assert found["statusCode"] == status
        sent = found["headers"].get("access-control-allow-origin", {}).get("value")
        assert sent == allowed


def test_model_whose_function_is_too_long_is_refused() -> None:
    routes = tuple(Route(f"path-{n}/{{id}}", f"path-{n}/{{id}}.json") for n in range(145))
    short = routes[:100]
    assert len(function_code(short)) <= CLOUDFRONT_FUNCTION_BYTES
    large = [*routes, *(Route(f"{'x' * 60}{n}", f"{'x' * 60}{n}.json") for n in range(60))]
    with pytest.raises(ConfigError) as refused:
        function_code(large)
    assert refused.value.where == "routes"
    assert "\n" not in str(refused.value)
    build_template(ReadModel(routes=short, cdn=Cdn(origin="api")))
