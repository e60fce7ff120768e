"""The gateway reads with the integration role's own permissions, no more."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sandbox_api import LIST, READ, TRUST, template

Clients = Callable[..., Any]


def test_missing_object_is_403_from_s3_without_list_bucket(stack: Any, send: Any) -> None:
    made = stack.deploy(template())
    answer = send(made["Api"], "/v1/samples")
    assert (answer.status, answer.body) == (404, b'{"message":"not found"}')


def test_missing_object_is_404_from_s3_with_list_bucket(stack: Any, send: Any) -> None:
    """The 404 meets no pattern but the default."""
    made = stack.deploy(template(permissions=(READ, LIST)))
    answer = send(made["Api"], "/v1/samples")
    assert answer.status == 500
    assert b"<Code>NoSuchKey</Code>" in answer.body


def test_list_bucket_of_another_prefix_is_no_permission(stack: Any, send: Any) -> None:
    prefix = {"Condition": {"StringLike": {"s3:prefix": "other/*"}}}
    made = stack.deploy(template(permissions=(READ, {**LIST, **prefix})))
    assert send(made["Api"], "/v1/samples").status == 404
    prefix = {"Condition": {"StringLike": {"s3:prefix": "samples*"}}}
    stack.deploy(template(permissions=(READ, {**LIST, **prefix})))
    assert send(made["Api"], "/v1/samples").status == 500


def test_policy_of_the_role_is_enforced_at_once(stack: Any, put: Any, send: Any) -> None:
    made = stack.deploy(template())
    put(made["Store"])
    assert send(made["Api"], "/v1/samples").status == 200
    stack.deploy(template(permissions=()))
    assert send(made["Api"], "/v1/samples").status == 404
    stack.deploy(template())
    assert send(made["Api"], "/v1/samples").status == 200


def test_policy_of_the_bucket_is_enforced(stack: Any, put: Any, send: Any) -> None:
    made = stack.deploy(template())
    put(made["Store"])
    denied = template()
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
    document = {
        "Version": "2012-10-17",
        "Statement": [{**statement, "Resource": {"Fn::Sub": "${Store.Arn}/*"}}],
    }
    denied["Resources"]["BucketPolicy"] = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "Store"}, "PolicyDocument": document},
    }
    stack.deploy(denied)
    assert send(made["Api"], "/v1/samples").status == 404


@pytest.mark.parametrize(
    "trust",
    [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}},
        {"Effect": "Allow", "Principal": {"AWS": {"Ref": "AWS::AccountId"}}},
        {**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}},
    ],
    ids=["another service", "the account", "a condition on the source account"],
)
def test_role_that_does_not_trust_api_gateway_is_500(
    stack: Any, put: Any, send: Any, trust: Any
) -> None:
    made = stack.deploy(template(trust=trust))
    put(made["Store"])
    answer = send(made["Api"], "/v1/samples")
    assert answer.status == 500
    assert json.loads(answer.body) == {"message": "Internal server error"}


def test_recreated_role_is_assumed_again(stack: Any, put: Any, send: Any, clients: Clients) -> None:
    made = stack.deploy(template(permissions=()))
    put(made["Store"])
    iam = clients("iam")
    trusted = iam.get_role(RoleName=made["Role"])["Role"]["AssumeRolePolicyDocument"]
    assert send(made["Api"], "/v1/samples").status == 404
    iam.delete_role(RoleName=made["Role"])
    assert send(made["Api"], "/v1/samples").status == 500
    iam.create_role(RoleName=made["Role"], AssumeRolePolicyDocument=json.dumps(trusted))
    assert send(made["Api"], "/v1/samples").status == 404


def test_resource_policy_of_the_api_is_enforced(stack: Any, put: Any, send: Any) -> None:
    made = template()
    statement = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke"}
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": "execute-api:/*"}]}
    made["Resources"]["Api"]["Properties"]["Policy"] = document
    outputs = stack.deploy(made)
    put(outputs["Store"])
    assert send(outputs["Api"], "/v1/samples").status == 403


def test_read_without_a_role_is_anonymous(stack: Any, put: Any, send: Any) -> None:
    anonymous = template()
    del anonymous["Resources"]["Get"]["Properties"]["Integration"]["Credentials"]
    made = stack.deploy(anonymous)
    put(made["Store"])
    assert send(made["Api"], "/v1/samples").status == 404
