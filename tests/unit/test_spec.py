"""The desired stack: capabilities, tags and template size."""

import json
from collections.abc import Mapping

import pytest

from articles import article_template
from readmodel_cfn import GatewayRole, ReadModel, Writer, build_template, render
from readmodel_cfn.deploy.spec import StackSpec
from strategies import ACCOUNT


def spec(*resources: Mapping[str, object]) -> StackSpec:
    return StackSpec(
        "shop", json.dumps({"Resources": {f"R{n}": r for n, r in enumerate(resources)}})
    )


def spec_of(model: ReadModel) -> StackSpec:
    return StackSpec("shop", render(build_template(model), "compact"))


def test_template_without_iam_needs_no_capability() -> None:
    assert spec({"Type": "AWS::S3::Bucket", "Properties": {"RoleName": "x"}}).capabilities == []
    assert spec({"Type": "AWS::S3::Bucket"}).capabilities == []


def test_unnamed_iam_needs_capability_iam() -> None:
    assert spec_of(ReadModel()).capabilities == ["CAPABILITY_IAM"]
    assert spec({"Type": "AWS::IAM::Role"}).capabilities == ["CAPABILITY_IAM"]
    assert spec({"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "p"}}).capabilities == [
        "CAPABILITY_IAM"
    ]


@pytest.mark.parametrize(
    "model",
    [
        ReadModel(gateway_role=GatewayRole(name="reader")),
        ReadModel(writer=Writer(name="pub")),
        ReadModel(writer=Writer(kind="role", principals=(ACCOUNT,), name="pub")),
    ],
    ids=["gateway role", "user", "role"],
)
def test_named_iam_needs_only_capability_named_iam(model: ReadModel) -> None:
    assert spec_of(model).capabilities == ["CAPABILITY_NAMED_IAM"]


def test_the_article_names_its_user_and_its_role() -> None:
    article = StackSpec("shop", json.dumps(article_template()))
    assert article.capabilities == ["CAPABILITY_NAMED_IAM"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Group", "GroupName"),
        ("InstanceProfile", "InstanceProfileName"),
        ("ManagedPolicy", "ManagedPolicyName"),
        ("Role", "RoleName"),
        ("User", "UserName"),
    ],
)
def test_every_iam_name_property_needs_capability_named_iam(kind: str, name: str) -> None:
    resource = {"Type": f"AWS::IAM::{kind}", "Properties": {name: "x"}}
    assert spec(resource).capabilities == ["CAPABILITY_NAMED_IAM"]


def test_every_stack_has_the_tag_of_this_tool() -> None:
    assert spec().all_tags == {"readmodel-cfn": "managed"}
    given = StackSpec("shop", "{}", tags={"team": "web", "readmodel-cfn": "no"})
    assert given.all_tags == {"team": "web", "readmodel-cfn": "managed"}


def test_template_over_51200_bytes_needs_an_upload() -> None:
    assert StackSpec("shop", "x" * 51_200).fits_request
    assert not StackSpec("shop", "x" * 51_201).fits_request


def test_template_size_is_counted_in_bytes() -> None:
    assert not StackSpec("shop", "é" * 25_601).fits_request


@pytest.mark.parametrize(
    "template",
    [
        {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::Each": ["A", [], {}]}},
        {"Resources": {"In": {"Type": "AWS::CloudFormation::Stack"}}},
        {"Resources": {"A": {"Type": "T", "Properties": {"Fn::Transform": {"Name": "Mine"}}}}},
    ],
    ids=["transform", "nested stack", "macro"],
)
def test_macro_or_nested_stack_needs_every_capability(template: object) -> None:
    needed = StackSpec("shop", json.dumps(template)).capabilities
    assert needed == ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
