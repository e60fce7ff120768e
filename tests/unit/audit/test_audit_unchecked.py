"""What may read S3 is audited, or listed as not checked: no findings alone is no all-clear."""

import json
from pathlib import Path
from typing import Any

import pytest
from audit_templates import Template, drop, find, good, object_uri, put, resource
from click.testing import CliRunner

from readmodel_cfn import Access, Api, ReadModel
from readmodel_cfn.analysis.audit import AuditReport, audit, audit_report
from readmodel_cfn.cli.analysis import audit as command
from readmodel_cfn.cli.analysis import graph, openapi
from readmodel_cfn.errors import FindingsError

GET = "SampleGet/Properties"
INTEGRATION = f"{GET}/Integration"
URI = f"{INTEGRATION}/Uri"
SERVICE = "arn:${AWS::Partition}:apigateway:${AWS::Region}"


def changed(path: str, value: Any) -> AuditReport:
    template = good()
    put(template, path, value)
    return audit_report(template)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (URI, {"Ref": "Uri"}),
        (URI, {"Fn::ImportValue": "uri"}),
        (URI, {"Ref": "AWS::NoValue"}),
        (URI, {"Fn::Sub": f"{SERVICE}:${{Service}}:path/bucket/key"}),
        (URI, {"Fn::Sub": f"{SERVICE}:s3:action/GetObject&Bucket=b&Key=k"}),
        (f"{INTEGRATION}/IntegrationHttpMethod", {"Ref": "Verb"}),
        (f"{INTEGRATION}/IntegrationHttpMethod", None),
        (INTEGRATION, {"Fn::Transform": {"Name": "AWS::Include"}}),
        (f"{INTEGRATION}/IntegrationResponses", {"Ref": "Responses"}),
    ],
)
def test_a_method_that_cannot_be_read_is_not_checked(path: str, value: Any) -> None:
    report = changed(path, value)
    assert [part.resource for part in report.unchecked] == ["SampleGet"]
    assert report.reads == 3


def test_api_key_from_an_authorizer_is_named() -> None:
    template = good()
    put(template, f"{GET}/ApiKeyRequired", True)
    put(template, "Api/Properties/ApiKeySourceType", "AUTHORIZER")
    named = audit_report(template).unchecked
    assert [part.resource for part in named] == ["SampleGet"]
    assert "API key from AUTHORIZER" in named[0].what


@pytest.mark.parametrize(
    "access",
    [
        Access(auth="iam"),
        Access(auth="iam", principals=("123456789012",), source_ips=("192.0.2.0/24",)),
        Access(auth="api-key", keys=("web", "partner"), quota=10),
        Access(private=True, source_vpces=("vpce-0123456789abcdef0",)),
    ],
    ids=str,
)
def test_methods_that_require_credentials_are_looked_at(access: Access) -> None:
    report = audit_report(ReadModel(access=access, api=Api(cors_origin="*")))
    assert (report.findings, report.unchecked, report.public) == ((), (), ())


@pytest.mark.parametrize("host", ["${Host}", "${Host}:8080", "${Bucket}.example.${Domain}"])
def test_an_http_backend_with_an_unknown_host_is_not_checked(host: str) -> None:
    integration = {
        "Type": "HTTP",
        "IntegrationHttpMethod": "GET",
        "Uri": {"Fn::Sub": f"https://{host}/a"},
    }
    assert [part.resource for part in changed(INTEGRATION, integration).unchecked] == ["SampleGet"]


@pytest.mark.parametrize(
    "integration",
    [
        {
            "Type": "HTTP_PROXY",
            "IntegrationHttpMethod": "GET",
            "Uri": {"Fn::Sub": "http://${Balancer.DNSName}/a"},
        },
        {"Type": "HTTP", "IntegrationHttpMethod": "GET", "Uri": "https://example.com/s3.html"},
        {"Type": "AWS_PROXY", "Uri": {"Fn::Sub": f"{SERVICE}:lambda:path/${{Function}}"}},
        {
            "Type": "AWS",
            "IntegrationHttpMethod": "POST",
            "Uri": {"Fn::Sub": f"{SERVICE}:dynamodb:action/GetItem"},
        },
        {"Type": "MOCK"},
    ],
)
def test_other_backends_are_no_concern(integration: Template) -> None:
    resources = {
        "Balancer": resource("ElasticLoadBalancingV2::LoadBalancer"),
        "Get": resource("ApiGateway::Method", HttpMethod="GET", Integration=integration),
    }
    assert audit_report({"Resources": resources}) == AuditReport((), 0, 0, 0, ())


@pytest.mark.parametrize(
    "template",
    [
        {"Resources": {"Api": resource("ApiGateway::RestApi", BodyS3Location={"Bucket": "b"})}},
        {"Resources": {"Api": resource("Serverless::Api", DefinitionUri="api.yaml")}},
        {
            "Resources": {"Api": resource("Serverless::Api")},
            "Globals": {"Api": {"DefinitionUri": "a"}},
        },
        {"Resources": {"Child": resource("CloudFormation::Stack", TemplateURL="https://a/b")}},
        {"Resources": {"Part": resource("S3::Proxy::MODULE")}},
        {"Resources": {"Fn::ForEach::Routes": ["Name", {"Ref": "Names"}, {"${Name}Get": {}}]}},
        {"Resources": {"Fn::Transform": {"Name": "AWS::Include"}}},
        {"Resources": {}, "Transform": ["AWS::LanguageExtensions", "Company::Macro"]},
        {"Resources": {}, "Fn::Transform": {"Name": "AWS::Include"}},
        {"Resources": {"Get": {"Type": "AWS::ApiGateway::Method", "Properties": {"Ref": "P"}}}},
        {
            "Resources": {
                "Proxy": resource(
                    "ApiGatewayV2::Integration", IntegrationUri="https://b.s3.amazonaws.com"
                )
            }
        },
    ],
)
def test_what_the_template_takes_from_elsewhere_is_not_checked(template: Template) -> None:
    assert len(audit_report(template).unchecked) == 1
    assert audit(template) == []


def test_a_uri_of_a_parameter_is_its_default() -> None:
    template = good()
    template["Parameters"] = {
        "Uri": {"Type": "String", "Default": "arn:aws:apigateway:eu-west-1:s3:path/b/k"}
    }
    put(template, URI, {"Ref": "Uri"})
    report = audit_report(template)
    assert (report.reads, report.unchecked) == (4, ())
    assert "R22" in {finding.rule for finding in report.findings}


def test_a_parameter_with_bucket_and_key_is_read_by_its_default() -> None:
    template = good()
    template["Parameters"] = {"Place": {"Type": "String", "Default": "bucket/key.json"}}
    put(template, URI, {"Fn::Sub": f"{SERVICE}:s3:path/${{Place}}"})
    report = audit_report(template)
    assert (report.reads, report.lists) == (4, 0)
    template["Parameters"]["Place"]["Default"] = "bucket"
    report = audit_report(template)
    assert (report.reads, report.lists) == (3, 1)


@pytest.mark.parametrize(
    ("parameter", "reads"),
    [({"Type": "CommaDelimitedList", "Default": "Get"}, 4), ({"Type": "CommaDelimitedList"}, 3)],
)
def test_a_loop_over_a_parameter_is_expanded_by_its_default(
    parameter: Template, reads: int
) -> None:
    template = good()
    template["Parameters"] = {"Verbs": parameter}
    resources = template["Resources"]
    body = {"Sample${Verb}": resources.pop("SampleGet")}
    resources["Fn::ForEach::Sample"] = ["Verb", {"Ref": "Verbs"}, body]
    report = audit_report(template)
    assert (report.reads, len(report.unchecked)) == (reads, 4 - reads)


def test_both_branches_of_a_condition_are_audited() -> None:
    path = f"{INTEGRATION}/IntegrationResponses"
    template = good()
    put(template, path, {"Fn::If": ["Strict", find(template, path), []]})
    assert [finding.rule for finding in audit(template)] == ["R01"]
    template = good()
    listed = find(template, path)
    listed[4] = {"Fn::If": ["Masked", listed[4], {"Ref": "AWS::NoValue"}]}
    assert [finding.rule for finding in audit(template)] == ["R02"]


def test_branches_of_one_condition_belong_together() -> None:
    """The verb and the object differ by one condition: no branch mixes them."""
    template = good()
    nothing = {"Ref": "AWS::NoValue"}
    integration = find(template, INTEGRATION)
    key = object_uri("payload.json")
    put(template, URI, {"Fn::If": ["Reads", key, nothing]})
    put(template, f"{INTEGRATION}/Type", {"Fn::If": ["Reads", "AWS", "MOCK"]})
    put(
        template,
        f"{INTEGRATION}/Credentials",
        {"Fn::If": ["Reads", integration["Credentials"], nothing]},
    )
    report = audit_report(template)
    assert (report.findings, report.unchecked, report.reads) == ((), (), 4)


def test_statements_in_both_branches_are_audited() -> None:
    template = good()
    path = "ReaderPolicy/Properties/PolicyDocument/Statement/0/Action"
    put(template, path, {"Fn::If": ["Wide", ["s3:Get*"], ["s3:GetObject"]]})
    assert [finding.rule for finding in audit(template)] == ["R40"]


def test_a_role_of_a_condition_is_audited() -> None:
    template = good()
    reader = {"Fn::GetAtt": ["ReaderRole", "Arn"]}
    put(template, f"{INTEGRATION}/Credentials", {"Fn::If": ["Own", reader, {"Ref": "RoleArn"}]})
    put(
        template,
        "ReaderPolicy/Properties/Roles",
        [{"Fn::If": ["Own", {"Ref": "ReaderRole"}, "other"]}],
    )
    put(template, "ReaderPolicy/Properties/PolicyDocument/Statement/0/Action", ["s3:Get*"])
    assert [finding.rule for finding in audit(template)] == ["R40"]


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_the_command_fails_if_something_was_not_checked(tmp_path: Path, form: str) -> None:
    template = good()
    put(template, URI, {"Ref": "Uri"})
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template), encoding="utf-8")
    done = CliRunner().invoke(command, [str(file), "--format", form])
    assert isinstance(done.exception, FindingsError)
    assert "SampleGet" in done.stdout
    if form == "json":
        assert [part["resource"] for part in json.loads(done.stdout)["unchecked"]] == ["SampleGet"]


@pytest.mark.parametrize("analyse", [graph, openapi])
def test_graph_and_openapi_name_what_they_leave_out(tmp_path: Path, analyse: Any) -> None:
    template = good()
    template["Resources"]["Child"] = resource("CloudFormation::Stack", TemplateURL="https://a/b")
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template), encoding="utf-8")
    done = CliRunner().invoke(analyse, [str(file)])
    assert (done.exit_code, "Child" in done.stderr) == (0, True)
    drop(template, "Child")
    file.write_text(json.dumps(template), encoding="utf-8")
    assert CliRunner().invoke(analyse, [str(file)]).stderr == ""


def test_outputs_of_a_loop_are_audited() -> None:
    template = good()
    value = {"Value": {"Fn::GetAtt": ["PublisherKey", "SecretAccessKey"]}}
    template["Outputs"]["Fn::ForEach::Keys"] = ["Name", ["A", "B"], {"Key${Name}": value}]
    assert [finding.path for finding in audit(template)] == ["KeyA/Value", "KeyB/Value"]
