"""The JSON Schemas of routes in the OpenAPI document."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_templates import of

from readmodel_cfn import ReadModel, ReadModelStack, Route
from readmodel_cfn.analysis.openapi import openapi
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.schemas import Schema


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def described(*schemas: Schema, **files: Schema) -> dict[str, Any]:
    """The document of a model with a route for each schema, and one without."""
    named = {f"s{number}": schema for number, schema in enumerate(schemas)} | files
    for name, schema in named.items():
        Path(f"{name}.json").write_text(json.dumps(schema))
    routes = [Route(f"{name}/{{id}}", f"{name}/{{id}}", schema=f"{name}.json") for name in named]
    found = openapi(ReadModel(routes=[*routes, Route("plain", "plain.json")]))
    assert [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    return found


def content(document: dict[str, Any], path: str, verb: str = "get") -> Any:
    return document["paths"][path][verb]["responses"]["200"].get("content")


def is_valid(document: dict[str, Any], name: str, value: Any) -> bool:
    """Whether a value fits a component, as a client of the document decides it."""
    root = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(root).is_valid(value)


def test_the_schema_is_that_of_the_document_and_of_nothing_else() -> None:
    product = {"type": "object", "title": "A product", "properties": {"id": {"type": "integer"}}}
    found = described(**{"order-line": product})
    path = "/order-line/{id}"
    assert content(found, path) == {"*/*": {"schema": {"$ref": "#/components/schemas/OrderLine"}}}
    assert found["components"]["schemas"]["OrderLine"] == product
    assert "schema" not in str(content(found, "/plain"))
    assert content(found, path, "head") is None
    missing = found["paths"][path]["get"]["responses"]["404"]["content"]["application/json"]
    assert missing["schema"] == {"$ref": "#/components/schemas/Error"}


def test_a_template_has_no_schemas() -> None:
    Path("s.json").write_text('{"type": "object"}')
    model = ReadModel(routes=[Route("a", "a.json", schema="s.json")])
    assert openapi(of(model))["components"]["schemas"].keys() == {"Error"}
    stack = ReadModelStack("shop", model)
    assert stack.openapi()["components"]["schemas"].keys() == {"Error", "S"}
    assert stack.openapi() == openapi(model, stack_name="shop")


@pytest.mark.parametrize(
    "reference",
    [
        "#/$defs/Price",
        "#price",
        "s0.json#/$defs/Price",
        "https://example.com/s0.json#/$defs/Price",
        "#/%24defs/Price",
        "#/properties/old",
        "#/$defs/a~1b%20c",
        "#/properties/a~1b%20c",
        "#/$defs/Deep/$defs/Price",
        "nested.json",
    ],
)
def test_a_reference_within_the_file_refers_to_a_component(reference: str) -> None:
    price = {"type": "object", "required": ["amount"]}
    schema = {
        "$id": "https://example.com/s0.json",
        "properties": {"price": {"$ref": reference}, "old": price, "a/b c": price},
        "$defs": {
            "Price": {"$anchor": "price", **price},
            "a/b c": price,
            "Deep": {"$defs": {"Price": price}},
            "Nested": {"$id": "nested.json", **price},
        },
    }
    found = described(schema)
    assert is_valid(found, "S0", {"price": {"amount": 1}})
    assert not is_valid(found, "S0", {"price": {}})
    assert "$id" not in str(found["components"])


def test_definitions_are_components_of_their_own() -> None:
    schema: Schema = {
        "$ref": "#/$defs/Node",
        "$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}, "value": False}}},
    }
    found = described(schema)["components"]["schemas"]
    assert found["S0"] == {"$ref": "#/components/schemas/S0_Node"}
    assert found["S0_Node"]["properties"]["next"] == {"$ref": "#/components/schemas/S0_Node"}


def test_the_whole_file_and_recursive_references_are_kept() -> None:
    for reference in ({"$ref": "#"}, {"$dynamicRef": "#node"}):
        schema = {
            "$dynamicAnchor": "node",
            "required": ["id"],
            "properties": {"child": reference},
        }
        found = described(schema)
        assert is_valid(found, "S0", {"id": 1, "child": {"id": 2}})
        assert not is_valid(found, "S0", {"id": 1, "child": {}})


def test_values_and_names_that_look_like_references_are_unchanged() -> None:
    schema = {
        "properties": {
            "$ref": {"type": "string"},
            "$id": {"type": "string"},
            "$defs": {"type": "string"},
            "id": {"const": {"$ref": "#/nowhere", "$id": "x"}},
        },
        "enum": [{"$ref": "other.json"}, {"id": {"$ref": "#/nowhere", "$id": "x"}}],
        "default": {"id": {"$ref": "#/nowhere", "$id": "x"}},
        "examples": [{"$defs": {"a": 1}}],
    }
    assert described(schema)["components"]["schemas"]["S0"] == schema


def test_each_file_is_a_component_with_a_name_of_its_own() -> None:
    product: Schema = {"type": "object", "$defs": {"Price": {"type": "number"}, "a b": True}}
    found = described(
        error={"type": "string"}, product=product, Product_Price={"type": "string"}, **{"1": True}
    )
    assert list(found["components"]["schemas"]) == [
        *("Error", "Error_2", "Product", "Product_Price", "Product_a_b", "ProductPrice", "1"),
    ]
    assert content(found, "/error/{id}") == {
        "*/*": {"schema": {"$ref": "#/components/schemas/Error_2"}}
    }


def test_routes_with_the_same_file_share_its_component() -> None:
    Path("s.json").write_text("false")
    routes = [Route(path, f"{path}.json", schema="s.json") for path in ("a", "b")]
    found = openapi(ReadModel(routes=routes))
    assert found["components"]["schemas"].keys() == {"Error", "S"}
    assert content(found, "/a")["application/json"] == content(found, "/b")["application/json"]


def test_a_greedy_route_has_its_schema() -> None:
    Path("s.json").write_text('{"type": "array"}')
    found = openapi(ReadModel(routes=[Route("a/{rest+}", "a/{rest}", schema="s.json")]))
    assert content(found, "/a/{rest}")["*/*"]["schema"] == {"$ref": "#/components/schemas/S"}


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07", "draft/2019-09"])
def test_a_schema_of_an_older_draft_says_so(draft: str) -> None:
    uri = f"http{'s' * ('/' in draft)}://json-schema.org/{draft}/schema"
    schema = {
        "$schema": uri,
        "id" if draft == "draft-04" else "$id": "https://example.com/product.json",
        "properties": {"price": {"$ref": "product.json#/definitions/Price"}},
        "definitions": {"Price": {"type": "number"}},
    }
    found = described(schema)["components"]["schemas"]
    assert found["S0"] == {
        "$schema": uri,
        "properties": {"price": {"$ref": "#/components/schemas/S0_Price"}},
    }
    assert found["S0_Price"] == {"$schema": uri, "type": "number"}


@pytest.mark.parametrize(
    "schema",
    [
        '{"$ref": "other.json"}',
        '{"$ref": "https://example.com/other.json"}',
        '{"$ref": "https://json-schema.org/draft/2020-12/schema"}',
        '{"$ref": "#/$defs/missing"}',
        '{"type": "nope"}',
        "{",
    ],
)
def test_what_cannot_be_in_the_document_is_refused_in_one_line(schema: str) -> None:
    Path("s.json").write_text(schema)
    with pytest.raises(ConfigError) as refused:
        openapi(ReadModel(routes=[Route("a", "a.json", schema="s.json")]))
    assert refused.value.where == "s.json"
    assert len(str(refused.value).splitlines()) == 1


def test_a_schema_requires_the_extra_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    Path("s.json").write_text("{}")
    with pytest.raises(ConfigError) as refused:
        openapi(ReadModel(routes=[Route("a", "a.json", schema="s.json")]))
    assert "readmodel-cfn[schema]" in str(refused.value.hint)
    assert openapi(ReadModel())
