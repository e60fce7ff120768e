"""Fixed names in a template: which properties set them, and their values."""

from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from readmodel_cfn.deploy.physical_names import NAMINGS, NamedResource, named_resources

KNOWN = {"AWS::StackName": "shop", "AWS::Region": "eu-west-1"}


def role(name: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name}, **more}


def names(*resources: dict[str, Any], **parameters: dict[str, Any]) -> list[str]:
    """The fixed names in a template of these resources."""
    described = {f"R{number}": resource for number, resource in enumerate(resources)}
    template = {"Parameters": parameters, "Resources": described}
    return [resource.name for resource in named_resources(template, KNOWN)]


@pytest.mark.parametrize("kind", NAMINGS)
def test_create_only_properties_match_the_resource_schemas(kind: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    create_only = {path.removeprefix("/properties/") for path in schema["createOnlyProperties"]}
    assert set(NAMINGS[kind].create_only) == create_only
    assert "conditionalCreateOnlyProperties" not in schema


@pytest.mark.parametrize("kind", NAMINGS)
def test_every_type_of_the_table_has_a_fixed_name(kind: str) -> None:
    given = dict.fromkeys(NAMINGS[kind].names[0], "scope") | {NAMINGS[kind].names[0][-1]: "name"}
    template = {"Resources": {"R": {"Type": kind, "Properties": given}}}
    assert named_resources(template, {}) == [NamedResource("R", kind, "name")]


def test_generated_names_and_other_types_have_no_fixed_name() -> None:
    assert names({"Type": "AWS::IAM::Role"}) == []
    assert names({"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p"}}) == []
    assert names(role({"Ref": "AWS::NoValue"})) == []


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("reader", "reader"),
        ({"Ref": "AWS::StackName"}, "shop"),
        ({"Ref": "Given"}, "default"),
        (
            {"Fn::Join": ["-", [{"Ref": "AWS::Region"}, "x", {"Ref": "Given"}]]},
            "eu-west-1-x-default",
        ),
        ({"Fn::Sub": "${AWS::StackName}-${Given}-${!Given}"}, "shop-default-${Given}"),
        ({"Fn::Sub": ["${One}-${Given}", {"One": {"Ref": "AWS::Region"}}]}, "eu-west-1-default"),
        ({"Fn::Sub": ["${Given}", {"Given": "own"}]}, "own"),
        ({"Fn::Join": ["", ["a", {"Fn::Sub": "b"}]]}, "ab"),
    ],
)
def test_name_is_resolved_from_known_values(value: Any, name: str) -> None:
    assert names(role(value), Given={"Type": "String", "Default": "default"}) == [name]


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Needed"},
        {"Ref": "Kept"},
        {"Ref": "Other"},
        {"Ref": "AWS::AccountId"},
        {"Fn::GetAtt": ["Other", "Arn"]},
        {"Fn::If": ["Condition", "a", "b"]},
        {"Fn::Join": ["", ["a", {"Fn::If": ["Condition", "b", "c"]}]]},
        {"Fn::Join": ["", ["a", {"Ref": "Needed"}]]},
        {"Fn::Join": ["", {"Fn::GetAZs": ""}]},
        {"Fn::Sub": "a-${Needed}"},
        {"Fn::Sub": "a-${Other.Arn}"},
        {"Fn::Sub": ["${One}", {"One": {"Ref": "Needed"}}]},
        {"Fn::ImportValue": "name"},
        "{{resolve:ssm:/name}}",
        ["a"],
        {},
    ],
)
def test_unresolvable_name_is_left_out(value: Any) -> None:
    needed: dict[str, Any] = {"Type": "String"}
    kept = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/where/it/is"}
    assert names(role(value), role("known"), Needed=needed, Kept=kept) == ["known"]


def test_given_parameter_precedes_its_default() -> None:
    template = {
        "Parameters": {"Name": {"Type": "String", "Default": "default"}},
        "Resources": {"R": role({"Ref": "Name"})},
    }
    assert named_resources(template, {"Name": "given"})[0].name == "given"


def test_numeric_default_is_its_cloudformation_text() -> None:
    assert names(role({"Ref": "Number"}), Number={"Type": "Number", "Default": 5}) == ["5"]


def test_only_plain_text_is_literal() -> None:
    template = {"Resources": {"A": role("a"), "B": role({"Fn::Sub": "b"})}}
    assert [resource.literal for resource in named_resources(template, {})] == [True, False]


def test_conditional_name_is_left_out() -> None:
    assert names(role("a", Condition="Sometimes"), role("b")) == ["b"]


def test_bucket_name_prefix_is_no_fixed_name() -> None:
    prefix = {"BucketNamePrefix": "shop", "BucketNamespace": "account-regional"}
    assert names({"Type": "AWS::S3::Bucket", "Properties": prefix}) == []


def test_for_each_is_no_resource() -> None:
    template = {"Resources": {"Fn::ForEach::Loop": ["X", ["a"], {}], "R": role("a")}}
    assert [resource.logical_id for resource in named_resources(template, {})] == ["R"]
