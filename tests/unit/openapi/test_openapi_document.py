"""The OpenAPI document of a template: what the template declares, and no more."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_templates import Content, answering, api, of, reads, resource

from articles import article_template
from readmodel_cfn import Api, DataStore, Deployment, ReadModel, Route
from readmodel_cfn.analysis.openapi import openapi as document
from readmodel_cfn.errors import ConfigError

PRODUCTION = document(of(ReadModel()))
ERROR = {"$ref": "#/components/schemas/Error"}
CONDITIONS = ["If-None-Match", "If-Modified-Since"]


def described(template: Content) -> Content:
    """The template's document, which is valid."""
    found = document(template)
    validate(json.loads(json.dumps(found)))
    return found


def get(template: Content, path: str) -> Content:
    found: Content = described(template)["paths"][path]["get"]
    return found


def answers(operation: Content) -> Content:
    found: Content = operation["responses"]
    return found


# --- the production stack ---


def test_it_declares_every_answer_with_its_headers_and_its_body() -> None:
    found = answers(PRODUCTION["paths"]["/samples"]["get"])
    assert list(found) == ["200", "304", "400", "403", "404", "500", "502", "503", "default"]
    text = {"type": "string"}
    cached = {name: {"schema": text} for name in ("Cache-Control", "ETag", "Last-Modified")}
    vary = {"Vary": {"schema": {**text, "const": "Accept-Encoding"}}}
    assert found["200"] == {
        "description": "OK",
        "headers": cached | vary,
        "content": {"application/json": {}},
    }
    assert found["304"] == {"description": "Not Modified", "headers": cached | vary}
    assert found["404"] == {
        "description": "Not Found",
        "content": {"application/json": {"schema": ERROR, "example": {"message": "Not Found"}}},
    }
    assert found["default"]["content"] == {"application/json": {"schema": ERROR}}


def test_an_error_is_an_object_with_a_message() -> None:
    assert PRODUCTION["components"]["schemas"]["Error"] == {
        "type": "object",
        "required": ["message"],
        "properties": {"message": {"type": "string"}},
    }


def test_the_conditions_are_optional_headers() -> None:
    for verb in ("get", "head"):
        found = PRODUCTION["paths"]["/samples"][verb]["parameters"]
        assert [(one["name"], one["in"], one["required"]) for one in found] == [
            (name, "header", False) for name in CONDITIONS
        ]


def test_head_has_the_headers_of_get_and_no_body() -> None:
    item = PRODUCTION["paths"]["/samples"]
    to_get, to_head = answers(item["get"]), answers(item["head"])
    assert {status: one.get("headers") for status, one in to_get.items()} == {
        status: one.get("headers") for status, one in to_head.items()
    }
    assert not any("content" in one for one in to_head.values())
    assert item["get"]["summary"] == "Read payload.json"
    assert item["head"]["summary"] == "Headers of payload.json"


def test_a_preflight_answers_204_with_fixed_headers() -> None:
    model = ReadModel(api=Api(cors_origin="https://www.example.com"))
    item = described(of(model))["paths"]["/samples"]
    found = answers(item["options"])["204"]
    assert "content" not in found
    origin = found["headers"]["Access-Control-Allow-Origin"]
    assert origin == {"schema": {"type": "string", "const": "https://www.example.com"}}
    assert answers(item["get"])["404"]["headers"].keys() == {"Access-Control-Allow-Origin"}


def test_payloads_kept_compressed_say_how() -> None:
    model = ReadModel(data_store=DataStore(stored_encoding="gzip"))
    assert "Content-Encoding" in answers(get(of(model), "/samples"))["200"]["headers"]


def test_the_articles_declares_what_the_article_does() -> None:
    found = described(article_template())
    assert found["paths"]["/samples"].keys() == {"get"}
    assert found["paths"]["/samples"]["get"]["responses"].keys() == {"200", "default"}
    assert found["info"]["version"] == "v1"  # its deployment has no hash


# --- paths ---


def test_parameters_stand_with_their_path_and_a_greedy_one_is_told() -> None:
    route = Route("shops/{shop}/{rest+}", "shops/{shop}/{rest}.json")
    item = described(of(ReadModel(routes=[route])))["paths"]["/shops/{shop}/{rest}"]
    plain, greedy = item["parameters"]
    text = {"in": "path", "required": True, "schema": {"type": "string"}}
    assert plain == {"name": "shop", **text}
    assert greedy.pop("description").startswith("The rest of the path, slashes included")
    assert greedy == {"name": "rest", **text}
    assert item["get"]["operationId"] == "getShopsShopRest"


def test_the_root_is_a_path() -> None:
    assert get(api(Get=("", reads("index.html"))), "/")["operationId"] == "getRoot"


def test_any_is_every_verb_that_has_no_method_of_its_own() -> None:
    methods = {"Any": ("a", reads("a.json", "ANY")), "Get": ("a", reads("g.json"))}
    template = api(**methods)
    template["Resources"]["Get"]["Properties"]["ResourceId"] = {"Ref": "AnyPath0"}
    item = described(template)["paths"]["/a"]
    assert item.keys() == {"get", "head", "options", "put", "post", "delete", "patch"}
    assert item["get"]["summary"] == "Read g.json"
    assert item["post"]["operationId"] == "postA"


def test_a_query_is_a_parameter_too_and_may_be_required() -> None:
    declared = {"method.request.querystring.page": True, "method.request.header.X-Y": "false"}
    found = get(api(Get=("a", reads("a.json", RequestParameters=declared))), "/a")["parameters"]
    assert [(one["name"], one["in"], one["required"]) for one in found] == [
        ("page", "query", True),
        ("X-Y", "header", False),
    ]


def test_what_is_not_written_out_is_named_and_left_out() -> None:
    hidden = reads("b.json")
    hidden["Integration"] = {"Fn::If": ["Some", {}, {}]}
    elsewhere = reads("c.json")
    template = api(Get=("a", reads("a.json")), Hidden=("b", hidden), Elsewhere=("c", elsewhere))
    template["Resources"]["ElsewherePath0"]["Properties"]["ParentId"] = {"Ref": "Parameter"}
    found = described(template)
    assert found["paths"].keys() == {"/a"}
    assert found["info"]["description"] == (
        "Not described, as the template does not write them out: Hidden and Elsewhere."
    )


def test_what_a_client_needs_is_said() -> None:
    guarded = reads("a.json", AuthorizationType="AWS_IAM", ApiKeyRequired=True)
    assert get(api(Get=("a", guarded)), "/a")["description"] == (
        "Needs authorization: AWS_IAM. Needs an API key in the header x-api-key."
    )
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
def test_a_payload_has_the_type_of_its_ending_where_s3s_is_passed_on(key: str, kind: str) -> None:
    assert answers(get(api(Get=("a", reads(key))), "/a"))["200"]["content"] == {kind: {}}


def test_where_it_is_not_passed_on_api_gateway_says_json() -> None:
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
def test_a_body_is_described_as_far_as_its_template_tells(template: str, media: Content) -> None:
    found = answers(get(api(Get=("a", answering(template))), "/a"))
    assert found["404"]["content"] == {"application/json": media}


def test_an_error_that_passes_s3s_body_on_is_not_described() -> None:
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
def test_api_gateways_own_errors_are_described_unless_they_are_made_otherwise(
    body: Any, known: bool
) -> None:
    template = api(Get=("a", reads("a.json")))
    bodies = {"ResponseTemplates": {"application/json": body}}
    template["Resources"]["Own"] = resource("GatewayResponse", ResponseType="THROTTLED", **bodies)
    assert ("content" in answers(get(template, "/a"))["default"]) == known


def test_a_status_that_http_does_not_name_has_a_description() -> None:
    found = answers(get(api(Get=("a", reads("a.json", statuses=("200", "499")))), "/a"))
    assert found["499"] == {"description": "Status 499"}


# --- about the API ---


def test_the_version_is_the_hash_of_what_is_served() -> None:
    (name,) = [one for one in of(ReadModel())["Resources"] if "Deployment" in one]
    assert name == f"ApiGatewayDeployment{PRODUCTION['info']['version']}"
    assert document(of(ReadModel(deployment=Deployment(serial=2))))["info"] != PRODUCTION["info"]


def test_without_a_stage_the_version_is_not_known() -> None:
    found = described(api(Get=("a", reads("a.json"))))
    assert found["info"] == {"title": "Things", "version": "unknown"}
    assert found["servers"][0]["variables"]["stage"] == {"default": "v1"}


def test_an_api_without_a_name_is_called_by_its_logical_id() -> None:
    template = api(Get=("a", reads("a.json")))
    del template["Resources"]["Api"]["Properties"]["Name"]
    assert described(template)["info"]["title"] == "Api"


def test_what_is_known_of_the_stack_stands_in_the_document() -> None:
    found = document(of(ReadModel()), stack_name="shop", region="eu-north-1")
    assert found["info"]["title"] == "shop Api"
    assert found["servers"][0]["variables"]["region"]["default"] == "eu-north-1"
    assert PRODUCTION["info"]["title"] == "${AWS::StackName} Api"


def test_the_server_is_api_gateways_url_at_any_of_the_stages() -> None:
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


def test_of_several_apis_one_is_chosen_by_its_logical_id() -> None:
    assert document(pair(), "Second")["info"]["title"] == "More"
    assert document(pair(), "Second")["paths"].keys() == {"/b"}


@pytest.mark.parametrize(
    ("template", "wanted", "said"),
    [
        (pair(), None, "--api: Api and Second read S3; give one of them"),
        (pair(), "Empty", "--api: 'Empty' is no API that reads S3; there is Api and Second"),
        (
            {"Resources": {"Empty": {"Type": "AWS::ApiGateway::RestApi"}}},
            None,
            "template: no API in it reads S3; give one with a REST API whose methods read S3",
        ),
    ],
)
def test_a_choice_that_is_not_clear_is_an_error_of_one_line(
    template: Content, wanted: str | None, said: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        document(template, wanted)
    assert str(raised.value) == said
