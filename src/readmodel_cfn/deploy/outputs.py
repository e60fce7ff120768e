"""A stack's outputs: with reachable URLs, and with secrets masked."""

from dataclasses import dataclass

from readmodel_cfn.aws.http import reachable_url
from readmodel_cfn.deploy.values import Stack

_SECRET = "DataStoreSecretAccessKey"  # noqa: S105 - an output's name, after a prefix if it has one
MASK = "****"


@dataclass(frozen=True)
class Output:
    """One output of a stack."""

    name: str
    value: str
    description: str


def stack_outputs(stack: Stack, endpoint_url: str | None, *, show_secrets: bool) -> list[Output]:
    """The outputs of a stack; URLs are those that this machine can reach.

    A secret access key has the value `****` unless `show_secrets`.
    """
    return [
        Output(
            name,
            reachable_url(value, endpoint_url)
            if show_secrets or not name.endswith(_SECRET)
            else MASK,
            description,
        )
        for name, (value, description) in stack.outputs.items()
    ]
