"""`policy`: print the least IAM policy for working with a stack."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import WORD, file_argument, model_options, same_stack
from readmodel_cfn.cli.selected_model import SelectedModel
from readmodel_cfn.policy.calls import Purpose
from readmodel_cfn.progress import Note
from readmodel_cfn.template.options import OptionError

if TYPE_CHECKING:
    from readmodel_cfn.config import Config

_OPTIONS = {"stack.name": "--stack-name", "stack.region": "--region", "stack.account": "--account"}


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn policy",
        "readmodel-cfn policy --for publish",
        "readmodel-cfn policy template.yaml --stack-name shop --for deploy --for delete",
    ),
)
@file_argument
@model_options
@click.option(
    "--for",
    "purposes",
    type=click.Choice(get_args(Purpose)),
    multiple=True,
    help="What the policy is for; can be repeated [default: all but service-role].",
)
@click.option("--stack-name", type=WORD, help="Name of the stack [default: from the file].")
@click.option("--region", type=WORD, help="Region of the stack [default: from the file, or any].")
@click.option("--account", type=WORD, help="Account of the stack [default: from the file, or any].")
def policy(
    file: Path | None,
    model: SelectedModel,
    purposes: tuple[Purpose, ...],
    stack_name: str | None,
    region: str | None,
    account: str | None,
) -> None:
    """Print the least IAM policy for the stack of readmodel.toml, or of the template FILE.

    \b
    deploy        deploy, diff, follow, outputs, status, diagnose
    diff          diff
    publish       publish, release, ls, history, restore, unpublish
    read          read, outputs, status, follow, diagnose, ls, history,
                  release list, openapi --deployed
    verify        verify
    delete        delete, also with --with-data, and unpublish --all-versions
    service-role  the role that CloudFormation assumes (role_arn)

    AWS is not called. What to know about the policy is printed on stderr.
    """
    from readmodel_cfn.policy import policy as make_policy
    from readmodel_cfn.stack import ReadModelStack

    config = model.load() if file else model.load_or_example()
    if config is None and stack_name is None:
        message = "--stack-name is required with a template: there is no readmodel.toml."
        raise click.UsageError(message)
    config = _with_place(config, stack_name, region, account)
    config.require_stack()
    stack = config.stack
    if file:
        found = make_policy(
            file,
            stack.name,
            *purposes,
            region=stack.region,
            account=stack.account,
            role_arn=stack.role_arn,
            on_progress=_log,
        )
    else:
        made = ReadModelStack.from_config(config, article=model.article)
        found = made.policy(*purposes, on_progress=_log)
    click.echo(found.to_json(indent=2, sort_keys=False))


def _with_place(
    config: "Config | None", name: str | None, region: str | None, account: str | None
) -> "Config":
    """The configuration with the options that were given."""
    from readmodel_cfn.config import Config

    config = config or Config()
    stack = config.stack
    try:
        stack = replace(
            stack,
            name=name or stack.name,
            region=region or stack.region,
            account=account or stack.account,
        )
    except OptionError as error:
        where = _OPTIONS.get(error.key, error.key)
        raise OptionError(where, error.value, error.allowed) from error
    return replace(config, stack=stack)


def _log(value: object) -> None:
    if isinstance(value, Note):
        report.log(value.text.replace("readmodel-cfn policy", same_stack("policy")))
