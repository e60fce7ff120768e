"""Malformed templates give a valid diagram."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graph_reader import read
from graph_templates import Content, shared
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.cloudformation.values import walk
from strategies import examples

WORDS = st.sampled_from(
    ["Ref", "Fn::GetAtt", "Fn::Sub", "Type", "AWS::S3::Bucket", "Own", "Api", "${Own}", "*", ""]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = [path for path, _ in walk(shared()) if path]
many = examples(1.5)


@many
@given(st.dictionaries(st.just("Resources") | WORDS, VALUES))
def test_flowchart_of_any_object_is_valid(template: Content) -> None:
    read(flowchart(template))


@many
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4))
def test_flowchart_with_any_value_at_any_place_is_valid(
    changes: list[tuple[tuple[str, ...], Any]],
) -> None:
    template = shared()
    for path, value in changes:
        _put(template, path, value)
    read(flowchart(template))


def _put(holder: Any, path: tuple[str, ...], value: Any) -> None:
    """Set what is at the path, where an earlier change left the way to it."""
    *way, last = path
    try:
        for name in way:
            holder = holder[int(name) if isinstance(holder, list) else name]
        holder[int(last) if isinstance(holder, list) else last] = value
    except (KeyError, IndexError, TypeError, ValueError):
        return
