"""Routes: allowed paths and keys, matching, and ARN patterns."""

import re
import string
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn import Route
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.routes import check_routes, find_route, serving_route
from strategies import routes

LONGEST = "k" * 1024

ACCEPTED = [
    ("samples", "payload.json"),
    ("products/{id}", "products/{id}.json"),
    ("{id}", "{id}"),
    ("{path+}", "all/{path}"),
    ("assets/{path+}", "assets/{path}"),
    ("a/{x}/b/{y}", "{y}/{x}.json"),
    ("shops/{shop}/{rest+}", "{shop}/{rest}"),
    ("products/{id}", "{id}/{id}.json"),
    ("A.b_c-9", "..a/...json"),
    ("long", LONGEST),
]


@pytest.mark.parametrize(("path", "key"), ACCEPTED)
def test_safe_paths_and_keys_are_accepted(path: str, key: str) -> None:
    assert (Route(path, key).path, Route(path, key).key) == (path, key)


BAD_PATHS = [
    ("", "empty"),
    ("/samples", "slash first"),
    ("samples/", "slash last"),
    ("a//b", "empty segment"),
    ("a b", "space"),
    ("a+b", "plus"),
    ("a%20b", "percent"),
    ("é", "beyond ASCII"),
    ("a?b", "query"),
    ("a:b", "colon"),
    ("samples\n", "line break"),
    ("{}", "nameless"),
    ("{1id}", "digit first"),
    ("{a-b}", "dash in a name"),
    ("{id", "half a brace"),
    ("id}", "half a brace"),
    ("p{id}", "text and parameter in one segment"),
    ("{a}{b}", "two parameters in one segment"),
    ("{rest+}/tail", "greedy not last"),
    ("{a+}/{b+}", "two greedy"),
    (".", "dot segment"),
    ("a/../b", "parent segment"),
    ("a/{id}/{id}", "a parameter twice"),
]


@pytest.mark.parametrize(("path", "why"), BAD_PATHS, ids=[why for _, why in BAD_PATHS])
def test_invalid_path_is_refused(path: str, why: str) -> None:
    with pytest.raises(OptionError) as refused:
        Route(path, "payload.json" if "id" not in path else "{id}.json")
    assert refused.value.key == "routes.path", why
    assert refused.value.value == path
    assert refused.value.exit_code == 2


BAD_KEYS = [
    ("", "empty"),
    ("/k.json", "slash first"),
    ("k/", "slash last"),
    ("a//b", "empty segment"),
    ("a b.json", "space"),
    ("a+b", "plus"),
    ("a*b", "a wildcard of IAM"),
    ("a?b", "a wildcard of IAM"),
    ("${x}", "a variable of IAM"),
    ("é.json", "beyond ASCII"),
    ("k.json\n", "line break"),
    ("{other}.json", "a parameter that the path lacks"),
    ("{path+}", "a greedy parameter is written without its plus"),
    ("a/./b", "dot segment"),
    ("../k.json", "parent segment"),
    (LONGEST + "k", "longer than S3 takes"),
]


@pytest.mark.parametrize(("key", "why"), BAD_KEYS, ids=[why for _, why in BAD_KEYS])
def test_invalid_key_is_refused(key: str, why: str) -> None:
    with pytest.raises(OptionError) as refused:
        Route("samples", key)
    assert refused.value.key == "routes.key", why
    assert refused.value.value == key


def test_key_must_have_the_parameters_of_the_path() -> None:
    with pytest.raises(OptionError, match=re.escape("{shop}, {id}")):
        Route("{shop}/{id}", "{id}.json")


def test_long_keys_do_not_backtrack() -> None:
    """A pattern that backtracks would need longer than the age of the universe for these."""
    for text in ("a" * 1000 + " ", "a." * 500 + "{", "a/" * 500 + "{", "{a}" * 300 + " "):
        with pytest.raises(OptionError):
            Route("samples", text)
        with pytest.raises(OptionError):
            Route(text, "payload.json")


def test_empty_route_list_is_refused() -> None:
    with pytest.raises(OptionError):
        check_routes([])


def test_repeated_path_is_refused() -> None:
    with pytest.raises(OptionError) as refused:
        check_routes([Route("a", "1.json"), Route("b", "2.json"), Route("a", "3.json")])
    assert refused.value.value == "a"


@pytest.mark.parametrize(
    ("first", "other", "place"),
    [
        ("{id}", "{sku}", ""),
        ("{id}", "{id+}", ""),
        ("products/{id}", "products/{sku}", "'products'"),
        ("products/{id}/a", "products/{sku}/b", "'products'"),
        ("p/{a}/{b}", "p/{a}/{c+}", "'p/{a}'"),
    ],
)
def test_different_parameters_at_one_place_are_refused(first: str, other: str, place: str) -> None:
    """API Gateway: a sibling of this resource already has a variable path part."""
    with pytest.raises(ConfigError) as refused:
        check_routes([keyed(first), keyed(other)])
    assert place in str(refused.value)


def test_same_parameter_or_another_level_is_accepted() -> None:
    check_routes([keyed("p/{id}"), keyed("p/{id}/{part}"), keyed("q/{sku}"), keyed("p/new")])


def keyed(path: str) -> Route:
    return Route(path, path.replace("+", ""))


def test_the_example_of_a_route_is_the_path_of_its_key() -> None:
    for route in (Route(), Route("{shop}/{rest+}", "{shop}/{rest}.json")):
        example = route.example
        assert route.match_key(example.key)
        assert route.path_of_key(example.key) == example.path


def test_paths_are_the_route_and_its_parents() -> None:
    assert keyed("a/{id}/{rest+}").paths == ["a", "a/{id}", "a/{id}/{rest+}"]


def test_parameters_are_in_order_without_plus() -> None:
    assert keyed("a/{id}/{rest+}").parameters == ["id", "rest"]


segments = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=8).filter(
    lambda text: not text.startswith(".")
)


@st.composite
def served_keys(draw: st.DrawFn) -> tuple[Route, str]:
    """A route, and a key made by filling its parameters."""
    route = draw(routes())
    key = route.key
    for name in route.parameters:
        greedy = f"{{{name}+}}" in route.path
        parts = draw(st.lists(segments, min_size=1, max_size=3 if greedy else 1))
        key = key.replace(f"{{{name}}}", "/".join(parts))
    return route, key


@given(served_keys())
def test_key_with_filled_parameters_is_served_and_granted(
    made: tuple[Route, str],
) -> None:
    route, key = made
    assert route.match_key(key)
    assert granted(route.key_pattern, key)


@given(routes(), segments)
def test_static_route_serves_only_its_key(route: Route, more: str) -> None:
    static = Route("static", re.sub(r"[{}]", "", route.key))
    assert static.match_key(static.key)
    assert not static.match_key(static.key + more)
    assert not static.match_key(more + "/" + static.key)


@given(st.lists(segments, min_size=2, max_size=4))
def test_only_greedy_parameters_match_slashes(parts: list[str]) -> None:
    key = f"docs/{'/'.join(parts)}"
    assert not Route("docs/{id}", "docs/{id}").match_key(key)
    assert Route("docs/{id+}", "docs/{id}").match_key(key)


def matched_by_expression(route: Route, key: str) -> bool:
    """The same said with a regular expression, which tries all splits."""
    greedy = [name for name in route.parameters if f"{{{name}+}}" in route.path]
    pattern = re.escape(route.key)
    for name in route.parameters:
        one = r"(?!(?:(?<=/)|(?<![\s\S]))\.)[A-Za-z0-9._-]+"
        taken = f"{one}(?:/{one})*" if name in greedy else one
        pattern = pattern.replace(re.escape(f"{{{name}}}"), taken)
    dots = any(part in (".", "..") for part in key.split("/"))
    return re.fullmatch(pattern, key) is not None and not dots


ODD_KEYS = ["{a}{b}", "{a}-{b}.json", "{b}/{a}", "{a}a{b}{a}", "x/{b}{a}/{b}", "{a}.{b}.{a}", "{b}"]


@given(st.sampled_from(ODD_KEYS), st.text("a-./x", max_size=9), st.booleans())
def test_key_is_served_if_it_can_be_split_into_parameters(
    pattern: str, key: str, greedy: bool
) -> None:
    path = "{a}/{b+}" if greedy else "{a}/{b}"
    route = Route(path if "{a}" in pattern else path.partition("/")[2], pattern)
    assert route.match_key(key) == matched_by_expression(route, key)


def test_matching_of_many_parameters_does_not_backtrack() -> None:
    """To try all splits of a thousand characters into six would take days."""
    names = [f"{{p{number}}}" for number in range(6)]
    for glue in ("", "a", "/"):
        route = Route("/".join(names), f"{glue.join(names)}.json")
        assert not route.match_key("a" * 1000 + ".json!")
        assert route.match_key(glue.join(["aaa"] * 6) + ".json")


@pytest.mark.parametrize("key", ["docs/..", "docs/a/../b", "docs/."])
def test_key_with_dot_segments_is_not_served(key: str) -> None:
    assert not Route("docs/{rest+}", "docs/{rest}").match_key(key)


@pytest.mark.parametrize("key", ["docs//a", "docs/a//b", "docs/a/", "docs/"])
def test_key_with_an_empty_segment_is_not_served(key: str) -> None:
    """No file has such a path, so `--delete-missing` would take it for one that is missing."""
    assert not Route("docs/{rest+}", "docs/{rest}").match_key(key)
    assert not Route("{rest+}", "{rest}").match_key(key)


def test_key_over_1024_bytes_is_not_served() -> None:
    route = Route("docs/{id}", "docs/{id}")
    assert route.match_key("docs/" + "x" * (1024 - 5))
    assert not route.match_key("docs/" + "x" * (1025 - 5))


@pytest.mark.parametrize("key", ["products/.json", "products/a b.json", "products/é.json", ""])
def test_key_with_unsafe_characters_is_not_served(key: str) -> None:
    assert not Route("products/{id}", "products/{id}.json").match_key(key)


@pytest.mark.parametrize(
    ("route", "key"),
    [
        (Route("p/{id}", "products/{id}.json"), "products/.draft.json"),
        (Route("p/{id}", "{id}.json"), ".draft.json"),
        (Route("p/{rest+}", "{rest}"), ".git/config.json"),
        (Route("p/{rest+}", "docs/{rest}"), "docs/a/.git/config.json"),
        (Route("p/{id}/{rest+}", ".well-known/{id}/{rest}"), ".well-known/a/.b"),
    ],
)
def test_a_parameter_takes_no_segment_that_begins_with_a_dot(route: Route, key: str) -> None:
    assert not route.match_key(key)
    assert not route.may_serve_below(f"{key}/")


@pytest.mark.parametrize(
    ("route", "key"),
    [
        (Route("links/{name}", ".well-known/{name}.json"), ".well-known/app.json"),
        (Route("links", ".well-known/app.json"), ".well-known/app.json"),
        (Route("p/{id}", "products/.{id}.json"), "products/.draft.json"),
        (Route("p/{rest+}", "{rest}/.meta/about.json"), "a/b/.meta/about.json"),
        (Route("p/{id}", "products/a{id}.json"), "products/a.b.json"),
    ],
)
def test_a_key_that_spells_the_dot_serves_it(route: Route, key: str) -> None:
    assert route.match_key(key)
    assert route.may_serve_below(key.rpartition("/")[0] + "/")


key_parts = st.sampled_from(["a", ".a", "..a", ".well-known", "{}", ".{}", "a{}", "{}.{}", "{}{}"])


@st.composite
def keys_with_dots(draw: st.DrawFn) -> tuple[Route, str]:
    """A route whose key may spell segments that begin with a dot, and a key that it serves."""
    template = "/".join(draw(st.lists(key_parts, min_size=1, max_size=4)))
    count = template.count("{}")
    names = [f"p{number}" for number in range(count)]
    path = "/".join(f"{{{name}}}" for name in names) or "static"
    greedy = count > 0 and draw(st.booleans())
    filled = draw(st.lists(st.sampled_from(["b", "b.c"]), min_size=count, max_size=count))
    if greedy:
        filled[-1] = draw(st.sampled_from(["b", "b/c", "b/c/d"]))
    route = Route(
        path[:-1] + "+}" if greedy else path, template.format(*(f"{{{n}}}" for n in names))
    )
    return route, template.format(*filled)


@given(keys_with_dots() | served_keys())
def test_a_route_may_serve_below_every_directory_above_a_key_that_it_serves(
    made: tuple[Route, str],
) -> None:
    """Else a directory would be passed over whose documents count as missing."""
    route, key = made
    assert route.match_key(key)
    parts = key.split("/")
    above = ["/".join(parts[:end]) + "/" for end in range(1, len(parts))]
    assert all(map(route.may_serve_below, above))


def test_dot_in_a_key_matches_only_a_dot() -> None:
    assert not Route("products/{id}", "products/{id}.json").match_key("products/7xjson")


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("payload.json", "payload.json"),
        ("products/{id}.json", "products/*.json"),
        ("{shop}/{id}", "*/*"),
        ("{shop}-{id}", "*-*"),
        ("assets/{path}", "assets/*"),
    ],
)
def test_arn_pattern_has_a_star_for_each_parameter(key: str, pattern: str) -> None:
    names = re.findall(r"\{(\w+)\}", key)
    path = "/".join(f"{{{name}}}" for name in names) or "static"
    assert Route(path, key).key_pattern == pattern


def granted(pattern: str, key: str) -> bool:
    """Does IAM take a key for a resource pattern? Its `*` is any text, slashes included.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    assert not set("?[") & set(pattern), "fnmatch would read these in a way of its own"
    return fnmatchcase(key, pattern)


def test_arn_pattern_grants_keys_with_slashes() -> None:
    """The documented over-grant, both sides: granted by IAM, but no key of the route."""
    product = Route("products/{id}", "products/{id}.json")
    assert granted(product.key_pattern, "products/a/b.json")
    assert not product.match_key("products/a/b.json")


def test_arn_pattern_keeps_the_prefix_and_suffix_of_the_route() -> None:
    product = Route("products/{id}", "products/{id}.json")
    for key in ("product/7.json", "products/7.txt", "products.json", "x/products/7.json"):
        assert not granted(product.key_pattern, key)


def test_arn_pattern_of_a_static_route_is_its_key() -> None:
    static = Route("samples", "a/payload.json")
    assert granted(static.key_pattern, "a/payload.json")
    assert not granted(static.key_pattern, "a/payload.jsonx")
    assert not granted(static.key_pattern, "b/a/payload.json")


@pytest.mark.parametrize(
    ("path", "key", "document", "found"),
    [
        ("samples", "payload.json", "payload.json", "samples"),
        ("samples", "payload.json", "other.json", None),
        ("products/{id}", "products/{id}.json", "products/a.b-c.json", "products/a.b-c"),
        ("products/{id}", "products/{id}.json", "products/a/b.json", None),
        ("products/{id}", "products/{id}.json", "products/.a.json", None),
        ("{shop}/{id}", "{id}.{shop}.json", "7.de.json", "de/7"),
        ("products/{id}", "{id}/{id}.json", "7/7.json", "products/7"),
        ("products/{id}", "{id}/{id}.json", "7/8.json", None),
        ("assets/{path+}", "files/{path}", "files/a/b.json", "assets/a/b.json"),
        ("{a}/x/{b+}", "{b}/in/{a}", "p/q/in/z", "z/x/p/q"),
    ],
)
def test_path_of_key_is_where_clients_read_it(
    path: str, key: str, document: str, found: str | None
) -> None:
    assert Route(path, key).path_of_key(document) == found


@given(routes(), st.text("abc019._-/", max_size=30))
def test_path_of_key_has_no_parameter_left(route: Route, text: str) -> None:
    values = {name: text.strip("/") or "v" for name in route.parameters}
    key = re.sub(r"\{(\w+)\}", lambda parameter: values[parameter[1]], route.key)
    path = route.path_of_key(key)
    if path is not None:
        assert "{" not in path
        assert route.match_key(key)


@pytest.mark.parametrize(
    ("path", "key", "requested", "expected"),
    [
        ("samples", "payload.json", "samples", "payload.json"),
        ("samples", "payload.json", "/samples/?x=1", "payload.json"),
        ("samples", "payload.json", "s%61mples", "payload.json"),
        ("samples", "payload.json", "other", None),
        ("samples", "payload.json", "samples/more", None),
        ("products/{id}", "products/{id}.json", "products/42", "products/42.json"),
        ("products/{id}", "products/{id}.json", "products", None),
        ("products/{id}", "products/{id}.json", "products/", None),
        ("products/{id}", "products/{id}.json", "products/a/b", None),
        ("products/{id}", "products/{id}.json", "products/a%2Fb", None),
        ("products/{id}", "products/{id}.json", "products/.hidden", None),
        ("products/{id}", "products/{id}.json", "products/é", None),
        ("a/{x}/b/{y}", "{y}/{x}.json", "a/1/b/2", "2/1.json"),
        ("docs/{rest+}", "all/{rest}", "docs/a/b.json", "all/a/b.json"),
        ("docs/{rest+}", "all/{rest}", "docs", None),
        ("{rest+}", "{rest}", "a", "a"),
        ("{rest+}", "{rest}", "", None),
    ],
)
def test_key_at_the_path_of_a_request(
    path: str, key: str, requested: str, expected: str | None
) -> None:
    assert Route(path, key).key_at(requested) == expected


@given(routes())
def test_key_at_a_path_is_a_key_that_the_route_serves(route: Route) -> None:
    path = re.sub(r"\{(\w+)\+?\}", r"v-\1", route.path)
    key = re.sub(r"\{(\w+)\}", r"v-\1", route.key)
    assert route.key_at(path) == (key if route.match_key(key) else None)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b", "a/b"),
        ("a/c", "a/{x}"),
        ("a/c/d", "{rest+}"),
        ("b", "{rest+}"),
        ("", None),
    ],
)
def test_text_has_precedence_over_parameters_of_a_path(path: str, expected: str | None) -> None:
    every = [Route("{rest+}", "r/{rest}"), Route("a/{x}", "x/{x}"), Route("a/b", "b")]
    found = find_route(every, path)
    assert (found[0].path if found else None) == expected


SERVING = [
    Route("products/{id}", "products/{id}.json"),
    Route("products/list", "all.json"),
    Route("files/{path+}", "files/{path}"),
    Route("{any}", "{any}"),
]


@pytest.mark.parametrize(
    ("key", "route", "path"),
    [
        ("products/42.json", "products/{id}", "products/42"),
        ("all.json", "products/list", "products/list"),
        ("files/a/b.json", "files/{path+}", "files/a/b.json"),
        ("other.txt", "{any}", "other.txt"),
    ],
)
def test_serving_route_has_the_path_of_the_request(key: str, route: str, path: str) -> None:
    found = serving_route(SERVING, key)
    assert found is not None
    assert (found[0].path, found[1]) == (route, path)


@pytest.mark.parametrize("key", ["products/list.json", "products/a/b.json", "a//b", ""])
def test_no_route_serves_a_key_that_no_request_gets(key: str) -> None:
    """A request for products/list gets all.json."""
    assert serving_route(SERVING, key) is None


@given(st.lists(routes(), min_size=1, max_size=4, unique_by=lambda route: route.path))
def test_serving_route_agrees_with_the_route_of_its_path(found: list[Route]) -> None:
    for route in found:
        key = route.example.key
        served = serving_route(found, key)
        if served:
            chosen = find_route(found, served[1])
            assert chosen == (served[0], key)
