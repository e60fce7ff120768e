"""Ref of an AWS::SecretsManager::Secret is its ARN, as on AWS.

ministack gives the secret's name, which is no resource of a policy that lets someone read it.
"""

from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import drift, provisioners

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]

TYPE = "AWS::SecretsManager::Secret"


def register() -> None:
    """Keep the ARN as physical id, and give ministack's handlers the name that they know."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    create, update, delete = (handlers[name] for name in ("create", "update", "delete"))

    def create_secret(*asked: Any) -> Created:
        return _with_arn(create(*asked))

    def update_secret(arn: str, *asked: Any) -> Created:
        return _with_arn(update(_name(arn), *asked))

    def delete_secret(arn: str, props: Properties) -> None:
        delete(_name(arn), props)

    handlers |= {"create": create_secret, "update": update_secret, "delete": delete_secret}
    read, fields = drift._DRIFT_READERS[TYPE]
    drift._DRIFT_READERS[TYPE] = (lambda arn, props: read(_name(arn), props), fields)


def _with_arn(created: Created) -> Created:
    attributes = created[1]
    return attributes["Arn"], attributes


def _name(arn: str) -> str:
    """The secret's name; the ARN itself, which is no name, for a deleted secret."""
    name, _ = secretsmanager._resolve(arn)
    return name or arn
