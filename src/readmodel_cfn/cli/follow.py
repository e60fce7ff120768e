"""`follow`: the operation that goes on, to its end."""

import click

from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.following import followed
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.cli.telling import telling
from readmodel_cfn.origins import origins
from readmodel_cfn.stacks.deploy import attached
from readmodel_cfn.stacks.verdict import check


@click.command()
@aws_command
@json_option
@click.option("--timeout", type=click.FloatRange(0), help="Follow for so many seconds at most.")
def follow(target: Target, as_json: bool, timeout: float | None) -> None:
    """Follow the operation that goes on, or tell the last one: it exits as that ended."""
    say, client = telling(as_json), target.stacks
    following = attached(client, target.stack())
    ended = followed(target, following, say, timeout)
    if ended.status == "DELETE_COMPLETE":
        say.note("Deleted.")
        return
    stack = check(client, target.stack_name, ended, origins(target.config.model).get)
    say.note(f"{target.where}: {stack.status}")
