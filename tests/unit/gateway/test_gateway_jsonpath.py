"""JSONPath: the subset that templates use, and that the rest is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.gateway.vtl.jsonpath import JsonPathError, find, parse

STORE = {
    "book": [{"title": "A", "price": 8}, {"title": "B"}],
    "odd name": {"a.b": 1},
    "none": None,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", STORE),
        (" $.none ", None),
        ("$.book[0].title", "A"),
        ("book[1].title", "B"),
        ("$.book[-1].title", "B"),
        ("$['book'][ 0 ]['title']", "A"),
        ('$["odd name"]["a.b"]', 1),
        ("$['odd name']['a.b']", 1),
        ("$.book[*].title", ["A", "B"]),
        ("$.book[*].price", [8]),
        ("$.book.*", STORE["book"]),
        ("$['odd name'].*", [1]),
        ("$.book[*].*", ["A", 8, "B"]),
        ("$.none[*]", []),
    ],
)
def test_a_path_leads_to_its_value(path: str, expected: Any) -> None:
    """Names, indexes from both ends, quoted names, and lists for wildcards."""
    assert find(STORE, parse(path)) == expected


@pytest.mark.parametrize(
    "path",
    ["$.x", "$.book.title", "$.book[2]", "$.book[-3]", "$.none.x", "$.none[0]", "$.book[0][0]"],
)
def test_a_path_that_leads_nowhere_is_told(path: str) -> None:
    """A missing name or index is not a null."""
    with pytest.raises(LookupError):
        find(STORE, parse(path))


@pytest.mark.parametrize(
    "path",
    [
        "$..title",
        "$.book[0:1]",
        "",
        "$.book[0,1]",
        "$.book[?(@.price)]",
        "$.book.length()",
        "$.",
        "$[",
        "$['a",
    ],
)
def test_what_is_not_understood_is_refused(path: str) -> None:
    """The rest of Jayway's language, and what is no path."""
    with pytest.raises(JsonPathError, match="JSONPath"):
        parse(path)


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


def leaves(value: Any, path: str = "$") -> list[tuple[str, Any]]:
    """Every value inside, with a path to it."""
    found = [(path, value)]
    if isinstance(value, dict):
        for name, item in value.items():
            quote = "'" if '"' in name else '"'
            if name and quote not in name:
                found += leaves(item, f"{path}[{quote}{name}{quote}]")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += leaves(item, f"{path}[{index}]")
    return found


@given(VALUES)
def test_every_value_is_reached_by_its_own_path(document: Any) -> None:
    """Whatever a document holds, its paths lead there."""
    for path, value in leaves(document):
        assert json.dumps(find(document, parse(path))) == json.dumps(value)
