"""Ref of a secret is its ARN, and the secret stays itself through updates."""

from collections.abc import Callable
from typing import Any


def template(**properties: str) -> dict[str, Any]:
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": properties}
    return {
        "Resources": {"Secret": secret},
        "Outputs": {"Arn": {"Value": {"Ref": "Secret"}}},
    }


def arns(clients: Callable[..., Any]) -> list[str]:
    listed = clients("secretsmanager").list_secrets()["SecretList"]
    return [secret["ARN"] for secret in listed]


def test_secret_keeps_its_arn_until_it_is_deleted(stack: Any, clients: Callable[..., Any]) -> None:
    secrets = clients("secretsmanager")
    arn = stack.deploy(template(SecretString="first"))["Arn"]
    assert arn.startswith("arn:aws:secretsmanager:eu-west-1:000000000000:secret:Secret-")
    assert stack.deploy(template(SecretString="second"))["Arn"] == arn
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "second"
    stack.delete()
    assert arn not in arns(clients)


def test_changed_name_is_another_secret(stack: Any, clients: Callable[..., Any]) -> None:
    old = stack.deploy(template(Name="old", SecretString="s"))["Arn"]
    new = stack.deploy(template(Name="new", SecretString="s"))["Arn"]
    assert new != old
    assert new in arns(clients)
    assert old not in arns(clients)
