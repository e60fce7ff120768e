"""The resource type AWS::IAM::AccessKey, which ministack's CloudFormation does not support.

A change of Status updates the key; a change of UserName or Serial replaces it. The old key
is deleted after the update succeeds; if the update is rolled back, the old key stays. Ref is the
key's ID, `Fn::GetAtt SecretAccessKey` its secret.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-accesskey.html
"""

from typing import Any

from ministack.services import iam
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]

TYPE = "AWS::IAM::AccessKey"
QUOTA = 2
"""The maximum number of access keys of a user; ministack allows more."""


def register() -> None:
    """Add the resource type, and the properties whose change replaces a key."""
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": create, "update": update, "delete": delete}
    provisioners._REPLACING_PROPERTIES[TYPE] = ("Serial", "UserName")


def create(_: str, props: Properties, __: str) -> Created:
    """Create a key; its secret signs requests."""
    user = props.get("UserName")
    _check(user)
    before = set(iam._access_keys)
    _checked(iam._create_access_key({"UserName": user}))
    (key_id,) = set(iam._access_keys) - before
    iam._access_keys[key_id]["Status"] = props.get("Status", "Active")
    return key_id, {"SecretAccessKey": iam._access_keys[key_id]["SecretAccessKey"]}


def update(key_id: str, _: Properties, props: Properties, __: str) -> Created:
    """Change the Status, the only property that can be updated."""
    _checked(
        iam._update_access_key({"AccessKeyId": key_id, "Status": props.get("Status", "Active")})
    )
    return key_id, {"SecretAccessKey": iam._access_keys[key_id]["SecretAccessKey"]}


def delete(key_id: str, _: Properties) -> None:
    """Delete the key; a missing key is not an error, as in every deletion."""
    iam._access_keys.pop(key_id, None)


def _check(user: str | None) -> None:
    """Reject a third key, and a key without a user, which ministack creates for `default`."""
    if not user:
        raise ValueError("Encountered unsupported property: UserName is required")
    if sum(key["UserName"] == user for key in iam._access_keys.values()) >= QUOTA:
        raise ValueError(f"Cannot exceed quota for AccessKeysPerUser: {QUOTA}")


def _checked(response: tuple[int, dict[str, str], bytes]) -> None:
    status, _, body = response
    if status >= 400:
        raise ValueError(f"{TYPE}: {body.decode()}")
