"""What a role may read, from the template's policies."""

from typing import Any

import pytest

from readmodel_cfn.local.serve.permissions import Permissions, permissions_of
from serve_templates import (
    BUCKET_ARN,
    EVERY_KEY,
    GET,
    LIST,
    Template,
    document,
    resource,
    role,
    s3_get,
    statement,
    template,
)


def given(*statements: Template, parameters: dict[str, str] | None = None) -> Permissions:
    return permissions_of(template(Reader=role(*statements)), parameters or {})


def may(permissions: Permissions, key: str = "things/1.json", **rest: Any) -> tuple[bool, bool]:
    asked = s3_get(key, **rest)
    allowed = permissions.of(asked)
    return allowed.get, allowed.list


DENY_LIST = {**LIST, "Effect": "Deny"}
ONLY_THINGS = {"StringLike": {"s3:prefix": ["things/*"]}}
TLS = {"Bool": {"aws:SecureTransport": "true"}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], (False, False)),
        ([GET], (True, False)),
        ([LIST], (False, True)),
        ([GET, LIST], (True, True)),
        ([statement("s3:Get*")], (True, False)),
        ([statement("S3:getobject")], (True, False)),
        ([statement("s3:GetObjec?")], (True, False)),
        ([statement("s3:GetObjectAcl")], (False, False)),
        ([statement("*", on="*")], (True, True)),
        ([statement("s3:*", on=BUCKET_ARN)], (False, True)),
        ([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": EVERY_KEY}], (True, False)),
        ([statement("s3:GetObject", on="arn:aws:s3:::*")], (True, False)),
        ([statement("s3:GetObject", on={"Fn::Sub": "arn:aws-cn:s3:::${Store}/*"})], (True, False)),
        ([statement("s3:GetObject", on={"Fn::Sub": "${Store.Arn}/things/*.json"})], (True, False)),
        ([statement("s3:GetObject", on={"Fn::Sub": "${Store.Arn}/other/*"})], (False, False)),
        ([GET, LIST, DENY_LIST], (True, False)),
        ([DENY_LIST, LIST, GET], (True, False)),
        ([GET, {**LIST, "Condition": ONLY_THINGS}], (True, True)),
        ([GET, {**LIST, "Condition": TLS}], (True, True)),
        ([GET, {**LIST, "Condition": {"StringEquals": {"s3:prefix": "things"}}}], (True, False)),
        ([GET, {**LIST, "Condition": {"IpAddress": {"aws:SourceIp": "1.2.3.4"}}}], (True, False)),
        ([{**GET, "Condition": ONLY_THINGS}], (False, False)),
        ([{**GET, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}], (False, False)),
        ([{"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}], (False, False)),
    ],
)
def test_statements_allow_getting_and_listing(
    statements: list[Template], expected: tuple[bool, bool]
) -> None:
    assert may(given(*statements)) == expected


def test_a_listing_limited_to_prefixes_counts_below_them_only() -> None:
    permissions = given(GET, {**LIST, "Condition": ONLY_THINGS})
    assert may(permissions, "other.json") == (True, False)


def test_a_wildcard_crosses_slashes_as_on_aws() -> None:
    permissions = given(statement("s3:GetObject", on={"Fn::Sub": "${Store.Arn}/a/*.json"}))
    assert may(permissions, "a/b/c.json")[0]


def test_a_policy_attached_by_name_or_reference_counts() -> None:
    attached = resource("IAM::Policy", PolicyDocument=document(LIST), Roles=[{"Ref": "Reader"}])
    assert may(permissions_of(template(Reader=role(GET), More=attached), {})) == (True, True)
    named = resource("IAM::ManagedPolicy", PolicyDocument=document(LIST), Roles=["the-reader"])
    reader = role(GET, RoleName="the-reader")
    assert may(permissions_of(template(Reader=reader, More=named), {})) == (True, True)
    other = resource("IAM::Policy", PolicyDocument=document(LIST), Roles=["another"])
    assert may(permissions_of(template(Reader=role(GET), More=other), {})) == (True, False)


def test_a_managed_policy_that_the_role_names_counts() -> None:
    managed = resource("IAM::ManagedPolicy", PolicyDocument=document(GET, LIST))
    reader = role(ManagedPolicyArns=[{"Ref": "More"}])
    assert may(permissions_of(template(Reader=reader, More=managed), {})) == (True, True)


def test_a_role_with_policies_from_elsewhere_may_read_unless_denied() -> None:
    reader = role(ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
    permissions = permissions_of(template(Reader=reader), {})
    assert may(permissions) == (True, False)
    deny = {**GET, "Effect": "Deny"}
    reader = role(deny, ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
    assert may(permissions_of(template(Reader=reader), {})) == (False, False)


def test_a_role_that_is_not_in_the_template_may_read_and_not_list() -> None:
    assert may(given(), credentials="arn:aws:iam::123456789012:role/x") == (True, False)


def test_a_bucket_goes_by_its_name_and_its_logical_id() -> None:
    store = resource("S3::Bucket", BucketName={"Fn::Sub": "${AWS::StackName}-store"})
    by_arn = permissions_of(template(Store=store, Reader=role(GET, LIST)), {})
    assert may(by_arn, bucket="read-model-store") == (True, True)
    assert may(by_arn, bucket="Store") == (True, True)
    assert may(by_arn, bucket="another") == (False, False)
    by_name = role(statement("s3:GetObject", on="arn:aws:s3:::mine-store/*"))
    parameters = {"AWS::StackName": "mine"}
    permissions = permissions_of(template(Store=store, Reader=by_name), parameters)
    assert may(permissions, bucket="mine-store") == (True, False)
