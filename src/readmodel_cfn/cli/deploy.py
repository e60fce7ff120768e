"""`deploy`: lint, decide, ask, carry out, follow, and say how it ended."""

import click

from readmodel_cfn import report
from readmodel_cfn.cli.description import article_option, model_of
from readmodel_cfn.cli.leftovers import removed_methods
from readmodel_cfn.cli.show import show_outputs
from readmodel_cfn.cli.target import Target, aws_command, consent, yes_option
from readmodel_cfn.config import STACK_NAME_IN_WORDS
from readmodel_cfn.errors import ConfigError, LintError, Unfinished
from readmodel_cfn.options import OptionError
from readmodel_cfn.stacks import deploy as stacks
from readmodel_cfn.stacks.client import Stack
from readmodel_cfn.stacks.upload import upload
from readmodel_cfn.stacks.wanted import MOST_INLINE_BYTES, Wanted
from readmodel_cfn.template import build_template, render

# The article adds -data-store-writer to the stack's name, and IAM names have at most 64 characters.
_LONGEST_ARTICLE_NAME = 64 - len("-data-store-writer")
_ARTICLE_REGION = "eu-west-1"
_LEFTOVERS = (
    "A removed route can answer nothing but errors any more; to have it gone from the deployed "
    "API, raise serial under [deployment] and deploy again."
)


@click.command()
@aws_command
@yes_option
@article_option
@click.option("--template-bucket", help="Bucket that hands over a template too long for a call.")
def deploy(target: Target, yes: bool, article: bool, template_bucket: str | None) -> None:
    """Create or update the stack, follow it to its end, and print its outputs."""
    if article:
        _check_article(target)
    wanted = _wanted(target, article)
    _check_size(wanted, template_bucket)
    _lint(wanted, target)
    look = stacks.look(target.stacks, wanted)
    report.story(f"{target.where}: {look.plan.action}, {look.plan.why}")
    if look.plan.action in ("create", "update", "protect"):
        consent(f"{look.plan.action.capitalize()} {target.where}?", yes)
    if template_bucket and not wanted.fits_a_call and look.plan.action in ("create", "update"):
        wanted = upload(target.connection.client("s3"), template_bucket, wanted)
    stack = _carry_out(target, wanted, look)
    report.story("No change." if look.plan.action == "nothing" else "Done.")
    if removed_methods(look.template, wanted.content):
        report.story(_LEFTOVERS)
    show_outputs(target, stack.outputs)


def _check_article(target: Target) -> None:
    """Refuse what the article's template cannot be deployed to, before anything is sent."""
    name, region = target.stack_name, target.connection.region_name
    if len(name) > _LONGEST_ARTICLE_NAME or name != name.lower():
        allowed = f"{STACK_NAME_IN_WORDS}, lower case, at most {_LONGEST_ARTICLE_NAME} characters"
        raise OptionError("--stack-name", name, f"{allowed}: the article names resources by it")
    if region != _ARTICLE_REGION:
        allowed = f"{_ARTICLE_REGION}, which the article's template is written for"
        raise OptionError("--region", region, allowed)


def _wanted(target: Target, article: bool) -> Wanted:
    options, name = target.config.stack, target.stack_name
    return Wanted(
        name=name,
        template=render(build_template(model_of(target.config, article)), "compact"),
        parameters={"StackName": name} if article else {},
        tags=options.tags,
        termination_protection=options.termination_protection,
    )


def _check_size(wanted: Wanted, template_bucket: str | None) -> None:
    if not wanted.fits_a_call and not template_bucket:
        what = f"the template has more than the {MOST_INLINE_BYTES:,} bytes that a call takes"
        hint = "give --template-bucket, or serve several documents by one route with a {parameter}"
        raise ConfigError(what, where=wanted.name, hint=hint)


def _lint(wanted: Wanted, target: Target) -> None:
    from readmodel_cfn.lint import DEFAULT_REGION, lint

    findings = lint(wanted.template, [target.connection.region_name or DEFAULT_REGION])
    if findings:
        report.findings(findings)
        hint = "mend it; nothing was sent to AWS"
        raise LintError(f"{len(findings)} finding(s)", where="template", hint=hint)
    report.story("Template: no cfn-lint finding.")


def _carry_out(target: Target, wanted: Wanted, look: stacks.Look) -> Stack:
    try:
        return stacks.deploy(target.stacks, wanted, look, report.event)
    except KeyboardInterrupt:
        hint = "CloudFormation goes on by itself; run: readmodel-cfn status"
        raise Unfinished("no longer following", where=target.where, hint=hint) from None
