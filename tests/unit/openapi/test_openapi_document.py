"""The OpenAPI document of a template."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_templates import Content, answering, api, of, reads, resource

from articles import article_template
from readmodel_cfn import Api, DataStore, Deployment, ReadModel, Route
from readmodel_cfn.analysis.openapi import openapi
from readmodel_cfn.errors import ConfigError

PRODUCTION = openapi(of(ReadModel()))
ERROR = {"$ref": "#/components/schemas/Error"}
CONDITIONS = ["If-None-Match", "If-Modified-Since"]


def described(template: Content) -> Content:
    """The template's document, which is valid."""
    found = openapi(template)
    validate(json.loads(json.dumps(found)))
    return found


def get(template: Content, path: str) -> Content:
    found: Content = described(template)["paths"][path]["get"]
    return found


def answers(operation: Content) -> Content:
    found: Content = operation["responses"]
    return found


# --- the production stack ---


def test_every_response_has_its_headers_and_body() -> None:
    found = answers(PRODUCTION["paths"]["/samples"]["get"])
    assert list(found) == ["200", "304", "403", "404", "503", "default"]
    text = {"type": "string"}
    cached = {name: {"schema": text} for name in ("Cache-Control", "ETag")}
    dated = {"Last-Modified": {"schema": text}}
    vary = {"Vary": {"schema": {**text, "const": "Accept-Encoding"}}}
    assert found["200"] == {
        "description": "OK",
        "headers": cached | dated | vary,
        "content": {"application/json": {}},
    }
    assert found["304"] == {"description": "Not Modified", "headers": cached | vary}
    assert found["404"] == {
        "description": "Not Found",
        "content": {"application/json": {"schema": ERROR, "example": {"message": "Not Found"}}},
    }
    assert found["default"]["content"] == {"application/json": {"schema": ERROR}}


def test_error_schema_is_an_object_with_a_message() -> None:
    assert PRODUCTION["components"]["schemas"]["Error"] == {
        "type": "object",
        "required": ["message"],
        "properties": {"message": {"type": "string"}},
    }


def test_conditional_headers_are_optional_parameters() -> None:
    for verb in ("get", "head"):
        found = PRODUCTION["paths"]["/samples"][verb]["parameters"]
        assert [
            (parameter["name"], parameter["in"], parameter["required"]) for parameter in found
        ] == [(name, "header", False) for name in CONDITIONS]


def test_head_has_the_headers_of_get_and_no_body() -> None:
    item = PRODUCTION["paths"]["/samples"]
    to_get, to_head = answers(item["get"]), answers(item["head"])
    assert {status: response.get("headers") for status, response in to_get.items()} == {
        status: response.get("headers") for status, response in to_head.items()
    }
    assert not any("content" in response for response in to_head.values())
    assert "payload.json" in item["get"]["summary"]
    assert "payload.json" in item["head"]["summary"]


def test_headers_that_only_browsers_use_are_left_out() -> None:
    model = ReadModel(api=Api(cors_origin="https://www.example.com"))
    item = described(of(model))["paths"]["/samples"]
    assert "content" not in answers(item["options"])["204"]
    headers = {
        name
        for operation in (item["get"], item["head"], item["options"])
        for response in answers(operation).values()
        for name in response.get("headers", {})
    }
    assert not any(name.startswith("Access-Control-") for name in headers)
    assert headers >= {"ETag", "Cache-Control", "Last-Modified"}
    assert headers == {
        name
        for response in answers(PRODUCTION["paths"]["/samples"]["get"]).values()
        for name in response.get("headers", {})
    }


def test_a_fixed_header_has_its_value() -> None:
    vary = answers(get(of(ReadModel()), "/samples"))["200"]["headers"]["Vary"]
    assert vary == {"schema": {"type": "string", "const": "Accept-Encoding"}}


def test_compressed_payloads_have_content_encoding() -> None:
    model = ReadModel(data_store=DataStore(stored_encoding="gzip"))
    assert "Content-Encoding" in answers(get(of(model), "/samples"))["200"]["headers"]


def test_article_document_has_the_article_responses() -> None:
    found = described(article_template())
    assert found["paths"]["/samples"].keys() == {"get"}
    assert found["paths"]["/samples"]["get"]["responses"].keys() == {"200", "default"}
    assert found["info"]["version"] == "v1"  # its deployment has no hash


# --- paths ---


def test_path_parameters_are_declared_and_greedy_ones_described() -> None:
    route = Route("shops/{shop}/{rest+}", "shops/{shop}/{rest}.json")
    item = described(of(ReadModel(routes=[route])))["paths"]["/shops/{shop}/{rest}"]
    plain, greedy = item["parameters"]
    text = {"in": "path", "required": True, "schema": {"type": "string"}}
    assert plain == {"name": "shop", **text}
    assert greedy.pop("description")
    assert greedy == {"name": "rest", **text}
    assert item["get"]["operationId"] == "getShopsShopRest"


def test_root_is_a_path() -> None:
    assert get(api(Get=("", reads("index.html"))), "/")["operationId"] == "getRoot"


def test_any_expands_to_the_remaining_verbs() -> None:
    methods = {"Any": ("a", reads("a.json", "ANY")), "Get": ("a", reads("g.json"))}
    template = api(**methods)
    template["Resources"]["Get"]["Properties"]["ResourceId"] = {"Ref": "AnyPath0"}
    item = described(template)["paths"]["/a"]
    assert item.keys() == {"get", "head", "options", "put", "post", "delete", "patch"}
    assert item["get"]["summary"] == "Read g.json"
    assert item["post"]["operationId"] == "postA"


def test_query_parameters_are_declared() -> None:
    declared = {"method.request.querystring.page": True, "method.request.header.X-Y": "false"}
    found = get(api(Get=("a", reads("a.json", RequestParameters=declared))), "/a")["parameters"]
    assert [(parameter["name"], parameter["in"], parameter["required"]) for parameter in found] == [
        ("page", "query", True),
        ("X-Y", "header", False),
    ]


def test_unreadable_methods_are_named_and_left_out() -> None:
    hidden = reads("b.json")
    hidden["Integration"] = {"Fn::Transform": {"Name": "AWS::Include"}}
    elsewhere = reads("c.json")
    template = api(Get=("a", reads("a.json")), Hidden=("b", hidden), Elsewhere=("c", elsewhere))
    template["Resources"]["ElsewherePath0"]["Properties"]["ParentId"] = {"Ref": "Parameter"}
    found = described(template)
    assert found["paths"].keys() == {"/a"}
    assert "Hidden" in found["info"]["description"]
    assert "Elsewhere" in found["info"]["description"]


def test_authorization_and_api_key_are_described() -> None:
    guarded = reads("a.json", AuthorizationType="AWS_IAM", ApiKeyRequired=True)
    description = get(api(Get=("a", guarded)), "/a")["description"]
    assert "AWS_IAM" in description
    assert "x-api-key" in description
    assert "description" not in get(api(Get=("a", reads("a.json"))), "/a")


# --- bodies ---


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("a.json", "application/json"),
        ("{id}.html", "text/html"),
        ("a/{image}", "*/*"),
        ("{key}.unknown", "*/*"),
    ],
)
def test_payload_type_follows_the_key_suffix_if_content_type_is_mapped(key: str, kind: str) -> None:
    assert answers(get(api(Get=("a", reads(key))), "/a"))["200"]["content"] == {kind: {}}


def test_payload_type_is_json_if_content_type_is_not_mapped() -> None:
    properties = reads("a.html")
    del properties["Integration"]["IntegrationResponses"][0]["ResponseParameters"]
    assert answers(get(api(Get=("a", properties)), "/a"))["200"]["content"] == {
        "application/json": {}
    }


@pytest.mark.parametrize(
    ("template", "media"),
    [
        (
            '{"message": "Gone", "id": 1}',
            {"schema": ERROR, "example": {"message": "Gone", "id": 1}},
        ),
        ('{"error": "gone"}', {"example": {"error": "gone"}}),
        ('{"message": 7}', {"example": {"message": 7}}),
        ('["gone"]', {"example": ["gone"]}),
        ('{"message": $context.error.messageString}', {}),
        ("", {}),
    ],
)
def test_body_schema_follows_the_response_template(template: str, media: Content) -> None:
    found = answers(get(api(Get=("a", answering(template))), "/a"))
    assert found["404"]["content"] == {"application/json": media}


def test_error_without_template_has_no_schema() -> None:
    found = answers(get(api(Get=("a", reads("a.json", statuses=("200", "404")))), "/a"))
    assert found["404"] == {"description": "Not Found"}


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ('{"message":$context.error.messageString}', True),
        ("<error/>", False),
        ({"Fn::If": ["Some", "{}", "{}"]}, False),
    ],
)
def test_default_error_schema_needs_known_gateway_responses(body: Any, known: bool) -> None:
    template = api(Get=("a", reads("a.json")))
    bodies = {"ResponseTemplates": {"application/json": body}}
    template["Resources"]["Own"] = resource("GatewayResponse", ResponseType="THROTTLED", **bodies)
    assert ("content" in answers(get(template, "/a"))["default"]) == known


def test_nonstandard_status_has_a_description() -> None:
    found = answers(get(api(Get=("a", reads("a.json", statuses=("200", "499")))), "/a"))
    assert found["499"] == {"description": "Status 499"}


# --- about the API ---


def test_version_is_the_deployment_hash() -> None:
    (name,) = [name_ for name_ in of(ReadModel())["Resources"] if "Deployment" in name_]
    assert name == f"ApiGatewayDeployment{PRODUCTION['info']['version']}"
    assert openapi(of(ReadModel(deployment=Deployment(serial=2))))["info"] != PRODUCTION["info"]


def test_version_is_unknown_without_a_stage() -> None:
    found = described(api(Get=("a", reads("a.json"))))
    assert found["info"] == {"title": "Things", "version": "unknown"}
    assert found["servers"][0]["variables"]["stage"] == {"default": "v1"}


def test_title_is_the_logical_id_if_the_api_has_no_name() -> None:
    template = api(Get=("a", reads("a.json")))
    del template["Resources"]["Api"]["Properties"]["Name"]
    assert described(template)["info"]["title"] == "Api"


def test_stack_values_are_in_the_document() -> None:
    found = openapi(of(ReadModel()), stack_name="shop", region="eu-north-1")
    assert found["info"]["title"] == "shop Api"
    assert found["servers"][0]["variables"]["region"]["default"] == "eu-north-1"
    assert PRODUCTION["info"]["title"] == "${AWS::StackName} Api"


def test_servers_are_the_urls_of_the_stages() -> None:
    template = of(ReadModel())
    template["Resources"]["Blue"] = {
        **template["Resources"]["ApiGatewayStage"],
        "Properties": {**template["Resources"]["ApiGatewayStage"]["Properties"], "StageName": "b"},
    }
    (server,) = described(template)["servers"]
    assert server["url"] == "https://{api}.execute-api.{region}.{domain}/{stage}"
    assert server["variables"]["stage"] == {"default": "v1", "enum": ["v1", "b"]}


# --- which API ---


def pair() -> Content:
    """A template with two APIs that read S3, and one that does not."""
    first, second = api(Get=("a", reads("a.json"))), api(Other=("b", reads("b.json")))
    text = json.dumps(second).replace('"Api"', '"Second"').replace("Things", "More")
    made = {**first["Resources"], **json.loads(text)["Resources"]}
    return {"Resources": {**made, "Empty": {"Type": "AWS::ApiGateway::RestApi"}}}


def test_api_option_selects_one_of_several_apis() -> None:
    assert openapi(pair(), "Second")["info"]["title"] == "More"
    assert openapi(pair(), "Second")["paths"].keys() == {"/b"}


@pytest.mark.parametrize(
    ("template", "api_id", "facts"),
    [
        (pair(), None, ["--api", "Api", "Second"]),
        (pair(), "Empty", ["--api", "Empty", "Api", "Second"]),
        (
            {"Resources": {"Empty": {"Type": "AWS::ApiGateway::RestApi"}}},
            None,
            ["REST API", "S3"],
        ),
    ],
)
def test_ambiguous_or_unknown_api_is_a_one_line_config_error(
    template: Content, api_id: str | None, facts: list[str]
) -> None:
    with pytest.raises(ConfigError) as raised:
        openapi(template, api_id)
    assert [fact for fact in facts if fact not in str(raised.value)] == []
    assert "\n" not in str(raised.value)
