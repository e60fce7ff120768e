"""Options and arguments that commands share, and the stack or template that they select."""

import shlex
from collections.abc import Callable
from functools import wraps
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.render import build_template

if TYPE_CHECKING:  # imported below when a command needs them: `template --article` does not
    from troposphere import Template

    from readmodel_cfn.config import Config

_DAY = 86_400  # seconds

Command = Callable[..., Any]


class _Path(click.Path):
    """A path that is not empty: "$UNSET" would mean the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Word(click.types.StringParamType):
    """A text that is not empty: "$UNSET" would mean the default."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the value is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Seconds(click.FloatRange):
    """A finite number of seconds: click allows inf, and nan in every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return number


WORD = _Word()
FILE = _Path(path_type=Path, dir_okay=False)
FILE_OR_FOLDER = _Path(path_type=Path)
SECONDS = _Seconds(min=0, max=_DAY)
POSITIVE_SECONDS = _Seconds(min=0, max=_DAY, min_open=True)

config_option = click.option(
    "--config",
    "config_file",
    type=FILE,
    help="Configuration file [default: ./readmodel.toml, else one route as in the article].",
)
file_argument = click.argument("file", required=False, type=FILE)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
article_option = click.option("--article", is_flag=True, help="Use the original 2018 template.")
_STACK_OPTIONS = (
    config_option,
    click.option("--stack-name", help="Name of the stack [default: from the file, or read-model]."),
    click.option(
        "--region", type=WORD, help="AWS region [default: from the file or the environment]."
    ),
    click.option("--profile", type=WORD, help="AWS profile [default: from the environment]."),
    click.option(
        "--endpoint-url", type=WORD, help="One URL for every AWS service, such as an emulator's."
    ),
    click.option(
        "--sandbox",
        "use_sandbox",
        is_flag=True,
        help="Use the embedded AWS, starting it if needed.",
    ),
)


_SELECTING = {
    *("config_file", "stack_name", "region", "profile", "endpoint_url", "use_sandbox"),
    "article",
}
"""The parameters that select a stack."""


def stack_options(command: Command) -> Command:
    """Add the options of a stack to a command, whose parameter `stack` is the ReadModelStack.

    If the command also has `article_option`, it selects the article's stack.
    """

    @wraps(command)
    def with_stack(
        config_file: Path | None,
        stack_name: str | None,
        region: str | None,
        profile: str | None,
        endpoint_url: str | None,
        use_sandbox: bool,
        article: bool = False,
        **options: Any,
    ) -> Any:
        from readmodel_cfn.stack import ReadModelStack

        config = load_config(config_file)
        try:
            stack = ReadModelStack.from_config(
                config,
                name=stack_name,
                region=region,
                profile=profile,
                endpoint_url=endpoint_url,
                sandbox=use_sandbox,
                article=article,
            )
        except OptionError as error:
            raise OptionError("--stack-name", error.value, error.allowed) from error
        return command(stack=stack, **options)

    for add in reversed(_STACK_OPTIONS):
        with_stack = add(with_stack)
    return with_stack


def same_stack(*words: str) -> str:
    """A command line for the stack of the running command, with the options that select it."""
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if given and parameter.name in _SELECTING:
            value = context.params[parameter.name]
            words += (parameter.opts[0],) if value is True else (parameter.opts[0], str(value))
    return shlex.join(["readmodel-cfn", *words])


def load_config(file: Path | None) -> "Config":
    """The given file, else ./readmodel.toml if it exists, else the article's one route."""
    from readmodel_cfn.config import load_or_default

    return load_or_default(file)


def config_in_use(file: Path | None, article: bool) -> Path | None:
    """The readmodel.toml that describes the template, if there is one."""
    from readmodel_cfn.config.load import DEFAULT_FILE

    file = file or Path(DEFAULT_FILE)
    return file if not article and file.exists() else None


def template_of(config_file: Path | None, article: bool) -> "Template":
    """The template that a readmodel.toml describes, or the article's, which needs no file."""
    if article:
        from readmodel_cfn.template.article import build_article

        return build_article()
    config = load_config(config_file)
    return build_template(config.model, config.stack.prefix)


def template_source(
    file: Path | None, config_file: Path | None, article: bool
) -> "Path | Template":
    """The template in the given file, else that of readmodel.toml or of the article."""
    return file or template_of(config_file, article)
