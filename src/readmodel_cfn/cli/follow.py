"""`follow`: the operation that goes on, to its end."""

import click

from readmodel_cfn.cli.description import json_option, origin_of
from readmodel_cfn.cli.following import followed
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.cli.telling import telling
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.stacks.deploy import attached
from readmodel_cfn.stacks.verdict import check


@click.command()
@aws_command
@json_option
@click.option("--timeout", type=click.FloatRange(0), help="Follow for so many seconds at most.")
def follow(target: Target, as_json: bool, timeout: float | None) -> None:
    """Follow the operation that goes on, or tell the last one: it exits as that ended."""
    say, client = telling(as_json), target.stacks
    stack = target.stack()
    if stack.status == "REVIEW_IN_PROGRESS":
        what = "nothing goes on: it is a change set that waits"
        raise ReadModelError(what, where=target.where, hint="run: readmodel-cfn deploy")
    following = attached(client, stack)
    ended = followed(target, following, say, timeout)
    if ended.status == "DELETE_COMPLETE":
        say.note("Deleted.")
        return
    ended_as = check(client, target.stack_name, ended, origin_of(target.config, article=False))
    say.note(f"{target.where}: {ended_as.status}")
