"""The report: what anybody can reach, findings by mistake, and the CDK's paths."""

import json
from typing import Any

import pytest
from audit_templates import Template, drop, good, put

from readmodel_cfn import ReadModel
from readmodel_cfn.analysis.audit import Finding, audit, audit_report, group
from readmodel_cfn.errors import FindingsError

GET = "SampleGet/Properties"


def without_heads() -> Template:
    template = good()
    for name in ("SampleHead", "ProductHead"):
        drop(template, name)
        template["Resources"]["Deployment1a2b"]["DependsOn"].remove(name)
    return template


def public(template: Template) -> set[str]:
    return {method.resource for method in audit_report(template).public}


def finding(resource: str, what: str, **fields: Any) -> Finding:
    named = {"severity": "low", "type": "AWS::ApiGateway::Method", "todo": "do", **fields}
    return Finding(
        "R1", "name", **named, resource=resource, path="P", line=1, what=what, meaning=""
    )


def test_methods_without_authorization_are_public_with_path_bucket_and_key() -> None:
    found = {method.resource: method for method in audit_report(good(cors=True)).public}
    assert found.keys() == {"SampleGet", "SampleHead", "ProductGet", "ProductHead"}
    product = found["ProductGet"]
    assert (product.verb, product.path, product.access) == ("GET", "/products/{id}", "reads")
    assert (product.bucket, product.key) == ("${Store}", "products/{id}.json")
    assert not product.has_policy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{GET}/AuthorizationType", "AWS_IAM"),
        (f"{GET}/AuthorizationType", {"Ref": "Authorization"}),
        (f"{GET}/ApiKeyRequired", True),
        (f"{GET}/ApiKeyRequired", "true"),
    ],
)
def test_method_with_authorization_or_api_key_is_not_public(path: str, value: Any) -> None:
    template = good()
    put(template, path, value)
    assert public(template) == {"SampleHead", "ProductGet", "ProductHead"}


def test_private_api_has_no_public_methods() -> None:
    template = good()
    put(template, "Api/Properties/EndpointConfiguration", {"Types": ["PRIVATE"]})
    assert public(template) == set()


def test_method_that_writes_is_public_if_it_takes_other_verbs_than_get() -> None:
    template = good()
    put(template, f"{GET}/Integration/IntegrationHttpMethod", "ANY")
    public = audit_report(template).public
    assert {method.access for method in public} == {"reads"}
    put(template, f"{GET}/HttpMethod", "ANY")
    found = [method.access for method in audit_report(template).public if method.verb == "ANY"]
    assert found == ["reads", "writes"]


def test_resource_policy_of_the_api_is_mentioned() -> None:
    template = good()
    put(template, "Api/Properties/Policy", {"Statement": []})
    assert {method.has_policy for method in audit_report(template).public} == {True}


@pytest.mark.parametrize(
    ("auth", "public", "has_policy"),
    [
        ({}, True, False),
        ({"DefaultAuthorizer": "AWS_IAM"}, False, False),
        ({"ApiKeyRequired": True}, False, False),
        ({"ResourcePolicy": {"IpRangeWhitelist": ["192.0.2.0/24"]}}, True, True),
    ],
)
def test_auth_of_a_sam_api_counts(auth: Template, public: bool, has_policy: bool) -> None:
    service = "arn:aws:apigateway:us-east-1:s3:path/bucket/a.json"
    integration = {"type": "aws", "httpMethod": "GET", "uri": service, "responses": {}}
    operation = {"x-amazon-apigateway-integration": integration, "responses": {}}
    body = {"openapi": "3.0.1", "paths": {"/a": {"get": operation}}}
    properties = {"StageName": "live", "DefinitionBody": body, "Auth": auth}
    resources = {"Sam": {"Type": "AWS::Serverless::Api", "Properties": properties}}
    found = audit_report({"Resources": resources}).public
    assert [(method.path, method.has_policy) for method in found] == [("/a", has_policy)] * public


def test_resource_policy_in_an_openapi_document_is_mentioned() -> None:
    service = "arn:aws:apigateway:us-east-1:s3:path/bucket/a.json"
    integration = {"type": "aws", "httpMethod": "GET", "uri": service, "responses": {}}
    operation = {"x-amazon-apigateway-integration": integration, "responses": {}}
    body = {"x-amazon-apigateway-policy": {"Statement": []}, "paths": {"/a": {"get": operation}}}
    resources = {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}}
    assert [method.has_policy for method in audit_report({"Resources": resources}).public] == [True]


def test_findings_with_one_rule_and_fix_are_one_group() -> None:
    (found,) = group(audit(without_heads()))
    assert [finding.resource for finding in found.findings] == ["SampleGet", "ProductGet"]
    assert (found.first.rule, found.where) == ("R20", "2 methods")
    assert "HEAD" in found.what
    assert not {"/samples", "/products/{id}"} & set(found.what.split())


def test_findings_with_another_fix_are_another_group() -> None:
    findings = [finding("A", "one"), finding("B", "one", todo="other"), finding("C", "one")]
    assert [[f.resource for f in found.findings] for found in group(findings)] == [
        ["A", "C"],
        ["B"],
    ]


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (["a b"], "a b"),
        (["a b", "a b"], "a b"),
        (["a 1 b", "a 2 b"], "a ... b"),
        (["a", "a b"], "a ..."),
        (["b", "a b"], "... b"),
        (["a", "b"], "..."),
        (["a a", "a"], "a ..."),
    ],
)
def test_text_of_a_group_has_what_its_findings_have_in_common(texts: list[str], what: str) -> None:
    (found,) = group(finding(str(number), text) for number, text in enumerate(texts))
    assert found.what == what


@pytest.mark.parametrize(
    ("types", "where"),
    [
        (["AWS::IAM::Role"], "R0"),
        (["AWS::IAM::Role"] * 2, "2 roles"),
        (["AWS::IAM::Role", "AWS::S3::Bucket"], "2 resources"),
        (["", ""], "2 resources"),
    ],
)
def test_place_of_a_group_is_a_resource_or_their_number(types: list[str], where: str) -> None:
    (found,) = group(finding(f"R{number}", "", type=kind) for number, kind in enumerate(types))
    assert found.where == where


def test_finding_has_the_path_of_the_cdk_construct() -> None:
    template = without_heads()
    template["Resources"]["SampleGet"]["Metadata"] = {"aws:cdk:path": "Shop/Api/GET/Resource"}
    paths = {finding.resource: finding.cdk_path for finding in audit(template)}
    assert paths == {"SampleGet": "Shop/Api/GET/Resource", "ProductGet": None}
    assert "Shop/Api/GET/Resource" in str(audit(template)[0])


def test_require_none_raises_from_the_severity_on() -> None:
    report = audit_report(without_heads())
    report.require_none("template", "high")
    for severity in ("medium", "low"):
        with pytest.raises(FindingsError) as raised:
            report.require_none("template", severity)
        assert raised.value.where == "template"


def test_what_was_not_looked_at_fails_at_every_severity() -> None:
    template = good()
    put(template, "Api/Properties/BodyS3Location", {"Bucket": "bucket", "Key": "api.yaml"})
    report = audit_report(template)
    assert [(part.resource, part.path) for part in report.unchecked] == [
        ("Api", "Properties/BodyS3Location")
    ]
    with pytest.raises(FindingsError):
        report.require_none("template", "high")
    assert "1 part" in report.summary


def test_report_is_json_with_every_finding() -> None:
    found = json.loads(json.dumps(audit_report(without_heads()).as_dict()))
    assert [finding["resource"] for finding in found["findings"]] == ["SampleGet", "ProductGet"]
    assert {"path", "value"} == set(found["findings"][0]["cure"][0])
    assert (found["reads"], found["unchecked"]) == (2, [])


def test_production_template_is_public_and_has_no_findings() -> None:
    report = audit_report(ReadModel())
    assert [(method.verb, method.key) for method in report.public] == [
        ("GET", "payload.json"),
        ("HEAD", "payload.json"),
    ]
    assert report.findings == ()
