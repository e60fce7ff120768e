"""The index of routes finds exactly the routes that match a key, and asks few of them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.publish.route_index import RouteIndex
from readmodel_cfn.template.routes import Route

PATTERNS = ["{a}", "{a}.json", "x/{a}.json", "x/{b}", "{b}/{a}", "y/x.json", "x", "{a}/x/{b}.json"]
ROUTES = [
    Route(f"p{number}/{'/'.join(f'{{{name}}}' for name in sorted({*'ab'} & {*pattern}))}", pattern)
    if "{" in pattern
    else Route(f"p{number}", pattern)
    for number, pattern in enumerate(PATTERNS)
]
GREEDY = [Route("g/{b+}", "x/{b}"), Route("h/{a+}", "{a}"), Route("i/{a}/{b+}", "{b}/{a}.json")]


@given(
    st.lists(st.sampled_from(ROUTES + GREEDY), unique=True),
    st.lists(st.sampled_from(["x", "y", "/", ".json", ".", "x.json", "a"]), max_size=6).map(
        "".join
    ),
)
def test_routes_of_a_key_are_those_that_match_it(routes: list[Route], key: str) -> None:
    found = list(RouteIndex(routes).serving(key))
    assert len(found) == len({*found})
    assert {*found} == {route for route in routes if route.match_key(key)}


class Asked(Route):
    """A route that counts how often it is asked."""

    times = 0

    def match_key(self, key: str) -> bool:
        type(self).times += 1
        return super().match_key(key)


def test_few_of_many_routes_are_asked() -> None:
    kinds: list[Any] = [
        lambda n: Asked(f"a{n}/{{id}}", f"a{n}/{{id}}.json"),
        lambda n: Asked(f"b/{{id}}/{n}", f"b/{{id}}.{n}.json"),
        lambda n: Asked(f"c/{{id}}/{n}", f"{{id}}/{n}/x.json"),
        lambda n: Asked(f"d{n}/{{id+}}", f"d{n}/{{id}}.json"),
        lambda n: Asked(f"e{n}", f"e{n}.json"),
    ]
    index = RouteIndex([kind(number) for kind in kinds for number in range(100)])
    for key in ("a7/1.json", "b/1.7.json", "1/7/x.json", "d7/x/y/z.json", "e7.json"):
        Asked.times = 0
        assert len(list(index.serving(key))) == 1
        assert Asked.times <= 5, key
