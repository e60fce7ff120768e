"""`follow`: the operation that goes on, to its end."""

import click

from readmodel_cfn.cli.description import json_option, origin_of
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.following import followed
from readmodel_cfn.cli.kinds import SECONDS
from readmodel_cfn.cli.signals import stop_on_sigterm
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.cli.telling import telling
from readmodel_cfn.deploy.deploy import attached
from readmodel_cfn.deploy.diagnosis import check
from readmodel_cfn.deploy.plan import is_ours
from readmodel_cfn.errors import ReadModelError


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn follow",
        "readmodel-cfn follow --timeout 600 --json",
    ),
)
@stop_on_sigterm()
@aws_command
@json_option
@click.option("--timeout", type=SECONDS, help="Follow for so many seconds at most.")
def follow(target: Target, as_json: bool, timeout: float | None) -> None:
    """Follow the operation that goes on, or tell the last one: it exits as that ended.

    With --json: a line for each event, an object whose one key is event, and at the end result,
    with status.
    """
    say, client = telling(as_json), target.stacks
    stack = target.stack()
    if stack.status == "REVIEW_IN_PROGRESS":
        what = "nothing goes on: it is a change set that waits"
        raise ReadModelError(what, where=target.where, hint="run: readmodel-cfn deploy")
    with slow("Reading what happened"):
        following = attached(client, stack)
    ended = followed(target, following, say, timeout, may_cancel=is_ours(stack))
    status = ended.status
    if status != "DELETE_COMPLETE":
        origin = origin_of(target.config, article=False)
        status = check(client, target.stack_name, ended, origin).status
    say.ended(target.where, status)
