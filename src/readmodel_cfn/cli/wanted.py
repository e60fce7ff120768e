"""The stack that readmodel.toml, or the article, wants; for the commands that compare or deploy."""

from collections.abc import Callable
from typing import Any

import click

from readmodel_cfn.cli.description import template_of
from readmodel_cfn.cli.kinds import WORD
from readmodel_cfn.cli.target import Target
from readmodel_cfn.config.load import STACK_NAME_IN_WORDS
from readmodel_cfn.deploy.upload import upload
from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import TEMPLATE_BODY_BYTES
from readmodel_cfn.template.article import REGION, STACK_NAME_LENGTH
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.render import render

template_bucket_option: Callable[..., Any] = click.option(
    "--template-bucket", type=WORD, help="Bucket that hands over a template too long for a call."
)


def wanted_of(target: Target, article: bool, template_bucket: str | None) -> Wanted:
    """The stack that should exist, checked as far as it can be without asking AWS.

    Raises:
        ConfigError: the article cannot be deployed under this name or there, or the template needs
            a bucket to be handed over.
    """
    if article:
        _check_article(target)
    options, name = target.config.stack, target.stack_name
    wanted = Wanted(
        name=name,
        template=render(template_of(target.config, article), "compact"),
        parameters={"StackName": name} if article else {},
        tags=options.tags,
        termination_protection=options.termination_protection,
        role_arn=options.role_arn,
    )
    if not wanted.fits_a_call and not template_bucket:
        what = f"the template has more than the {TEMPLATE_BODY_BYTES:,} bytes that a call takes"
        hint = "give --template-bucket, or serve several documents by one route with a {parameter}"
        raise ConfigError(what, where=wanted.name, hint=hint)
    return wanted


def handed_over(target: Target, wanted: Wanted, template_bucket: str | None) -> Wanted:
    """The same, with a template too long for a call put where CloudFormation finds it."""
    if wanted.fits_a_call or not template_bucket:
        return wanted
    return upload(target.connection.client("s3"), template_bucket, wanted)


def _check_article(target: Target) -> None:
    """Refuse what the article's template cannot be deployed to, before anything is sent."""
    name, region = target.stack_name, target.connection.region_name
    if len(name) > STACK_NAME_LENGTH or name != name.lower():
        allowed = f"{STACK_NAME_IN_WORDS}, lower case, at most {STACK_NAME_LENGTH} characters"
        raise OptionError("--stack-name", name, f"{allowed}: the article names resources by it")
    if region != REGION:
        allowed = f"{REGION}, which the article's template is written for"
        raise OptionError("--region", region, allowed)
