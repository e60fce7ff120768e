"""Equivalent forms of a good template have no findings; unresolvable values are skipped."""

from collections.abc import Callable
from typing import Any

import pytest
from audit_templates import STORE_ARN, Template, allow, document, drop, find, good, put, resource

from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.analysis.view import View

GET = "SampleGet/Properties"
URI = f"{GET}/Integration/Uri"
SERVICE = "arn:${AWS::Partition}:apigateway:${AWS::Region}"
METHODS = {
    "SampleGet": "payload.json",
    "SampleHead": "payload.json",
    "ProductGet": "products/{id}.json",
    "ProductHead": "products/{id}.json",
}


@pytest.mark.parametrize("cors", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("gzip", [False, True])
def test_good_template_has_no_findings(cors: bool, compressed: bool, gzip: bool) -> None:
    assert audit(good(cors=cors, compressed=compressed, gzip=gzip)) == []


def test_view_has_every_method_role_and_bucket() -> None:
    view = View(good(cors=True))
    assert [method.id for method in view.reads] == list(METHODS)
    assert [(role.id, role.keys) for role in view.s3_roles] == [
        ("ReaderRole", ["payload.json", "products/*.json"])
    ]
    assert [bucket.id for bucket in view.buckets] == ["Store"]


def uris(make: Callable[[str], Any]) -> Callable[[Template], None]:
    """Replace the URI of every method by one made from its key."""

    def change(template: Template) -> None:
        for name, key in METHODS.items():
            put(template, f"{name}/Properties/Integration/Uri", make(key))

    return change


def as_sub_with_names(key: str) -> Any:
    names = {"where": {"Ref": "Store"}, "what": key}
    return {"Fn::Sub": [SERVICE + ":s3:path/${where}/${what}", names]}


def as_join_of_joins(key: str) -> Any:
    inner = {"Fn::Join": ["/", [{"Ref": "Store"}, key]]}
    return {"Fn::Join": ["/", [{"Fn::Sub": f"{SERVICE}:s3:path"}, inner]]}


def bucket_as_a_parameter(template: Template) -> None:
    """As the Serverless Framework does: the bucket is a URI parameter with a fixed value."""
    uris(lambda key: {"Fn::Sub": f"{SERVICE}:s3:path/{{bucket}}/{key}"})(template)
    for name in METHODS:
        asked = find(template, f"{name}/Properties/Integration/RequestParameters")
        asked["integration.request.path.bucket"] = {"Fn::Sub": "'${Store}'"}


def policies_inline(template: Template) -> None:
    policy = find(template, "ReaderPolicy/Properties")
    inline = {"PolicyName": "read", "PolicyDocument": policy["PolicyDocument"]}
    put(template, "ReaderRole/Properties/Policies", [inline])
    drop(template, "ReaderPolicy")


def managed_policy(template: Template) -> None:
    put(template, "ReaderPolicy/Type", "AWS::IAM::ManagedPolicy")
    drop(template, "ReaderPolicy/Properties/Roles")
    put(template, "ReaderRole/Properties/ManagedPolicyArns", [{"Ref": "ReaderPolicy"}])


def policy_by_role_name(template: Template) -> None:
    put(template, "ReaderRole/Properties/RoleName", {"Fn::Sub": "${AWS::StackName}-reader"})
    put(template, "ReaderPolicy/Type", "AWS::IAM::RolePolicy")
    name = {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, "reader"]]}
    put(template, "ReaderPolicy/Properties/RoleName", name)
    drop(template, "ReaderPolicy/Properties/Roles")


def granted_by_the_bucket(template: Template) -> None:
    who = {"AWS": {"Fn::GetAtt": ["ReaderRole", "Arn"]}}
    grant = {**allow("s3:GetObject", {"Fn::Sub": "${Store.Arn}/*"}), "Principal": who}
    find(template, "StorePolicy/Properties/PolicyDocument/Statement").append(grant)
    drop(template, "ReaderPolicy")


def bucket_with_a_name(template: Template) -> None:
    """As in the article: the URI has the bucket's name, the policy its ARN."""
    name = {"Fn::Join": ["-", [{"Ref": "Prefix"}, "store"]]}
    put(template, "Store/Properties/BucketName", name)
    uris(lambda key: {"Fn::Sub": f"{SERVICE}:s3:path/${{Prefix}}-store/{key}"})(template)


def one_statement_not_in_a_list(template: Template) -> None:
    path = "ReaderRole/Properties/AssumeRolePolicyDocument/Statement"
    put(template, path, find(template, path)[0])


def any_for_every_method(template: Template) -> None:
    for name in ("Sample", "Product"):
        put(template, f"{name}Get/Properties/HttpMethod", "ANY")
        drop(template, f"{name}Head")
    waits = find(template, "Deployment1a2b/DependsOn")
    waits[:] = [name for name in waits if not name.endswith("Head")]


def waited_for_by_a_dependency(template: Template) -> None:
    """The deployment depends on the methods through another resource."""
    waits = find(template, "Deployment1a2b/DependsOn")
    put(template, "Gate", {"Type": "AWS::CloudFormation::WaitConditionHandle", "DependsOn": waits})
    drop(template, "Deployment1a2b/DependsOn")
    put(template, "Deployment1a2b/Properties/Description", {"Fn::Sub": "after ${Gate}"})


def an_old_deployment_kept(template: Template) -> None:
    put(template, "Deployment0000", resource("ApiGateway::Deployment", RestApiId={"Ref": "Api"}))


def optional_properties_without_a_value(template: Template) -> None:
    nothing = {"Ref": "AWS::NoValue"}
    for path in (f"{GET}/Integration/ContentHandling", "Api/Properties/MinimumCompressionSize"):
        put(template, path, nothing)
    find(template, f"{GET}/Integration/IntegrationResponses").append(nothing)
    find(template, f"{GET}/MethodResponses").append(nothing)


def statuses_as_numbers(template: Template) -> None:
    for name in METHODS:
        responses = find(template, f"{name}/Properties/Integration/IntegrationResponses")
        for response in [*responses, *find(template, f"{name}/Properties/MethodResponses")]:
            response["StatusCode"] = int(response["StatusCode"])


def an_existing_things_arn(template: Template) -> None:
    bound = "arn:aws-cn:iam::123456789012:policy/bound"
    put(template, "ReaderRole/Properties/PermissionsBoundary", bound)


GOOD_FORMS = [
    pytest.param(uris(lambda key: {"Fn::Sub": f"{SERVICE}:s3:path/${{Store}}/{key}"}), id="sub"),
    pytest.param(uris(lambda key: {"Fn::Sub": f"{SERVICE}:${{Store}}.s3:path/{key}"}), id="host"),
    pytest.param(uris(as_sub_with_names), id="sub with names"),
    pytest.param(uris(as_join_of_joins), id="join of joins"),
    bucket_as_a_parameter,
    policies_inline,
    managed_policy,
    policy_by_role_name,
    granted_by_the_bucket,
    bucket_with_a_name,
    one_statement_not_in_a_list,
    any_for_every_method,
    waited_for_by_a_dependency,
    an_old_deployment_kept,
    optional_properties_without_a_value,
    statuses_as_numbers,
    an_existing_things_arn,
]


@pytest.mark.parametrize("change", GOOD_FORMS)
def test_equivalent_forms_have_no_findings(change: Callable[[Template], None]) -> None:
    template = good()
    change(template)
    assert audit(template) == []
    assert len(View(template).reads) >= 2


def imported_bucket(template: Template) -> None:
    """Bucket name and ARN are imported: whether they belong together is unknown."""
    for name in ("Store", "StorePolicy"):
        drop(template, name)
    store = {"Fn::ImportValue": "store-name"}
    uris(lambda key: {"Fn::Sub": [SERVICE + ":s3:path/${b}/" + key, {"b": store}]})(template)
    statements = find(template, "ReaderPolicy/Properties/PolicyDocument/Statement")
    arn = {"Fn::ImportValue": {"Fn::Sub": "store-arn"}}
    keys = ("payload.json", "products/*.json")
    statements[0]["Resource"] = [{"Fn::Join": ["/", [arn, key]]} for key in keys]
    statements[1]["Resource"] = [arn]
    put(template, "Publisher/Properties/Policies", [])


def bucket_of_the_client(template: Template) -> None:
    """The request names the bucket; the role limits which buckets it may read."""
    bucket_as_a_parameter(template)
    for name in METHODS:
        asked = find(template, f"{name}/Properties/Integration/RequestParameters")
        asked["integration.request.path.bucket"] = "method.request.querystring.bucket"
        declared = find(template, f"{name}/Properties/RequestParameters")
        declared["method.request.querystring.bucket"] = True


def role_of_a_parameter(template: Template) -> None:
    for name in METHODS:
        put(template, f"{name}/Properties/Integration/Credentials", {"Ref": "RoleArn"})
    find(template, "ReaderPolicy/Properties/PolicyDocument/Statement")[0]["Action"] = ["s3:*"]


def api_of_another_stack(template: Template) -> None:
    api = {"Fn::ImportValue": "api"}
    for resource_ in template["Resources"].values():
        if "RestApiId" in resource_["Properties"]:
            resource_["Properties"]["RestApiId"] = api
    root = {"Fn::ImportValue": "root"}
    for name in ("Sample", "Products"):
        put(template, f"{name}/Properties/ParentId", root)
    for name in ("Api", "Stage", "Deployment1a2b"):
        drop(template, name)
    template["Outputs"] = {}


def managed_policy_of_a_parameter(template: Template) -> None:
    put(template, "ReaderRole/Properties/ManagedPolicyArns", [{"Ref": "ReadPolicyArn"}])
    drop(template, "ReaderPolicy")


def unresolvable_principal(template: Template) -> None:
    path = "ReaderRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal/Service"
    put(template, path, {"Fn::Sub": "apigateway.${AWS::URLSuffix}"})


def unresolvable_compression_size(template: Template) -> None:
    put(template, "Api/Properties/MinimumCompressionSize", {"Ref": "Size"})


UNKNOWN = [
    imported_bucket,
    bucket_of_the_client,
    role_of_a_parameter,
    api_of_another_stack,
    managed_policy_of_a_parameter,
    unresolvable_principal,
    unresolvable_compression_size,
]


@pytest.mark.parametrize("change", UNKNOWN)
def test_unresolvable_values_have_no_findings(change: Callable[[Template], None]) -> None:
    template = good()
    change(template)
    assert audit(template) == []


def test_keys_of_an_unknown_bucket_are_checked() -> None:
    template = good()
    imported_bucket(template)
    policy = find(template, "ReaderPolicy/Properties/PolicyDocument/Statement")[0]
    policy["Resource"] = [{"Fn::Join": ["/", [{"Fn::ImportValue": "store-arn"}, "other.json"]]}]
    assert [finding.rule for finding in audit(template)] == ["R44", "R44", "R42"]


def test_role_of_a_proxy_that_writes_may_have_put_object() -> None:
    template = good()
    upload = find(good(), "SampleGet")
    upload["Properties"] |= {"HttpMethod": "PUT", "AuthorizationType": "AWS_IAM"}
    upload["Properties"]["Integration"] |= {"IntegrationHttpMethod": "PUT"}
    put(template, "SamplePut", upload)
    find(template, "Deployment1a2b/DependsOn").append("SamplePut")
    statements = find(template, "ReaderPolicy/Properties/PolicyDocument/Statement")
    statements.append(allow("s3:PutObject", {"Fn::Join": ["/", [STORE_ARN, "payload.json"]]}))
    assert audit(template) == []


def test_template_without_s3_proxy_has_no_findings() -> None:
    queue = resource("SQS::Queue", QueueName="jobs")
    trust = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})
    api = resource("ApiGateway::RestApi", Name="functions")
    role = resource("IAM::Role", AssumeRolePolicyDocument=trust)
    assert audit({"Resources": {"Queue": queue, "Api": api, "Role": role}}) == []


def test_a_literal_in_braces_refers_to_nothing() -> None:
    template = good()
    secret = {"Fn::Sub": "${!PublisherKey.SecretAccessKey}"}
    template["Outputs"]["Literal"] = {"Value": secret}
    assert audit(template) == []
    template["Outputs"]["Secret"] = {"Value": {"Fn::Sub": "${PublisherKey.SecretAccessKey}"}}
    assert [finding.rule for finding in audit(template)] == ["R48"]


def test_a_loop_is_audited_as_what_it_makes() -> None:
    template = good()
    resources = template["Resources"]
    resources["Fn::ForEach::Sample"] = ["Verb", ["Get"], {"Sample${Verb}": resources["SampleGet"]}]
    del resources["SampleGet"]
    assert audit(template) == []
    drop(template, "SampleHead")
    assert "R20" in {finding.rule for finding in audit(template)}


def test_an_api_is_the_same_by_ref_and_by_its_attribute() -> None:
    template = good()
    for part in template["Resources"].values():
        if part["Properties"].get("RestApiId") == {"Ref": "Api"}:
            part["Properties"]["RestApiId"] = {"Fn::GetAtt": ["Api", "RestApiId"]}
    assert audit(template) == []
    put(template, "Api/Properties/MinimumCompressionSize", 20_000_000)
    assert "R30" in {finding.rule for finding in audit(template)}


def test_a_condition_that_the_template_decides_is_followed() -> None:
    template = good()
    template["Conditions"] = {"Always": {"Fn::Equals": ["a", "a"]}}
    path = f"{GET}/Integration/IntegrationResponses"
    put(template, path, {"Fn::If": ["Always", find(template, path)[:1], []]})
    assert audit(template)
