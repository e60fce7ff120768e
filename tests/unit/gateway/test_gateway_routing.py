"""Routing: the resource of a path, and its path parameters."""

import re

import pytest
from gateway_definitions import Definition, api, direct, gateway, request, s3_method
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.local.gateway import Call, DefinitionError, Snapshot


def routes(*templates: str, method: str = "GET") -> Definition:
    """An API where each path's method reads a key that spells the path."""
    return api({path: {method: reading(path)} for path in templates})


def reading(path: str) -> Definition:
    """A method whose S3 key is the resource's path, with the parameters' values behind it."""
    names = re.findall(r"\{(\w+)\+?\}", path)
    key = path.replace("{", "(").replace("}", ")") + "".join(f"|{{{name}}}" for name in names)
    mapped = {f"integration.request.path.{name}": f"method.request.path.{name}" for name in names}
    return s3_method(f"bucket{key}", request=mapped)


def reached(definition: Definition, path: str, method: str = "GET") -> list[str] | None:
    """The template that the path was routed to and the parameters' values, None for a 403."""
    step = gateway(definition).prepare(request(path, method))
    if isinstance(step, Call):
        template, *values = f"/{step.s3.key}".split("|")
        return [template.replace("(", "{").replace(")", "}"), *values]
    assert step.status == 403
    return None


def test_static_parts_precede_parameters_and_greedy_parameters() -> None:
    """The most specific resource answers."""
    definition = routes("/p/list", "/p/{id}", "/p/{proxy+}")
    assert reached(definition, "/p/list") == ["/p/list"]
    assert reached(definition, "/p/7") == ["/p/{id}", "7"]
    assert reached(definition, "/p/7/x") == ["/p/{proxy+}", "7/x"]


def test_routing_backtracks_to_the_next_best_resource() -> None:
    """/a/{x}/c fits where the static /a/b has no such child."""
    definition = routes("/a/b/d", "/a/{x}/c", "/{all+}")
    assert reached(definition, "/a/b/c") == ["/a/{x}/c", "b"]
    assert reached(definition, "/a/b/e") == ["/{all+}", "a/b/e"]


def test_greedy_parameter_needs_at_least_one_part() -> None:
    """/files/{proxy+} does not answer for /files."""
    assert reached(routes("/files/{proxy+}"), "/files") is None
    assert reached(routes("/files/{proxy+}"), "/files/") is None


def test_parameter_does_not_match_an_empty_part() -> None:
    """A doubled slash is a part of its own; only a greedy parameter takes it."""
    assert reached(routes("/p/{id}/x"), "/p//x") is None
    assert reached(routes("/p/{all+}"), "/p/a//x") == ["/p/{all+}", "a//x"]


def test_leading_and_trailing_slashes_are_ignored() -> None:
    """/things/ and //things are /things, and the parameters lose the slashes as well."""
    definition = routes("/things", "/p/{id}", "/files/{proxy+}")
    assert reached(definition, "/things/") == ["/things"]
    assert reached(definition, "//things") == ["/things"]
    assert reached(definition, "///p/7") == ["/p/{id}", "7"]
    assert reached(definition, "/p/7/") == ["/p/{id}", "7"]
    assert reached(definition, "/files/a/b/") == ["/files/{proxy+}", "a/b"]


def test_root_resource_may_have_a_method() -> None:
    """The root resource answers `/` and nothing below it."""
    definition = routes("/")
    assert reached(definition, "/") == ["/"]
    assert reached(definition, "/x") is None


def test_request_goes_to_the_next_resource_that_has_the_method() -> None:
    """POST /p/list goes to the parameter beside it, DELETE to the greedy ANY."""
    definition = api(
        {
            "/p/list": {"GET": reading("/p/list")},
            "/p/{id}": {"GET": reading("/p/{id}"), "POST": reading("/p/{id}")},
            "/p/{all+}": {"ANY": reading("/p/{all+}")},
        }
    )
    assert reached(definition, "/p/list", "POST") == ["/p/{id}", "list"]
    assert reached(definition, "/p/list", "DELETE") == ["/p/{all+}", "list"]
    assert reached(definition, "/p/list", "GET") == ["/p/list"]


def test_any_matches_the_methods_that_aws_lists() -> None:
    """A method of its own wins over ANY, and ANY takes no method outside its seven."""
    definition = api({"/x": {"ANY": reading("/x"), "PUT": s3_method("bucket/put")}})
    assert reached(definition, "/x", "DELETE") == ["/x"]
    assert reached(definition, "/x", "PUT") == ["/put"]
    assert reached(definition, "/x", "PROPFIND") is None


@pytest.mark.parametrize(
    ("templates", "named"),
    [
        (["/p/{id}", "/p/{sku}/x"], "id"),
        (["/{a+}", "/{b+}"], "b+"),
        (["/{a+}", "/{a+}/x"], "a+"),
    ],
)
def test_invalid_resource_siblings_are_refused(templates: list[str], named: str) -> None:
    """One variable path part a level, and nothing below a greedy one."""
    with pytest.raises(DefinitionError, match=re.escape(named)):
        Snapshot.from_definition(routes(*templates))


WORDS = st.sampled_from(["a", "b", "c", "d", "e-1", "x.json"])
# One variable name for each depth, so that no level has two.
PARTS = st.lists(st.tuples(WORDS, st.booleans()), min_size=1, max_size=4)


def template_of(parts: list[tuple[str, bool]], greedy: bool) -> str:
    """A resource's path: a word or the parameter of its depth at each level."""
    named = [f"{{p{depth}}}" if var else word for depth, (word, var) in enumerate(parts)]
    return "/" + "/".join([*named, f"{{g{len(named)}+}}"] if greedy else named)


TEMPLATES = st.lists(
    st.builds(template_of, PARTS, st.booleans()), min_size=1, max_size=8, unique=True
)
PATHS = st.lists(WORDS, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))


def shape(template: str) -> re.Pattern[str]:
    """The paths that a resource's own template allows."""
    parts = [
        ".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part)
        for part in template.split("/")[1:]
    ]
    return re.compile("/" + "/".join(parts))


def rank(template: str) -> list[int]:
    """How specific a template is, level by level: static, parameter, greedy."""
    return [2 if p.endswith("+}") else int(p.startswith("{")) for p in template.split("/")[1:]]


@given(TEMPLATES, PATHS)
def test_path_goes_to_the_most_specific_resource(templates: list[str], path: str) -> None:
    """The tree agrees with comparing every resource one by one."""
    fitting = [template for template in templates if shape(template).fullmatch(path)]
    route = reached(routes(*templates), path)
    assert (route and route[0]) == min(fitting, key=rank, default=None)


@st.composite
def fitting_paths(draw: st.DrawFn) -> tuple[list[str], str]:
    """Resources, and a path of the shape of one of them."""
    templates = draw(TEMPLATES)
    parts = draw(st.sampled_from(templates)).replace("+}", "}/{more}").split("/")
    return templates, "/".join(draw(WORDS) if "{" in part else part for part in parts)


@given(fitting_paths())
def test_matched_parameters_rebuild_the_path(
    given_api: tuple[list[str], str],
) -> None:
    """No part of the path is lost or made up."""
    templates, path = given_api
    route = reached(routes(*templates), path)
    assert route is not None
    template, *values = route
    rebuilt = re.sub(r"\{\w+\+?\}", lambda _: values.pop(0), template)
    assert (rebuilt, values) == (path, [])


@given(TEMPLATES, PATHS)
def test_static_path_always_precedes_a_parameter(templates: list[str], path: str) -> None:
    """A path that is a resource's own, letter by letter, is never taken by another resource."""
    assert reached(routes(*{*templates, path}), path) == [path]


def test_unknown_path_has_no_resource_path() -> None:
    """A gateway response for an unknown path shows an empty $context.resourcePath."""
    template = {"responseTemplates": {"application/json": "[$context.resourcePath]"}}
    definition = api({}, gatewayResponses={"MISSING_AUTHENTICATION_TOKEN": template})
    assert direct(definition, request("/x")).body == b"[]"
