"""AWS::IAM::AccessKey through CloudFormation: the key signs requests until it is deleted."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[..., Any]


def template(**key: Any) -> dict[str, Any]:
    """A writer's user and its key."""
    properties = {"UserName": {"Ref": "Writer"}, **key}
    return {
        "Resources": {
            "Writer": {"Type": "AWS::IAM::User"},
            "Key": {"Type": "AWS::IAM::AccessKey", "Properties": properties},
        },
        "Outputs": {
            "Id": {"Value": {"Ref": "Key"}},
            "Secret": {"Value": {"Fn::GetAtt": ["Key", "SecretAccessKey"]}},
            "User": {"Value": {"Ref": "Writer"}},
        },
    }


def failing(broken: dict[str, Any]) -> dict[str, Any]:
    """The template with a resource that fails after the key."""
    policy = {
        "Type": "AWS::IAM::Policy",
        "DependsOn": "Key",
        "Properties": {
            "PolicyName": "p",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "Users": ["nobody"],
        },
    }
    broken["Resources"]["Broken"] = policy
    return broken


def works(clients: Clients, key: dict[str, str]) -> bool:
    try:
        arn = clients("sts", key["Id"], key["Secret"]).get_caller_identity()["Arn"]
    except ClientError as error:
        return error.response["Error"]["Code"] != "InvalidClientTokenId"
    return bool(arn.endswith(f":user/{key['User']}"))


def test_key_works_until_its_resource_is_deleted(stack: Any, clients: Clients) -> None:
    key = stack.deploy(template())
    assert key["Id"].startswith("AKIA")
    assert works(clients, key)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        clients("sts", key["Id"], "wrong").get_caller_identity()
    stack.delete()
    assert not works(clients, key)


def test_raised_serial_rotates_the_key(stack: Any, clients: Clients) -> None:
    old = stack.deploy(template(Serial=1))
    new = stack.deploy(template(Serial=2))
    assert new["Id"] != old["Id"]
    assert works(clients, new)
    assert not works(clients, old)


def test_rolled_back_rotation_keeps_the_old_key(stack: Any, clients: Clients) -> None:
    old = stack.deploy(template(Serial=1))
    stack.deploy(failing(template(Serial=2)), ends="ROLLBACK_COMPLETE")
    listed = clients("iam").list_access_keys(UserName=old["User"])["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in listed] == [old["Id"]]
    assert works(clients, old)


def test_changed_status_keeps_the_key(stack: Any, clients: Clients) -> None:
    key = stack.deploy(template())
    assert stack.deploy(template(Status="Inactive"))["Id"] == key["Id"]
    assert not works(clients, key)
    stack.deploy(failing(template(Status="Active")), ends="ROLLBACK_COMPLETE")
    assert not works(clients, key)
    stack.deploy(template(Status="Active"))
    assert works(clients, key)


def test_changed_user_gets_another_key(stack: Any, clients: Clients) -> None:
    old = stack.deploy(template())
    other = template(UserName={"Ref": "Other"})
    other["Resources"]["Other"] = {"Type": "AWS::IAM::User"}
    other["Outputs"]["User"] = {"Value": {"Ref": "Other"}}
    new = stack.deploy(other)
    assert works(clients, new)
    assert not works(clients, old)


def test_change_set_shows_the_replacement_of_the_key(stack: Any, clients: Clients) -> None:
    stack.deploy(template(Serial=1))
    cloudformation = clients("cloudformation")
    names = {"StackName": stack.name, "ChangeSetName": "rotation"}
    body = json.dumps(template(Serial=2))
    cloudformation.create_change_set(
        **names, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**names)
    (change,) = cloudformation.describe_change_set(**names)["Changes"]
    assert change["ResourceChange"]["Replacement"] == "True"
    cloudformation.delete_change_set(**names)


def test_third_key_exceeds_the_quota(stack: Any) -> None:
    many = template()
    for name in ("Second", "Third"):
        many["Resources"][name] = many["Resources"]["Key"]
    del many["Outputs"]
    with pytest.raises(AssertionError, match="Cannot exceed quota for AccessKeysPerUser: 2"):
        stack.deploy(many)


def test_key_of_a_missing_user_is_refused(stack: Any) -> None:
    with pytest.raises(AssertionError, match="user with name nobody cannot be found"):
        stack.deploy(template(UserName="nobody"))
