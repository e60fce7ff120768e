"""Options and arguments that commands share, and the stack that they select."""

import os
import re
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from readmodel_cfn.cli.selected_model import ENV_VARIABLE, SelectedModel
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.template.options import OptionError

if TYPE_CHECKING:  # imported below when a command needs it
    from readmodel_cfn.stack import ReadModelStack

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

file_argument = click.argument("file", required=False, type=FILE)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

SANDBOX_VARIABLE = "READMODEL_CFN_SANDBOX"
_NO_FILE = "run: readmodel-cfn init; or use --config FILE, --example or --article"


def _complete_env(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The environments of the file that begin with what is typed; none if it is invalid."""
    from readmodel_cfn.config.file import load_environments
    from readmodel_cfn.config.values import DEFAULT_FILE

    with suppress(ReadModelError):
        found = load_environments(ctx.params.get("config_file") or DEFAULT_FILE)
        return [name for name in found if name.startswith(incomplete)]
    return []


_CONFIG = click.option(
    "--config", "config_file", type=FILE, help="Configuration file [default: ./readmodel.toml]."
)
_MODEL_OPTIONS = (
    _CONFIG,
    click.option(
        "--env",
        type=WORD,
        metavar="NAME",
        shell_complete=_complete_env,
        help=f"Environment of the file, a table [env.NAME] [default: {ENV_VARIABLE}].",
    ),
    click.option(
        "--example", is_flag=True, help="Use the built-in example instead of a configuration file."
    ),
    click.option(
        "--article", is_flag=True, help="Use the original 2018 template instead of a file."
    ),
)
_PLACE_OPTIONS = (
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
        help=f"Use the embedded AWS, starting it if needed [default: if {SANDBOX_VARIABLE}=1].",
    ),
)
stack_name_option = click.option("--stack-name", help="Name of the stack [default: from the file].")


def model_options(command: Command) -> Command:
    """Add --config, --env, --example and --article to a command, whose parameter is `model`."""

    @wraps(command)
    def with_model(
        config_file: Path | None, env: str | None, example: bool, article: bool, **options: Any
    ) -> Any:
        return command(model=SelectedModel(config_file, env, example, article), **options)

    return _added(_MODEL_OPTIONS, with_model)


_SELECTING = {
    *("config_file", "stack_name", "region", "profile", "endpoint_url", "use_sandbox"),
    *("env", "example", "article"),
}
"""The parameters that select a stack."""


def stack_options(command: Command) -> Command:
    """Add the options of a stack to a command, whose parameter `stack` is the ReadModelStack.

    Without a configuration the command is refused: it needs the read model.
    """
    return _with_stack(command, needs_model=True)


def stack_name_options(command: Command) -> Command:
    """The same for a command that needs no read model: --stack-name is enough."""
    return _with_stack(command, needs_model=False)


def _with_stack(command: Command, *, needs_model: bool) -> Command:
    @wraps(command)
    def with_stack(
        config_file: Path | None,
        env: str | None,
        example: bool,
        article: bool,
        stack_name: str | None,
        region: str | None,
        profile: str | None,
        endpoint_url: str | None,
        use_sandbox: bool,
        **options: Any,
    ) -> Any:
        stack = selected_stack(
            SelectedModel(config_file, env, example, article),
            stack_name,
            needs_model=needs_model,
            region=region,
            profile=profile,
            endpoint_url=endpoint_url,
            use_sandbox=use_sandbox,
        )
        return command(stack=stack, **options)

    return _added((*_MODEL_OPTIONS, stack_name_option, *_PLACE_OPTIONS), with_stack)


def selected_stack(
    model: SelectedModel,
    stack_name: str | None,
    *,
    needs_model: bool,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    use_sandbox: bool,
) -> "ReadModelStack":
    """The stack that the options of a command select.

    Raises:
        ConfigError: there is no configuration, and the command needs one or a stack's name.
    """
    from readmodel_cfn.config.file import no_default_file
    from readmodel_cfn.stack import ReadModelStack

    config = model.load()
    if config is None and needs_model:
        raise no_default_file(_NO_FILE)
    if config is None and stack_name is None:
        raise no_default_file(f"use --stack-name NAME; or {_NO_FILE}")
    if config:
        config.require_stack()
    place: dict[str, Any] = {
        "region": region,
        "profile": profile,
        "endpoint_url": endpoint_url,
        "sandbox": is_sandbox(use_sandbox, endpoint_url),
    }
    try:
        if config is None:
            return ReadModelStack(str(stack_name), **place)
        return ReadModelStack.from_config(config, name=stack_name, article=model.article, **place)
    except OptionError as error:
        raise OptionError("--stack-name", error.value, error.allowed) from error


def every_stack(
    model: SelectedModel,
    stack_name: str | None,
    *,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    use_sandbox: bool,
) -> "dict[str, ReadModelStack]":
    """The stack of each environment of the file, for --all.

    Raises:
        UsageError: an option selects something else than all of them.
        ConfigError: the file has no environments.
    """
    from readmodel_cfn.stacks import environments

    for option, value in {"--stack-name": stack_name, "--region": region}.items():
        if value is not None:
            raise click.UsageError(f"--all cannot be used with {option}.")
    return environments(
        model.load_environments(),
        profile=profile,
        endpoint_url=endpoint_url,
        sandbox=is_sandbox(use_sandbox, endpoint_url),
    )


def version_option(help_text: str) -> Callable[[Command], Command]:
    """The option --version of a document: a number, or a time as text, which the method checks."""
    name, found = "document_version", _version
    return click.option("--version", name, metavar="N", type=WORD, callback=found, help=help_text)


def _version(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | str | None:
    is_number = text is not None and re.fullmatch(r"-?[0-9]{1,100}", text)
    return int(text) if text is not None and is_number else text


def place_options(command: Command) -> Command:
    """Add the options of an account and a region to a command."""
    return _added(_PLACE_OPTIONS, command)


def same_stack(*words: str) -> str:
    """A command line for the same stack, with the options that the running command was given.

    It is shorter than StackLocation.command, which names the stack, its region and its profile
    whatever readmodel.toml and the environment say: that is for errors, which are often read on
    another machine.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if given and parameter.name in _SELECTING:
            value = context.params[parameter.name]
            words += (parameter.opts[0],) if value is True else (parameter.opts[0], str(value))
    return shlex.join(["readmodel-cfn", *words])


def _added(options: Sequence[Callable[[Command], Command]], command: Command) -> Command:
    for add in reversed(options):
        command = add(command)
    return command


def is_sandbox(use_sandbox: bool, endpoint_url: str | None) -> bool:
    """Whether to use the sandbox: with --sandbox, or READMODEL_CFN_SANDBOX=1 in the environment.

    --endpoint-url on the command line takes precedence over the environment.

    Raises:
        UsageError: both options are given.
        ConfigError: the variable has another value than 1, 0 or none.
    """
    if use_sandbox and endpoint_url:
        raise click.UsageError("--sandbox cannot be used with --endpoint-url.")
    value = os.environ.get(SANDBOX_VARIABLE, "")
    if value not in ("", "0", "1"):
        raise ConfigError(
            f"{value!r} is not allowed",
            where=SANDBOX_VARIABLE,
            hint="set it to 1 to use the sandbox, to 0 or to nothing not to",
        )
    return use_sandbox or (value == "1" and endpoint_url is None)
