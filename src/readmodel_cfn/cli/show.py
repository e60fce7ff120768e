"""`outputs` and `status`: a stack as it is."""

from collections.abc import Mapping

import click

from readmodel_cfn import report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.store.read import reachable

_MASKED = "DataStoreSecretAccessKey"  # under any prefix, in a template that embeds a read model


@click.command()
@aws_command
@json_option
@click.option("--show-secrets", is_flag=True, help="Print secret outputs as they are.")
def outputs(target: Target, as_json: bool, show_secrets: bool) -> None:
    """Print the stack's outputs; the URLs can be opened, on the sandbox too."""
    show_outputs(target, target.stack().outputs, show_secrets=show_secrets, as_json=as_json)


@click.command()
@aws_command
@json_option
def status(target: Target, as_json: bool) -> None:
    """Print the state of the stack and of its resources."""
    stack = target.stack()
    found = target.stacks.resources(stack.id)
    if as_json:
        state = {"name": stack.name, "status": stack.status, "reason": stack.reason}
        resources = [vars(one) for one in found]
        report.print_json({**state, "tags": dict(stack.tags), "resources": resources})
    else:
        report.status(stack, found)


def show_outputs(
    target: Target,
    found: Mapping[str, tuple[str, str]],
    *,
    show_secrets: bool = False,
    as_json: bool = False,
) -> None:
    """Print outputs, secrets masked unless told otherwise, URLs as they can be reached."""
    shown = {}
    for name, (value, meaning) in found.items():
        masked = "****" if name.endswith(_MASKED) and not show_secrets else value
        shown[name] = (reachable(masked, target.connection.endpoint_url), meaning)
    if as_json:
        report.print_json({name: value for name, (value, _) in shown.items()})
    else:
        report.outputs(shown)
