"""The Ref of an AWS::SecretsManager::Secret is its ARN, and its name has no stack name, as on AWS.

ministack returns the secret's name, which cannot be the Resource of a policy. Its generated name
begins with the stack's name, that of CloudFormation with the logical ID.
"""

from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import drift, provisioners

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]

TYPE = "AWS::SecretsManager::Secret"


def register() -> None:
    """Use the ARN as physical ID, and pass the name to ministack's handlers."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    create, update, delete = (handlers[name] for name in ("create", "update", "delete"))

    def create_secret(logical_id: str, props: Properties, stack_name: str) -> Created:
        generated = provisioners._physical_name(stack_name, logical_id)
        name = props.get("Name") or generated.removeprefix(f"{stack_name}-")
        return _with_arn(create(logical_id, props | {"Name": name}, stack_name))

    def update_secret(arn: str, old: Properties, new: Properties, *more: Any) -> Created:
        generated = not old.get("Name") and not new.get("Name")
        kept = {"Name": _name(arn)} if generated else {}
        return _with_arn(update(_name(arn), old, new | kept, *more))

    def delete_secret(arn: str, props: Properties) -> None:
        delete(_name(arn), props)

    handlers |= {"create": create_secret, "update": update_secret, "delete": delete_secret}
    read, fields = drift._DRIFT_READERS[TYPE]
    drift._DRIFT_READERS[TYPE] = (lambda arn, props: read(_name(arn), props), fields)


def _with_arn(created: Created) -> Created:
    attributes = created[1]
    return attributes["Arn"], attributes


def _name(arn: str) -> str:
    """The secret's name; the ARN itself if the secret was deleted."""
    name, _ = secretsmanager._resolve(arn)
    return name or arn
