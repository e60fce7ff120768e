"""Odd templates give fewer arrows, never an exception, and always a picture."""

from typing import Any

from graph_reader import read
from graph_templates import Content, shared
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.cloudformation.values import walk

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
often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@often
@given(st.dictionaries(st.just("Resources") | WORDS, VALUES))
def test_any_object_can_be_drawn(template: Content) -> None:
    read(flowchart(template))


@often
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4))
def test_a_template_with_anything_anywhere_can_be_drawn(
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
