"""Jobs of a pipeline: their OIDC tokens, and the roles that they assume on the sandbox.

The sandbox compares a token's claims with the role's trust policy, as AWS does; it verifies neither
the signature nor that the account has the identity provider.
"""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

GITHUB = {"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com"}
GITLAB = {"iss": "https://gitlab.com", "aud": "https://gitlab.com"}


def unsigned(claims: dict[str, str]) -> str:
    """A JSON Web Token without a signature."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".AA"


@contextmanager
def roles(
    example: Path, clients: Callable[..., Any], stack: str, **parameters: str
) -> Iterator[dict[str, str]]:
    """The ARNs of the roles of an example's roles.yaml, deployed for a stack."""
    cloudformation, iam = clients("cloudformation"), clients("iam")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = iam.create_policy(
        PolicyName=f"deploy-{secrets.token_hex(4)}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )["Policy"]["Arn"]
    name = f"roles-{secrets.token_hex(4)}"
    values = {"ReadModelStack": stack, "DeployPolicy": policy, **parameters}
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(example / "roles.yaml").read_text(encoding="utf-8"),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    yield {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    iam.delete_policy(PolicyArn=policy)
