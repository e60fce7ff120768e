"""Malformed templates raise no exception."""

from typing import Any

import pytest
from audit_bodies import with_definition
from audit_templates import Template, good
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.cloudformation.values import walk
from strategies import examples

WORDS = st.sampled_from(
    [
        *(
            "Ref",
            "Fn::GetAtt",
            "Fn::Join",
            "Fn::Sub",
            "Fn::If",
            "AWS::NoValue",
            "Type",
            "Resources",
        ),
        *("Properties", "Statement", "Store", "Store.Arn", "*", "", "200", "(", "${", "{id}", "-1"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)
many = examples(2)


@many
@given(st.dictionaries(WORDS | st.text(), VALUES))
def test_audit_of_any_object_raises_nothing(template: Template) -> None:
    assert isinstance(audit(template), list)


PLACES = [path for path, _ in walk(good(cors=True, gzip=True)) if path]


@many
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=4))
def test_audit_with_any_value_at_any_place_raises_nothing(
    changes: list[tuple[tuple[str, ...], Any]],
) -> None:
    template = good(cors=True, gzip=True)
    for path, value in changes:
        _put(template, path, value)
    assert isinstance(audit(template), list)


DEFINED = [path for path, _ in walk(with_definition(good(cors=True))) if path]


@many
@given(st.lists(st.tuples(st.sampled_from(DEFINED), VALUES), min_size=1, max_size=4))
def test_any_value_in_a_definition_raises_nothing(
    changes: list[tuple[tuple[str, ...], Any]],
) -> None:
    template = with_definition(good(cors=True))
    for path, value in changes:
        _put(template, path, value)
    assert isinstance(audit(template), list)
    assert flowchart(template)


def _put(holder: Any, path: tuple[str, ...], value: Any) -> None:
    """Set the value at the path, if the path exists."""
    name, *rest = path
    key: Any = int(name) if isinstance(holder, list) and name.isdigit() else name
    if isinstance(holder, list):
        if not isinstance(key, int) or key >= len(holder):
            return
    elif not isinstance(holder, dict) or key not in holder:
        return
    if rest:
        _put(holder[key], tuple(rest), value)
    else:
        holder[key] = value


@many
@given(st.sampled_from(PLACES))
def test_audit_with_any_part_removed_raises_nothing(path: tuple[str, ...]) -> None:
    template = good(cors=True, gzip=True)
    holder: Any = template
    for name in path[:-1]:
        holder = holder[int(name) if isinstance(holder, list) else name]
    del holder[int(path[-1]) if isinstance(holder, list) else path[-1]]
    assert isinstance(audit(template), list)


def nested(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = {"Fn::Join": ["", [value]]}
    return value


def test_deeply_nested_values_have_no_findings() -> None:
    template = good()
    template["Resources"]["Api"]["Properties"]["Name"] = nested(100_000)
    template["Outputs"]["Deep"] = {"Value": nested(100_000)}
    assert audit(template) == []


def test_circular_path_has_no_findings() -> None:
    template = good()
    template["Resources"]["Products"]["Properties"]["ParentId"] = {"Ref": "Product"}
    assert audit(template) == []


@pytest.mark.parametrize(
    "pattern", ["(" * 5000, "a{99999999999999}", "[[a]", "(?i)4..", "((((a*)*)*)*)*b"]
)
def test_invalid_selection_pattern_is_a_finding(pattern: str) -> None:
    template = good()
    responses = template["Resources"]["SampleGet"]["Properties"]["Integration"][
        "IntegrationResponses"
    ]
    responses[4]["SelectionPattern"] = pattern
    assert "R05" in {finding.rule for finding in audit(template)}


@pytest.mark.parametrize("name", ["ResponseTemplates", "ResponseParameters"])
def test_gateway_response_with_a_text_instead_of_an_object_raises_nothing(name: str) -> None:
    template = good()
    properties = {"ResponseType": "DEFAULT_4XX", "RestApiId": {"Ref": "Api"}, name: "a text"}
    template["Resources"]["Odd"] = {
        "Type": "AWS::ApiGateway::GatewayResponse",
        "Properties": properties,
    }
    assert isinstance(audit(template), list)


@pytest.mark.parametrize("name", ["RequestParameters", "RequestTemplates"])
def test_integration_with_a_text_instead_of_an_object_raises_nothing(name: str) -> None:
    template = good()
    template["Resources"]["SampleGet"]["Properties"]["Integration"][name] = "a text"
    assert isinstance(audit(template), list)
