"""The paths that read S3 in a template."""

import json

import pytest
from troposphere import Template

from readmodel_cfn import ReadModel, Route, add_read_model, build_article, render
from readmodel_cfn.analysis.routes import route_paths

SHOP = ReadModel(routes=[Route("products/{id}", "products/{id}.json"), Route("a/b", "a/b.json")])
NEWS = ReadModel(routes=[Route("news/{rest+}", "news/{rest}")])


def test_paths_have_no_leading_slash_and_keep_their_parameters() -> None:
    assert route_paths(SHOP) == ["products/{id}", "a/b"]
    assert route_paths(NEWS) == ["news/{rest+}"]
    assert route_paths(build_article()) == ["samples"]


def test_a_method_that_does_not_read_s3_is_no_route() -> None:
    template = SHOP.to_dict()
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ApiGateway::Method":
            resource["Properties"]["Integration"] = {"Type": "MOCK"}
    assert route_paths(template) == []


def test_an_output_selects_the_routes_of_its_api() -> None:
    template = Template()
    add_read_model(template, SHOP, prefix="Shop")
    add_read_model(template, NEWS, prefix="News")
    assert route_paths(template, "ShopApiUrl") == ["products/{id}", "a/b"]
    assert route_paths(template, "NewsApiUrl") == ["news/{rest+}"]
    assert route_paths(template, "Missing") == []


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_text_of_a_template_is_read(form: str) -> None:
    assert route_paths(render(Template(), "json")) == []
    text = json.dumps(SHOP.to_dict()) if form == "json" else render(_template(), "yaml")
    assert route_paths(text) == ["products/{id}", "a/b"]


def _template() -> Template:
    template = Template()
    add_read_model(template, SHOP)
    return template
