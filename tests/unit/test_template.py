"""The template: order, output forms and limits."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Template, s3

from articles import article_template
from readmodel_cfn import Api, ReadModel, Route, build_template, render
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.render import indented

TEMPLATE = build_template(ReadModel())
CONTENT = json.loads(render(TEMPLATE))


def test_template_parts_are_in_the_usual_order() -> None:
    assert list(CONTENT) == ["AWSTemplateFormatVersion", "Description", "Resources", "Outputs"]
    article = article_template()
    assert list(article) == ["AWSTemplateFormatVersion", "Parameters", "Resources", "Outputs"]


def test_resources_are_in_the_order_of_the_article() -> None:
    titles = [name for name in CONTENT["Resources"] if "Deployment" not in name]
    assert titles == [
        "DataStore",
        "DataStorePolicy",
        "DataStoreWriter",
        "DataStoreWriterAccessKey",
        "DataStoreWriterSecret",
        "ApiGatewayRole",
        "ApiGatewayDataStorePolicy",
        "ApiGateway",
        "SampleResource",
        "SamplesGetMethod",
        "SamplesHeadMethod",
        "ApiGatewayUnknownPath",
        "ApiGatewayStage",
    ]


def test_resource_begins_with_type_and_ends_with_properties() -> None:
    for resource in CONTENT["Resources"].values():
        assert next(iter(resource)) == "Type"
        assert list(resource)[-1] == "Properties"


def test_default_template_has_no_parameters() -> None:
    assert "Parameters" not in CONTENT


def test_compact_form_is_equal_without_white_space() -> None:
    compact = render(TEMPLATE, "compact")
    assert json.loads(compact) == CONTENT
    assert compact == json.dumps(CONTENT, separators=(",", ":"))


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(
    st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
    )
)
def test_json_form_is_that_of_json_dumps(value: Any) -> None:
    assert indented(value) == json.dumps(value, indent=2)


def test_yaml_has_no_anchors_or_tags() -> None:
    text = render(build_template(ReadModel(routes=[Route("a", "k"), Route("b", "k")])), "yaml")
    tokens = {type(token) for token in yaml.scan(text)}
    assert not tokens & {yaml.AnchorToken, yaml.AliasToken, yaml.TagToken}
    assert "Fn::Join" in text


def test_yaml_keeps_the_order_of_keys() -> None:
    content = yaml.safe_load(render(TEMPLATE, "yaml"))
    assert json.dumps(content) == json.dumps(CONTENT)


@pytest.mark.parametrize("form", ["json", "yaml", "compact"])
def test_text_is_kept_in_every_form(form: Any) -> None:
    description = "Größe: \"5\" #no, {comment} 'or' \U0001f600 &anchor *alias"
    text = render(build_template(ReadModel(api=Api(description=description))), form)
    assert text.isascii()
    read = yaml.safe_load(text) if form == "yaml" else json.loads(text)
    assert read["Resources"]["ApiGateway"]["Properties"]["Description"] == description


def test_json_and_yaml_end_with_one_line_break() -> None:
    for text in (render(TEMPLATE, "json"), render(TEMPLATE, "yaml")):
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_more_than_500_resources_are_refused() -> None:
    """Eleven are the model's own; each route of one segment needs three, and all have one key."""
    assert build_template(ReadModel(routes=[Route(f"r{n}", "k") for n in range(163)]))
    with pytest.raises(ConfigError, match="500"):
        build_template(ReadModel(routes=[Route(f"r{n}", "k") for n in range(164)]))


def long_template(routes: int) -> Template:
    """One whose routes have the longest names that fit."""
    name = "p" * 1000
    return build_template(
        ReadModel(routes=[Route(f"{{{name}}}/r{n}", f"{{{name}}}/r{n}") for n in range(routes)])
    )


@pytest.mark.parametrize("form", ["json", "yaml", "compact"])
def test_template_over_1_mb_is_refused_in_every_form(form: Any) -> None:
    with pytest.raises(ConfigError, match="1,000,000"):
        render(long_template(80), form)


def test_readable_form_may_exceed_the_limit_of_the_compact_form() -> None:
    template = long_template(63)
    assert len(render(template, "compact")) < 1_000_000 < len(render(template, "json"))


def test_resource_without_properties_is_rendered() -> None:
    host = Template()
    host.add_resource(s3.Bucket("Other", DeletionPolicy="Retain"))
    other = json.loads(render(host))["Resources"]["Other"]
    assert other == {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
