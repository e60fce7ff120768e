"""`outputs` and `status`: a stack as it is."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from readmodel_cfn.aws.http import reachable_url
from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.errors import PromiseBroken

if TYPE_CHECKING:
    from readmodel_cfn.cli.state import State
    from readmodel_cfn.deploy.live.values import Finding

_MASKED = "DataStoreSecretAccessKey"  # under any prefix, in a template that embeds a read model
_ANOTHER = (
    "readmodel.toml, or the default without one, differs from what is deployed; "
    "run: readmodel-cfn diff"
)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn outputs",
        "readmodel-cfn outputs --json --show-secrets",
    ),
)
@aws_command
@json_option
@click.option("--show-secrets", is_flag=True, help="Print secret outputs as they are.")
def outputs(target: Target, as_json: bool, show_secrets: bool) -> None:
    """Print the stack's outputs; the URLs can be opened, on the sandbox too.

    With --json: an object of names and values.
    """
    show_outputs(target, target.stack().outputs, show_secrets=show_secrets, as_json=as_json)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn status",
        "readmodel-cfn status --drift",
    ),
)
@aws_command
@json_option
@click.option(
    "--drift",
    "with_drift",
    is_flag=True,
    help="Have CloudFormation look for what was changed by hand, which may take minutes.",
)
def status(target: Target, as_json: bool, with_drift: bool) -> None:
    """Print the stack's state, and whether its stage serves what its template says.

    With --json: an object with name, status, reason, tags, resources, last_operation, live, and
    drift where it was asked for.
    """
    from readmodel_cfn.cli.state import is_another, state_of  # no other command waits for it

    if with_drift:
        report.story("CloudFormation looks for what was changed by hand...")
    with slow("Comparing what is served with the template"):
        state = state_of(target, with_drift=with_drift)
    if as_json:
        report.print_json(state.as_json())
    else:
        _print(state)
    if is_another(state, target.config):
        report.story(_ANOTHER)
    _judge(target, state.live.findings)


def _print(state: "State") -> None:
    report.status(state.stack, state.last_operation)
    report.live(state.live)
    if state.drift:
        report.drift(state.drift)
    report.resources(state.resources)


def _judge(target: Target, findings: Sequence["Finding"]) -> None:
    """Fail where the stage does not serve what the template says."""
    if findings:
        first, *others = findings
        route = f"{first.method} {first.route} " if first.route else ""
        more = f" (and {len(others)} more)" if others else ""
        raise PromiseBroken(f"{route}{first.detail}{more}", where=target.where, hint=first.todo)


def show_outputs(
    target: Target,
    found: Mapping[str, tuple[str, str]],
    *,
    show_secrets: bool = False,
    as_json: bool = False,
) -> None:
    """Print outputs."""
    shown = shown_outputs(target, found, show_secrets=show_secrets)
    if as_json:
        report.print_json({name: value for name, (value, _) in shown.items()})
    else:
        report.outputs(shown)


def shown_outputs(
    target: Target, found: Mapping[str, tuple[str, str]], *, show_secrets: bool = False
) -> dict[str, tuple[str, str]]:
    """Outputs with secrets masked unless told otherwise, and URLs as they can be reached."""
    shown = {}
    for name, (value, meaning) in found.items():
        masked = "****" if name.endswith(_MASKED) and not show_secrets else value
        shown[name] = (reachable_url(masked, target.connection.endpoint_url), meaning)
    return shown
