"""AWS::IAM::AccessKey, which ministack's CloudFormation does not know.

Status is changed in place; another UserName or Serial makes a new key, and the old one is deleted
when the whole update has succeeded, or stays when it is rolled back. Ref is the key's id,
`Fn::GetAtt SecretAccessKey` its secret.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-accesskey.html
"""

from typing import Any

from ministack.services import iam
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]

TYPE = "AWS::IAM::AccessKey"
QUOTA = 2
"""Access keys that a user can have: ministack lets it have more."""


def register() -> None:
    """Add the resource type, and what makes CloudFormation replace one."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": create, "update": update, "delete": delete}
    provisioners._REPLACING_PROPERTIES[TYPE] = ("Serial", "UserName")


def create(_: str, props: Properties, __: str) -> Created:
    """Make a key; its secret is the one that signs requests."""
    user = props.get("UserName")
    _refuse_unless_possible(user)
    before = set(iam._access_keys)
    _checked(iam._create_access_key({"UserName": user}))
    (key_id,) = set(iam._access_keys) - before
    iam._access_keys[key_id]["Status"] = props.get("Status", "Active")
    return key_id, {"SecretAccessKey": iam._access_keys[key_id]["SecretAccessKey"]}


def update(key_id: str, _: Properties, props: Properties, __: str) -> Created:
    """Change the Status, the only property that is changed in place."""
    _checked(
        iam._update_access_key({"AccessKeyId": key_id, "Status": props.get("Status", "Active")})
    )
    return key_id, {"SecretAccessKey": iam._access_keys[key_id]["SecretAccessKey"]}


def delete(key_id: str, _: Properties) -> None:
    """Delete the key; a key that is deleted already is no error, as with every deletion."""
    iam._access_keys.pop(key_id, None)


def _refuse_unless_possible(user: str | None) -> None:
    """ministack would make a key without a user (of the user `default`), and a third one."""
    if not user:
        raise ValueError("Encountered unsupported property: UserName is required")
    if sum(key["UserName"] == user for key in iam._access_keys.values()) >= QUOTA:
        raise ValueError(f"Cannot exceed quota for AccessKeysPerUser: {QUOTA}")


def _checked(response: tuple[int, dict[str, str], bytes]) -> None:
    status, _, body = response
    if status >= 400:
        raise ValueError(f"{TYPE}: {body.decode()}")
