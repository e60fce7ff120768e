"""`diff`: what a deploy would change, without changing it."""

from collections.abc import Mapping
from typing import Any

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import article_option, json_option
from readmodel_cfn.cli.diff_table import print_diff
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.cli.telling import diff_as_json
from readmodel_cfn.cli.wanted import handed_over, template_bucket_option, wanted_of
from readmodel_cfn.deploy import deploy as stacks
from readmodel_cfn.deploy.obstacles import obstacles
from readmodel_cfn.errors import Unfinished

_CHANGES = 5  # the exit code


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn diff",
        "readmodel-cfn diff --config production.toml --json",
    ),
)
@aws_command
@article_option
@template_bucket_option
@json_option
@click.pass_context
def diff(
    ctx: click.Context, target: Target, article: bool, template_bucket: str | None, as_json: bool
) -> None:
    """Show what deploy would change. Exit code 0: nothing; 5: something.

    With --json: an object with action, resources and others.
    """
    wanted = wanted_of(target, article, template_bucket)
    with slow(f"Asking AWS about {target.where}"):
        seen = stacks.look(target.stacks, wanted)
    stacks.refuse(wanted.name, seen.plan)
    report.story(f"{target.where}: {seen.plan.action}, {seen.plan.why}")
    if seen.plan.action in ("attach", "continue rollback"):
        hint = f"wait for its end: {target.command('follow')}"
        raise Unfinished("it cannot be compared now", where=target.where, hint=hint)
    if seen.plan.action == "update":
        wanted = handed_over(target, wanted, template_bucket)
    for one in obstacles(_value(seen.template), wanted.content):
        report.story(f"deploy will refuse this: {one.where}: {one.what}; {one.hint}")
    with slow("CloudFormation finds what would change"):
        found = stacks.difference(target.stacks, wanted, seen, report.story)
    if as_json:
        report.print_json({"action": seen.plan.action, **diff_as_json(found)})
    else:
        print_diff(found)
    if found or seen.plan.action != "nothing":
        ctx.exit(_CHANGES)


def _value(template: Any) -> Mapping[str, Any] | None:
    """The present template as a value; None where there is none, or YAML of another tool."""
    return template if isinstance(template, Mapping) else None
