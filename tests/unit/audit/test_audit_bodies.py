"""Methods of OpenAPI documents are audited as all others."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from audit_bodies import INTEGRATION, with_body, with_definition
from audit_templates import Template, find, good, put

from readmodel_cfn.analysis.audit import audit, audit_report
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.analysis.openapi import openapi

FORMS = pytest.mark.parametrize(
    ("define", "place"), [(with_body, "Body"), (with_definition, "DefinitionBody")]
)
Define = Callable[[Template], Template]
INCLUDE = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}


@pytest.mark.parametrize("define", [with_body, with_definition])
@pytest.mark.parametrize("options", [{}, {"cors": True}, {"compressed": True}, {"gzip": True}])
def test_a_good_api_has_no_findings_as_a_document(define: Define, options: dict[str, bool]) -> None:
    report = audit_report(define(good(**options)))
    assert (report.findings, report.unchecked) == ((), ())
    assert (report.reads, report.lists, report.writes) == (4, 0, 0)


@FORMS
def test_faults_are_found_at_their_place_in_the_document(define: Define, place: str) -> None:
    template = define(good())
    get = f"Api/Properties/{place}/paths"
    operation = find(template, get)["/samples"]["get"]
    operation[INTEGRATION]["responses"]["default"]["statusCode"] = "200"
    del operation[INTEGRATION]["credentials"]
    found = audit(yaml.safe_dump(template))
    above = f"Properties/{place}/paths/~1samples/get/{INTEGRATION}"
    assert [(finding.rule, finding.resource, finding.path) for finding in found] == [
        ("R03", "Api", f"{above}/responses/default"),
        ("R06", "Api", f"{above}/responses"),
        ("R36", "Api", f"{above}/credentials"),
    ]
    lines = yaml.safe_dump(template).splitlines()
    assert "default:" in lines[(found[0].line or 0) - 1]


@pytest.mark.parametrize("define", [with_body, with_definition])
def test_graph_and_openapi_have_the_methods_of_a_document(define: Define) -> None:
    template = define(good())
    assert openapi(template)["paths"].keys() == {"/samples", "/products/{id}"}
    assert "/products/{id}" in flowchart(template)


def test_references_in_a_document_are_followed() -> None:
    template = with_body(good())
    body = find(template, "Api/Properties/Body")
    get = body["paths"]["/samples"]["get"]
    shared = body.setdefault("components", {})["x-integrations"] = {"read": get[INTEGRATION]}
    get[INTEGRATION] = {"$ref": "#/components/x-integrations/read"}
    assert audit(template) == []
    del shared["read"]["credentials"]
    assert [finding.rule for finding in audit(template)] == ["R36"]


def test_both_branches_of_a_document_are_audited() -> None:
    template, other = with_body(good()), with_body(good())
    body = find(other, "Api/Properties/Body")
    del body["paths"]["/samples"]["get"][INTEGRATION]["credentials"]
    first = find(template, "Api/Properties/Body")
    put(template, "Api/Properties/Body", {"Fn::If": ["Some", first, body]})
    assert [finding.rule for finding in audit(template)] == ["R36"]


@pytest.mark.parametrize(
    "body",
    [
        INCLUDE,
        {"Ref": "Document"},
        "openapi: 3.0.1",
        {"paths": INCLUDE},
        {"paths": {"/a": INCLUDE}},
    ],
)
def test_a_document_from_elsewhere_is_not_checked(body: Any) -> None:
    template = {
        "Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}}
    }
    report = audit_report(template)
    assert {part.resource for part in report.unchecked} == {"Api"}
    assert all(part.path.startswith("Properties/Body") for part in report.unchecked)


def test_authorization_of_a_document_is_described() -> None:
    template = with_body(good())
    body = find(template, "Api/Properties/Body")
    body["components"] = {
        "securitySchemes": {
            "signed": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"},
            "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        }
    }
    body["paths"]["/samples"]["get"]["security"] = [{"signed": [], "key": []}]
    described = openapi(template)
    assert described["paths"]["/samples"]["get"]["security"] == [{"iam": [], "apiKey": []}]
    assert described["components"]["securitySchemes"].keys() == {"iam", "apiKey"}


@pytest.mark.parametrize(
    ("auth", "required"),
    [
        ({"DefaultAuthorizer": "AWS_IAM"}, "iam"),
        ({"ApiKeyRequired": True}, "apiKey"),
        (
            {"DefaultAuthorizer": "Pool", "Authorizers": {"Pool": {"UserPoolArn": "arn"}}},
            "cognito",
        ),
        ({"DefaultAuthorizer": "Gate", "Authorizers": {"Gate": {"FunctionArn": "arn"}}}, "custom"),
    ],
)
def test_the_authorization_of_a_serverless_api_is_that_of_its_methods(
    auth: Template, required: str
) -> None:
    template = with_definition(good(cors=True))
    put(template, "Api/Properties/Auth", auth)
    item = openapi(template)["paths"]["/samples"]
    assert item["get"]["security"] == [{required: []}]
    assert "security" not in openapi(with_definition(good()))["paths"]["/samples"]["get"]


@pytest.mark.parametrize("below", ["", "/get"])
def test_a_path_or_an_operation_may_be_a_reference(below: str) -> None:
    template = with_body(good())
    body = find(template, "Api/Properties/Body")
    path = body["paths"]["/samples"]
    shared = path["get"] if below else path
    body["components"] = {**body.get("components", {}), "x-shared": {"one": shared}}
    for reference, reads in (
        ("#/components/x-shared/one", 4),
        ("#/components/x-shared/two", 3 if below else 2),
        ("other.json#/one", 3 if below else 2),
    ):
        own = {"$ref": reference}
        body["paths"]["/samples"] = {**path, "get": own} if below else own
        report = audit_report(template)
        assert report.reads == reads
        unchecked = [part.path for part in report.unchecked]
        place = f"Properties/Body/paths/~1samples{below}"
        assert unchecked == ([] if reads == 4 else [place])
