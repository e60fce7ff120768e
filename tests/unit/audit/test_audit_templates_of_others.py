"""Forms that other people's templates have, and what the audit must make of them."""

from typing import Any

import pytest
from audit_faults_s3 import NAMES, client_names_the_bucket, lists
from audit_templates import STORE_ARN, Template, allow, find, good, put, resource

from readmodel_cfn.analysis.audit import Finding, audit, audit_report
from readmodel_cfn.analysis.view import View

SERVICE = "arn:${AWS::Partition}:apigateway:${AWS::Region}"
POLICY = "ReaderPolicy/Properties/PolicyDocument/Statement"
DOCUMENT_RULES = {"R09", "R10", "R14", "R20", "R22", "R26", "R28"}


def rules(template: Template) -> set[str]:
    return {finding.rule for finding in audit(template)}


def found(template: Template, rule: str) -> list[Finding]:
    return [finding for finding in audit(template) if finding.rule == rule]


@pytest.mark.parametrize(
    "api",
    [
        {"Fn::GetAtt": ["Api", "RestApiId"]},
        {"Fn::GetAtt": "Api.RestApiId"},
        {"Fn::Sub": "${Api}"},
        {"Fn::Sub": "${Api.RestApiId}"},
        {"Fn::Join": ["", [{"Ref": "Api"}]]},
    ],
)
def test_an_api_is_the_same_however_it_is_referred_to(api: Any) -> None:
    template = good()
    for part in template["Resources"].values():
        if "RestApiId" in part["Properties"]:
            part["Properties"]["RestApiId"] = api
    put(template, "Api/Properties/MinimumCompressionSize", 20_000_000)
    assert "R30" in rules(template)
    assert [own.resource.id for own in View(template).apis.values() if own.resource] == ["Api"]


@pytest.mark.parametrize("source", ["header.X-Bucket", "querystring.bucket", "path.bucket"])
@pytest.mark.parametrize("arn", ["*", "arn:aws:s3:::*", "arn:aws:s3:::*/*"])
def test_a_bucket_that_the_request_names_is_the_first_finding(source: str, arn: str) -> None:
    template = good()
    client_names_the_bucket(template, source)
    put(template, f"{POLICY}/0/Resource", arn)
    findings = audit(template)
    assert [finding.rule for finding in findings[:5]] == ["R50"] * 5
    assert {finding.resource for finding in findings[:5]} == {*NAMES, "ReaderPolicy"}


@pytest.mark.parametrize(
    ("verb", "key", "action", "is_open"),
    [
        ("PUT", "/k", "s3:Put*", True),
        ("PUT", "/k", "s3:GetObject", False),
        ("DELETE", "/k", "s3:*", True),
        ("GET", "", "s3:List*", True),
        ("GET", "", "s3:GetObject", False),
        ("GET", "/k", "s3:G*", True),
        ("GET", "/k", "s3:ListBucket", False),
    ],
)
def test_the_role_is_judged_by_what_the_method_does(
    verb: str, key: str, action: str, is_open: bool
) -> None:
    template = good()
    client_names_the_bucket(template)
    integration = find(template, "SampleGet/Properties/Integration")
    integration["IntegrationHttpMethod"] = verb
    integration["Uri"] = {"Fn::Sub": f"{SERVICE}:s3:path/{{bucket}}{key}"}
    put(template, f"{POLICY}/0/Action", action)
    resources = {finding.resource for finding in found(template, "R50")}
    assert ("SampleGet" in resources) == is_open


def test_the_bucket_of_a_greedy_parameter_is_named_by_the_request() -> None:
    template = good()
    put(template, "Product/Properties/PathPart", "{id+}")
    for name in ("ProductGet", "ProductHead"):
        put(
            template, f"{name}/Properties/Integration/Uri", {"Fn::Sub": f"{SERVICE}:s3:path/{{id}}"}
        )
    put(template, f"{POLICY}/0/Resource", "*")
    report = audit_report(template)
    assert [finding.rule for finding in report.findings[:2]] == ["R50", "R50"]
    assert (report.reads, report.lists) == (4, 0)


def test_a_request_that_names_the_bucket_is_found_with_an_aws_managed_policy() -> None:
    template = good()
    client_names_the_bucket(template)
    del template["Resources"]["ReaderPolicy"]
    arn = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess"}
    put(template, "ReaderRole/Properties/ManagedPolicyArns", [arn])
    assert len(found(template, "R50")) == 5


@pytest.mark.parametrize(
    "credentials", [{"Ref": "RoleArn"}, "arn:aws:iam::123456789012:role/elsewhere"]
)
def test_an_unknown_role_that_may_use_every_bucket_is_not_checked(credentials: Any) -> None:
    template = good()
    client_names_the_bucket(template)
    for name in NAMES:
        put(template, f"{name}/Properties/Integration/Credentials", credentials)
    report = audit_report(template)
    assert {part.resource for part in report.unchecked} == {*NAMES}
    assert not found(template, "R50")


def test_the_callers_own_credentials_are_no_role() -> None:
    template = good()
    client_names_the_bucket(template)
    for name in NAMES:
        put(template, f"{name}/Properties/Integration/Credentials", "arn:aws:iam::*:user/*")
    report = audit_report(template)
    assert (report.findings, report.unchecked) == ((), ())


@pytest.mark.parametrize("name", [{"Ref": "ReaderRole"}, "reader", {"Fn::Sub": "${ReaderRole}"}])
def test_a_role_is_the_same_by_an_arn_with_its_name(name: Any) -> None:
    template = good()
    put(template, "ReaderRole/Properties/RoleName", "reader")
    arn = {
        "Fn::Join": ["", [{"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"}, name]]
    }
    for method in NAMES:
        put(template, f"{method}/Properties/Integration/Credentials", arn)
    put(template, f"{POLICY}/0/Action", ["s3:Get*"])
    assert rules(template) == {"R40"}


def test_the_buckets_of_the_template_are_among_those_that_the_request_names() -> None:
    template = good()
    client_names_the_bucket(template)
    put(template, "Other", resource("S3::Bucket"))
    assert {finding.resource for finding in found(template, "R47")} == {"Other"}


@pytest.mark.parametrize(
    "bucket", ["/", "", "${Store}", "${Store}/", "{id}", "${Store}?list-type=2"]
)
def test_a_list_is_not_judged_as_a_document(bucket: str) -> None:
    template = good()
    lists(template, bucket)
    assert found(template, "R52")
    assert not rules(template) & DOCUMENT_RULES
    report = audit_report(template)
    assert (report.reads, report.lists, report.writes) == (4, 1, 0)


def test_a_list_in_the_host_of_the_uri_is_a_list() -> None:
    template = good()
    lists(template)
    uri = {"Fn::Sub": f"{SERVICE}:${{Store}}.s3:path/"}
    put(template, "List/Properties/Integration/Uri", uri)
    assert audit_report(template).lists == 1


def test_methods_that_write_are_counted() -> None:
    template = good()
    put(template, "SampleGet/Properties/Integration/IntegrationHttpMethod", "PUT")
    put(template, "SampleHead/Properties/Integration/IntegrationHttpMethod", "ANY")
    report = audit_report(template)
    assert (report.reads, report.lists, report.writes) == (3, 0, 2)


@pytest.mark.parametrize(
    ("types", "key", "handling", "in_base64"),
    [
        (["*/*"], "icon.png", None, False),
        (["*/*"], "icon.png", "CONVERT_TO_TEXT", True),
        (["image/png"], "icon.png", None, True),
        (["image/*"], "icon.png", None, True),
        (["image/png"], "icon.png", "CONVERT_TO_BINARY", False),
        (["image/png"], "icon.json", None, False),
        (["image/png"], "{id}", None, True),
        ([], "icon.png", None, False),
    ],
)
def test_base64_is_expected_where_the_gateway_sends_it(
    types: list[str], key: str, handling: str | None, in_base64: bool
) -> None:
    template = good()
    put(template, "Api/Properties/BinaryMediaTypes", types)
    integration = find(template, "ProductGet/Properties/Integration")
    integration["Uri"] = {"Fn::Sub": f"{SERVICE}:s3:path/${{Store}}/{key}"}
    for response in integration["IntegrationResponses"]:
        if response["StatusCode"] == "200" and handling:
            response["ContentHandling"] = handling
    places = [finding.resource for finding in found(template, "R26")]
    assert ("ProductGet" in places) == in_base64


def stage_variable(template: Template, variables: list[Template]) -> None:
    """The bucket's name is a stage variable; each stage has its own value."""
    for name, key in zip(NAMES, ["payload.json"] * 2 + ["products/{id}.json"] * 2, strict=True):
        service = ["arn:", {"Ref": "AWS::Partition"}, ":apigateway:", {"Ref": "AWS::Region"}]
        uri = {"Fn::Join": ["", [*service, f":s3:path/${{stageVariables.store}}/{key}"]]}
        put(template, f"{name}/Properties/Integration/Uri", uri)
    own = find(template, "Stage/Properties")
    for number, values in enumerate(variables):
        put(
            template,
            f"Stage{number}",
            resource("ApiGateway::Stage", **{**own, "Variables": values}),
        )
    del template["Resources"]["Stage"]


def test_a_stage_variable_has_the_value_of_the_stage() -> None:
    template = good()
    stage_variable(template, [{"store": {"Ref": "Store"}}])
    assert audit(template) == []
    assert [bucket.id for bucket in View(template).buckets] == ["Store"]
    del template["Resources"]["StorePolicy"]
    assert rules(template) == {"R47"}


def test_every_stage_is_judged() -> None:
    template = good()
    stage_variable(template, [{"store": {"Ref": "Store"}}, {"store": {"Ref": "Other"}}])
    put(template, "Other", resource("S3::Bucket"))
    assert {finding.resource for finding in found(template, "R47")} == {"Other"}
    assert {finding.rule for finding in found(template, "R44")} == {"R44"}


@pytest.mark.parametrize(
    ("action", "arn", "lists_keys"),
    [
        ("s3:List*", STORE_ARN, True),
        ("s3:*", STORE_ARN, True),
        ("*", "*", True),
        ("s3:ListBucket", STORE_ARN, True),
        ("s3:List*", {"Fn::Sub": "${Store.Arn}/*"}, False),
        ("s3:Get*", STORE_ARN, False),
    ],
)
def test_wildcards_list_as_iam_expands_them(action: str, arn: Any, lists_keys: bool) -> None:
    template = good()
    find(template, POLICY).append(allow(action, arn))
    assert ("R43" in rules(template)) == lists_keys


def test_a_list_action_is_no_access_to_objects() -> None:
    template = good()
    find(template, POLICY).append(allow("s3:List*", "*"))
    assert "R42" not in rules(template)


def test_a_literal_partition_is_no_region() -> None:
    template = good()
    partition = [
        {"Fn::Sub": f"arn:aws:s3:::${{Store}}/{key}"} for key in ("payload.json", "products/*.json")
    ]
    put(template, f"{POLICY}/0/Resource", partition)
    assert {"R54"} == rules(template) & {"R45", "R54"}


def test_a_literal_partition_of_what_no_read_needs_is_no_finding() -> None:
    template = good()
    policy = {
        "PolicyName": "own",
        "PolicyDocument": {"Statement": allow("logs:*", "arn:aws:logs:us-east-1::x")},
    }
    put(template, "Job", resource("IAM::Role", Policies=[policy]))
    template["Outputs"]["Job"] = {"Value": "https://sqs.us-east-1.amazonaws.com"}
    assert audit(template) == []


def test_only_statuses_that_s3_returns_are_asked_for() -> None:
    template = good()
    path = "SampleGet/Properties/Integration/IntegrationResponses"
    put(template, path, [{"StatusCode": "200", "ResponseParameters": {}}])
    (swallowed,) = found(template, "R03")
    assert {"403", "404", "500", "503"} <= set(swallowed.what.replace(",", " ").split())
    assert not {"300", "302", "405", "409", "411", "416", "418"} & set(
        swallowed.what.replace(",", " ").split()
    )


def test_the_condition_of_a_resource_decides_what_it_describes() -> None:
    template = good()
    template["Parameters"] = {"Env": {"Type": "String"}}
    template["Conditions"] = {"Prod": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}}
    for name in NAMES:
        method = template["Resources"][name]
        method["Condition"] = "Prod"
        uri = method["Properties"]["Integration"]["Uri"]
        listing = {"Fn::Sub": f"{SERVICE}:s3:path//"}
        method["Properties"]["Integration"]["Uri"] = {"Fn::If": ["Prod", uri, listing]}
    template["Resources"]["ReaderRole"]["Condition"] = "Prod"
    arns = find(template, f"{POLICY}/0/Resource")
    policy = template["Resources"].pop("ReaderPolicy")["Properties"]
    policy["PolicyDocument"]["Statement"][0]["Resource"] = {"Fn::If": ["Prod", arns, "*"]}
    inline = {key: policy[key] for key in ("PolicyName", "PolicyDocument")}
    put(template, "ReaderRole/Properties/Policies", [inline])
    report = audit_report(template)
    assert (report.findings, report.lists, report.unchecked) == ((), 0, ())


@pytest.mark.parametrize(
    ("host", "writes"), [("s3-website-eu-west-1", 0), ("s3-website.eu-west-1", 0), ("s3", 1)]
)
def test_a_website_endpoint_is_only_read(host: str, writes: int) -> None:
    template = good()
    url = {"Fn::Sub": f"http://${{Store}}.{host}.amazonaws.com/payload.json"}
    integration = {"Type": "HTTP_PROXY", "IntegrationHttpMethod": "ANY", "Uri": url}
    method = template["Resources"]["SampleGet"]["Properties"]
    method |= {"HttpMethod": "ANY", "Integration": integration}
    report = audit_report(template)
    assert report.writes == writes
    assert ("R51" in rules(template), {"R53", "R55"} <= rules(template)) == (True, writes == 1)


def _only_writes(template: Template) -> None:
    for name in NAMES:
        method = template["Resources"][name]["Properties"]
        method["AuthorizationType"] = "AWS_IAM"
        verb = "PUT" if method["HttpMethod"] == "GET" else "DELETE"
        method["HttpMethod"] = method["Integration"]["IntegrationHttpMethod"] = verb
    put(template, f"{POLICY}/0/Action", ["s3:PutObject", "s3:DeleteObject"])


def test_what_only_writes_is_looked_at() -> None:
    template = good()
    _only_writes(template)
    assert rules(template) == set()
    put(template, f"{POLICY}/0/Action", "s3:*")
    put(template, f"{POLICY}/0/Resource", "*")
    trusted = "ReaderRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal"
    put(template, trusted, {"AWS": "*"})
    for response in find(template, "SampleGet/Properties/Integration/IntegrationResponses"):
        if response["StatusCode"] == "403":
            response["StatusCode"] = "200"
    assert {"R03", "R37", "R40", "R42"} <= rules(template)
    cures = [edit for finding in audit(template) for edit in finding.cure]
    assert "s3:GetObject" not in [edit.value for edit in cures]


def test_the_keys_that_a_role_writes_are_keys_of_its_integrations() -> None:
    template = good()
    for name in ("ProductGet", "ProductHead"):
        method = template["Resources"][name]["Properties"]
        verb = "PUT" if method["HttpMethod"] == "GET" else "DELETE"
        method["HttpMethod"] = method["Integration"]["IntegrationHttpMethod"] = verb
        method["AuthorizationType"] = "AWS_IAM"
    assert "R42" not in rules(template)


@pytest.mark.parametrize("action", ["Action", "NotAction"])
def test_all_resources_except_some_are_more_than_the_keys(action: str) -> None:
    template = good()
    statement = {"Effect": "Allow", action: "s3:GetObject", "NotResource": "arn:aws:s3:::other/*"}
    put(template, f"{POLICY}/0", statement)
    (finding,) = found(template, "R42")
    assert finding.path.endswith("/NotResource")
    assert not finding.cure


def test_who_reads_all_keys_may_list_all_keys() -> None:
    template = good()
    for name in NAMES:
        integration = template["Resources"][name]["Properties"]["Integration"]
        integration["Uri"] = {"Fn::Sub": f"{SERVICE}:s3:path/${{Store}}/{{id}}"}
    put(template, f"{POLICY}/1", allow("s3:List*", STORE_ARN))
    assert "R43" not in rules(template)


@pytest.mark.parametrize(
    ("blocks", "acl", "condition", "is_public"),
    [
        ({}, "PublicRead", None, True),
        ({"IgnorePublicAcls": True}, "PublicReadWrite", None, False),
        ({}, "Private", None, False),
        ({}, None, {}, True),
        ({"RestrictPublicBuckets": True}, None, {}, False),
        ({}, None, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
    ],
)
def test_a_bucket_is_public_by_an_acl_or_a_policy(
    blocks: dict[str, bool], acl: str | None, condition: Template | None, is_public: bool
) -> None:
    template = good()
    _only_writes(template)
    put(template, "Store/Properties/PublicAccessBlockConfiguration", blocks)
    if acl:
        put(template, "Store/Properties/AccessControl", acl)
    if condition is not None:
        statement = allow("s3:Get*", {"Fn::Sub": "${Store.Arn}/*"})
        statement |= {"Principal": {"AWS": "*"}, "Condition": condition}
        find(template, "StorePolicy/Properties/PolicyDocument/Statement").append(statement)
    assert ("R56" in rules(template)) == is_public


def test_a_refusal_of_other_buckets_limits_the_role() -> None:
    template = good()
    client_names_the_bucket(template)
    deny = {"Effect": "Deny", "Action": "s3:*", "NotResource": {"Fn::Sub": "${Store.Arn}/*"}}
    find(template, POLICY).append(deny)
    assert "R50" not in rules(template)
    deny["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    assert "R50" in rules(template)
