"""Where clients reach an API, and how they prove who they are."""

from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_templates import Content, api, reads, resource

from readmodel_cfn.analysis.openapi import openapi

EXECUTE_API = "https://{api}.execute-api.{region}.{domain}/{stage}"


def with_domain(name: Any = "facts.example.com", **more: Any) -> Content:
    template = api(Get=("a", reads("a.json")))
    template["Resources"] |= {
        "Domain": {"Type": "AWS::ApiGateway::DomainName", "Properties": {"DomainName": name}},
        "Mapping": resource("BasePathMapping", **{"DomainName": {"Ref": "Domain"}, **more}),
    }
    return template


def urls(template: Content) -> list[str]:
    document = openapi(template)
    validate(document)
    return [server["url"] for server in document["servers"]]


def test_a_domain_name_is_the_first_server() -> None:
    template = with_domain(BasePath="v1")
    assert urls(template) == ["https://facts.example.com/v1", EXECUTE_API]
    template = with_domain(DomainName="facts.example.com")
    assert urls(template) == ["https://facts.example.com", EXECUTE_API]


@pytest.mark.parametrize("value", [True, "true", {"Ref": "Closed"}])
def test_a_disabled_endpoint_is_no_server(value: Any) -> None:
    template = with_domain(BasePath="v1")
    template["Parameters"] = {"Closed": {"Type": "String", "Default": "true"}}
    template["Resources"]["Api"]["Properties"]["DisableExecuteApiEndpoint"] = value
    assert urls(template) == ["https://facts.example.com/v1"]


def test_a_disabled_endpoint_without_a_domain_name_is_described() -> None:
    template = api(Get=("a", reads("a.json")))
    template["Resources"]["Api"]["Properties"]["DisableExecuteApiEndpoint"] = True
    (server,) = openapi(template)["servers"]
    assert "disabled" in server["description"]


def test_an_unknown_domain_name_is_a_variable() -> None:
    template = with_domain({"Ref": "HostName"})
    assert urls(template) == ["https://{domainName}", EXECUTE_API]
    assert "HostName" in openapi(template)["servers"][0]["variables"]["domainName"]["description"]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("ApiGatewayV2::ApiMapping", {"ApiId": {"Ref": "Api"}, "ApiMappingKey": "v1"}),
        ("ApiGateway::BasePathMappingV2", {"RestApiId": {"Ref": "Api"}, "BasePath": "v1"}),
    ],
)
def test_every_kind_of_mapping_is_known(kind: str, properties: Content) -> None:
    name = "DomainNameArn" if kind.endswith("V2") else "DomainName"
    template = with_domain()
    template["Resources"]["Mapping"] = {
        "Type": f"AWS::{kind}",
        "Properties": {**properties, name: {"Ref": "Domain"}},
    }
    assert urls(template) == ["https://facts.example.com/v1", EXECUTE_API]


def test_the_domain_name_of_a_serverless_api_is_a_server() -> None:
    template = api(Get=("a", reads("a.json")))
    domain = {"DomainName": "facts.example.com", "BasePath": ["/v1"], "CertificateArn": "arn"}
    template["Resources"]["Api"] = {
        "Type": "AWS::Serverless::Api",
        "Properties": {"StageName": "live", "Domain": domain, "DisableExecuteApiEndpoint": True},
    }
    assert urls(template) == ["https://facts.example.com/v1"]


def secured(authorizer: Content | None = None, **properties: Any) -> tuple[Any, Content]:
    """The security of an operation, and the security schemes."""
    template = api(Get=("a", reads("a.json", **properties)), Open=("b", reads("b.json")))
    if authorizer:
        template["Resources"]["Gate"] = resource("Authorizer", **authorizer)
    document = openapi(template)
    validate(document)
    assert "security" not in document["paths"]["/b"]["get"]
    schemes = document["components"].get("securitySchemes", {})
    return document["paths"]["/a"]["get"].get("security"), schemes


GATE = {"AuthorizerId": {"Ref": "Gate"}}
HEADER = {"IdentitySource": "method.request.header.X-Token"}


@pytest.mark.parametrize(
    ("properties", "authorizer", "name", "place"),
    [
        ({"ApiKeyRequired": True}, None, "x-api-key", "header"),
        ({"AuthorizationType": "AWS_IAM"}, None, "Authorization", "header"),
        ({"AuthorizationType": "COGNITO_USER_POOLS", **GATE}, HEADER, "X-Token", "header"),
        ({"AuthorizationType": "CUSTOM", **GATE}, HEADER, "X-Token", "header"),
        (
            {"AuthorizationType": "CUSTOM", **GATE},
            {"IdentitySource": "method.request.querystring.t,context.path"},
            "t",
            "query",
        ),
        ({"AuthorizationType": "CUSTOM", "AuthorizerId": "a1"}, None, "Authorization", "header"),
    ],
)
def test_security_schemes(
    properties: Content, authorizer: Content | None, name: str, place: str
) -> None:
    required, schemes = secured(authorizer, **properties)
    ((scheme, described),) = schemes.items()
    assert required == [{scheme: []}]
    assert (described["type"], described["name"], described["in"]) == ("apiKey", name, place)


def test_a_key_and_an_authorizer_are_both_required() -> None:
    required, schemes = secured(AuthorizationType="AWS_IAM", ApiKeyRequired=True)
    assert len(required) == 1
    assert required[0].keys() == schemes.keys()
    assert len(schemes) == 2


def test_scopes_of_cognito_are_required() -> None:
    properties = {
        "AuthorizationType": "COGNITO_USER_POOLS",
        "AuthorizationScopes": ["read"],
        **GATE,
    }
    required, _ = secured(HEADER, **properties)
    assert required == [{"Gate": ["read"]}]


def test_an_open_api_has_no_security_schemes() -> None:
    assert secured() == (None, {})


@pytest.mark.parametrize(("key", "word"), [("", "bucket"), ("/", "all")])
def test_a_list_is_described_as_one(key: str, word: str) -> None:
    properties = reads("a.json")
    properties["Integration"]["Uri"] = "arn:aws:apigateway:x:s3:path/" + ("/" if key else "bucket")
    template = api(Get=("a", properties))
    operation = openapi(template)["paths"]["/a"]["get"]
    assert operation["summary"].startswith("List")
    assert word in operation["summary"]
    assert operation["responses"]["200"]["content"].keys() == {"application/xml"}
