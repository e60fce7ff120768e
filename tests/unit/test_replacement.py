"""Which changed properties replace a resource, where CloudFormation's change set leaves it open."""

from typing import Any

import pytest

from change_sets import change_set, detail, modified
from readmodel_cfn.deploy.replacement import create_only, verdicts

REST = "AWS::ApiGateway::RestApi"
STAGE = "AWS::ApiGateway::Stage"
BUCKET, BUCKET_POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
ROLE, USER, KEY = "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::AccessKey"
METHOD, PART = "AWS::ApiGateway::Method", "AWS::ApiGateway::Resource"
DATABASE = "AWS::RDS::DBInstance"
OTHER: dict[str, Any] = {
    "Old": {"Type": BUCKET, "Properties": {"BucketName": "a"}},
    "Api": {"Type": REST, "Properties": {"Description": "a"}},
    "Launch": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {}}},
}
RENAMED = {"Old": {"Type": BUCKET, "Properties": {"BucketName": "b"}}}
DESCRIBED = {"Api": {"Type": REST, "Properties": {"Description": "b"}}}
RELAUNCHED = {
    "Launch": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {"a": 1}}}
}

# The type, the property, its values, the changed resource that it refers to (as the change set
# names it), and the expected word.
CHANGES: list[tuple[str, str, Any, Any, str, str]] = [
    (BUCKET, "BucketName", "a", "b", "", "replace (BucketName)"),
    (STAGE, "StageName", "v1", "v2", "", "replace (StageName)"),
    (ROLE, "RoleName", "a", "b", "", "replace (RoleName)"),
    (BUCKET, "BucketEncryption", {"a": 1}, {"a": 2}, "", "modify"),
    (REST, "Description", "a", "b", "", "modify"),
    (METHOD, "Integration", {"Uri": "a"}, {"Uri": "b"}, "", "modify"),
    (KEY, "Serial", 1, 2, "", "replace (Serial)"),
    (BUCKET_POLICY, "Bucket", {"Ref": "Old"}, {"Ref": "Old"}, "Old", "replace (Bucket)"),
    (PART, "RestApiId", {"Ref": "Api"}, {"Ref": "Api"}, "Api", "modify"),
    (
        PART,
        "ParentId",
        {"Fn::GetAtt": ["Api", "RootResourceId"]},
        {"Fn::GetAtt": ["Api", "RootResourceId"]},
        "Api.RootResourceId",
        "modify",
    ),
    (
        BUCKET,
        "BucketName",
        {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]},
        {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]},
        "Launch.LatestVersionNumber",
        "AWS decides (BucketName)",
    ),
    (DATABASE, "Engine", "a", "b", "", "AWS decides (Engine)"),
    ("Custom::Thing", "Name", "a", "b", "", "AWS decides (Name)"),
]


def word(verdict: Any) -> str:
    kind = "AWS decides" if verdict.kind == "may replace" else verdict.kind
    return f"{kind} ({', '.join(verdict.properties)})" if verdict.properties else str(kind)


@pytest.mark.parametrize(("type_", "name", "old", "new", "cause", "expected"), CHANGES)
def test_open_replacement_is_resolved_by_the_schemas(
    type_: str, name: str, old: Any, new: Any, cause: str, expected: str
) -> None:
    before = {**OTHER, "It": {"Type": type_, "Properties": {name: old}}}
    after = {
        **OTHER,
        **RENAMED,
        **DESCRIBED,
        **RELAUNCHED,
        "It": {"Type": type_, "Properties": {name: new}},
    }
    changes = change_set(
        modified("It", type_, detail(name, cause=cause)),
        modified("Old", BUCKET, detail("BucketName")),
        modified("Api", REST, detail("Description")),
        modified("Launch", "AWS::EC2::LaunchTemplate", detail("LaunchTemplateData")),
    ).changes
    assert word(verdicts(changes, before, after)["It"]) == expected


def test_what_refers_to_a_replaced_resource_through_another_is_replaced() -> None:
    def resources(name: str) -> dict[str, Any]:
        return {
            "Policy": {"Type": BUCKET_POLICY, "Properties": {"Bucket": {"Ref": "Store"}}},
            "Key": {"Type": KEY, "Properties": {"UserName": {"Ref": "Policy"}}},
            "Store": {"Type": BUCKET, "Properties": {"BucketName": name}},
        }

    changes = change_set(
        modified("Key", KEY, detail("UserName", cause="Policy")),
        modified("Policy", BUCKET_POLICY, detail("Bucket", cause="Store")),
        modified("Store", BUCKET, detail("BucketName")),
    ).changes
    found = verdicts(changes, resources("a"), resources("b"))
    assert {name: verdict.kind for name, verdict in found.items()} == dict.fromkeys(
        ("Key", "Policy", "Store"), "replace"
    )


def test_a_reference_to_a_new_resource_is_a_new_value() -> None:
    old = {"It": {"Type": STAGE, "Properties": {"RestApiId": {"Ref": "OldApi"}}}}
    new = {"It": {"Type": STAGE, "Properties": {"RestApiId": {"Ref": "NewApi"}}}}
    added = {"Action": "Add", "LogicalResourceId": "NewApi", "ResourceType": REST}
    changes = change_set(modified("It", STAGE, detail("RestApiId")), added).changes
    assert word(verdicts(changes, old, new)["It"]) == "replace (RestApiId)"


def test_values_of_the_change_set_decide_where_the_templates_cannot() -> None:
    old = {"It": {"Type": STAGE, "Properties": {"StageName": {"Ref": "Name"}}}}
    new = {"It": {"Type": STAGE, "Properties": {"StageName": "v1"}}}
    same = detail("StageName")
    same["Target"] |= {"BeforeValue": "v1", "AfterValue": "v1"}
    other = detail("StageName")
    other["Target"] |= {"BeforeValue": "v1", "AfterValue": "v2"}
    kinds = [
        verdicts(change_set(modified("It", STAGE, found)).changes, old, new)["It"].kind
        for found in (same, other, detail("StageName"))
    ]
    assert kinds == ["modify", "replace", "may replace"]


def test_a_decided_change_needs_no_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise AssertionError

    monkeypatch.setattr("readmodel_cfn.deploy.replacement.create_only", fail)
    changes = change_set(
        modified("A", BUCKET, detail("BucketName", "Always"), replacement="True"),
        modified("B", BUCKET, detail("Tags", "Never"), replacement="False"),
    ).changes
    found = verdicts(changes, {}, {})
    assert [word(found[name]) for name in "AB"] == ["replace (BucketName)", "modify"]


def test_no_type_of_a_read_model_has_conditional_create_only_properties() -> None:
    types = (BUCKET, BUCKET_POLICY, USER, ROLE, KEY, REST, STAGE, METHOD, PART)
    more = ("GatewayResponse", "Deployment")
    for type_ in (*types, *(f"AWS::ApiGateway::{name}" for name in more)):
        schema = create_only(type_)
        assert schema is not None
        assert schema.conditional == ()
