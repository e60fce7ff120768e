"""`deploy`: lint, decide, show, ask, carry out, follow, and say how it ended."""

from dataclasses import replace

import click

from readmodel_cfn.cli.consent_by_name import check_name, name_option
from readmodel_cfn.cli.deployment import Asked, Deployment, Detached
from readmodel_cfn.cli.description import article_option, json_option, origin_of
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.kinds import SECONDS
from readmodel_cfn.cli.show import show_outputs, shown_outputs
from readmodel_cfn.cli.signals import stop_on_sigterm
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command, yes_option
from readmodel_cfn.cli.telling import ToPeople, ToPrograms, telling
from readmodel_cfn.cli.untold import unfinished_if_untold
from readmodel_cfn.cli.wanted import template_bucket_option, wanted_of
from readmodel_cfn.deploy.deploy import Beyond, check_known
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import FindingsError


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn deploy",
        "readmodel-cfn deploy --sandbox --yes",
        "readmodel-cfn deploy --config production.toml --detach",
    ),
)
@stop_on_sigterm()
@aws_command
@yes_option
@article_option
@template_bucket_option
@json_option
@click.option("--detach", is_flag=True, help="Begin, and do not wait for the end.")
@click.option("--timeout", type=SECONDS, help="Follow for so many seconds at most.")
@click.option(
    "--recreate", is_flag=True, help="Delete a stack whose first create failed, without asking."
)
@name_option(
    "--adopt",
    "Adopt a stack that another tool made, after listing the resources that it loses. NAME is the "
    "stack's name; without it, the command asks for it.",
)
@click.option("--express", is_flag=True, help="End as soon as the configuration is applied.")
@click.option("--disable-rollback", is_flag=True, help="Keep what was made when it fails.")
@click.option(
    "--import-existing", is_flag=True, help="Take resources that exist, such as a kept bucket."
)
@click.option("--revert-drift", is_flag=True, help="Undo what was changed by hand.")
def deploy(
    target: Target,
    yes: bool,
    article: bool,
    template_bucket: str | None,
    as_json: bool,
    detach: bool,
    timeout: float | None,
    recreate: bool,
    adopt: str | None,
    express: bool,
    disable_rollback: bool,
    import_existing: bool,
    revert_drift: bool,
) -> None:
    """Create or update the stack, follow it to its end, and print its outputs.

    With --json: a line for each step, an object whose one key is plan, diff, finding or event,
    and at the end result, with status and outputs; --detach ends without.
    """
    check_name("--adopt", adopt, target.stack_name)
    say = telling(as_json)
    beyond = Beyond(import_existing, revert_drift)
    wanted = wanted_of(target, article, template_bucket)
    wanted = replace(wanted, express=express, disable_rollback=disable_rollback)
    check_known(target.stacks, wanted, beyond)
    _lint(wanted, target, say)
    asked = Asked(yes, recreate, adopt, detach, timeout, beyond)
    origin = origin_of(target.config, article)
    try:
        stack = Deployment(target, wanted, asked, say, origin, template_bucket).run()
    except Detached:
        say.note(f"Begun. To follow it: {target.command('follow')}")
        return
    with unfinished_if_untold(target.where, f"run: {target.command('outputs')}"):
        _done(target, stack, say)


def _done(target: Target, stack: Stack, say: ToPeople | ToPrograms) -> None:
    if isinstance(say, ToPrograms):
        values = shown_outputs(target, stack.outputs)
        plain = {name: value for name, (value, _) in values.items()}
        say.line("result", {"status": stack.status, "outputs": plain})
    else:
        show_outputs(target, stack.outputs)


def _lint(wanted: Wanted, target: Target, say: ToPeople | ToPrograms) -> None:
    from readmodel_cfn.lint import DEFAULT_REGION, lint_once

    region = target.connection.region_name or DEFAULT_REGION
    with slow("cfn-lint checks the template"):
        findings = lint_once(wanted.template, [region])
    if findings:
        say.findings(findings)
        hint = "mend it; nothing was sent to AWS"
        raise FindingsError(f"{len(findings)} finding(s)", where="template", hint=hint)
    say.note("Template: no cfn-lint finding.")
