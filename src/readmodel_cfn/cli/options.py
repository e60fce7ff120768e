"""Options and arguments that commands share, and the stack or template that they select."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from readmodel_cfn.cli.output import log
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.render import build_template

if TYPE_CHECKING:  # imported below when a command needs them: `template --article` does not
    from troposphere import Template

    from readmodel_cfn.config import Config
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
ENV_VARIABLE = "READMODEL_CFN_ENV"
_NO_FILE = "run: readmodel-cfn init; or use --config FILE, --example or --article"


def _complete_env(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The environments of the file that begin with what is typed; none if it is invalid."""
    from readmodel_cfn.config.file import load_environments
    from readmodel_cfn.config.values import DEFAULT_FILE

    with suppress(ConfigError, ReadModelError):
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


class SelectedModel:
    """The read model that --config, --example or --article selects: by default ./readmodel.toml.

    --env, or READMODEL_CFN_ENV, selects an environment of the file; the example and the article's
    template have none.
    """

    def __init__(
        self, config_file: Path | None, env: str | None, example: bool, article: bool
    ) -> None:
        given = {"--config": config_file, "--env": env, "--example": example, "--article": article}
        self._given = [option for option, value in given.items() if value]
        if len(self._given) > 1 and self._given != ["--config", "--env"]:
            *_, first, second = self._given
            raise click.UsageError(f"{first} cannot be used with {second}.")
        self._file, self._env = config_file, env
        self._said = False
        self.article = article

    @property
    def file(self) -> Path:
        """The configuration file."""
        from readmodel_cfn.config.values import DEFAULT_FILE

        return self._file or DEFAULT_FILE

    @property
    def given(self) -> str | None:
        """The option that was given."""
        return next(iter(self._given), None)

    @property
    def file_in_use(self) -> Path | None:
        """The configuration file, if it exists and is selected."""
        selected = self.given in (None, "--config", "--env")
        return self.file if selected and self.file.exists() else None

    def load(self) -> "Config | None":
        """The selected configuration; None if there is no ./readmodel.toml and no option.

        Raises:
            ConfigError: the file cannot be read, a key or value in it is invalid, or it does not
                have the environment.
        """
        from readmodel_cfn.config.file import (
            article,
            example,
            has_default_file,
            load,
            no_default_file,
        )

        if self.article:
            return article()
        if self.given == "--example":
            return example()
        if self._file or has_default_file():
            return self._load(load)
        if self._env:
            raise no_default_file("--env requires the file")
        return None

    def _load(self, load: "Callable[[Path, str | None], Config]") -> "Config":
        """The file's configuration, or that of the environment.

        A variable that names no environment is named itself: it may have been set for another
        project, and the file alone does not explain the error.
        """
        from readmodel_cfn.config.environments import UnknownEnvironment

        variable = None if self._env else os.environ.get(ENV_VARIABLE)
        try:
            return load(self.file, self._env or variable or None)
        except UnknownEnvironment as error:
            if variable:
                error.where = f"{ENV_VARIABLE}: {error.where}"
            raise

    def load_environments(self) -> "Mapping[str, Config]":
        """Every environment of the file, by name, in the file's order.

        Raises:
            UsageError: an option selects something else than all of them.
            ConfigError: there is no file, it is invalid, or it has no environments.
        """
        from readmodel_cfn.config.file import has_default_file, load_environments, no_default_file

        if self.given not in (None, "--config") or self._env:
            raise click.UsageError(f"--all cannot be used with {self._given[-1]}.")
        if not self._file and not has_default_file():
            raise no_default_file("--all requires the file")
        found = load_environments(self.file)
        if not found:
            hint = "add tables such as [env.production.stack], or omit --all"
            raise ConfigError("has no environments", where=str(self.file), hint=hint)
        return found

    def load_or_example(self) -> "Config":
        """The same; without a file the built-in example, which is said once on stderr."""
        from readmodel_cfn.config.file import example, working_directory
        from readmodel_cfn.config.values import DEFAULT_FILE

        found = self.load()
        if found is None and not self._said:
            self._said = True
            log(
                f"{DEFAULT_FILE} not found in {working_directory()}: this is the built-in example. "
                "To write one, run: readmodel-cfn init"
            )
        return found or example()

    def template(self) -> "Template":
        """The template of the selected read model."""
        if self.article:
            from readmodel_cfn.template.article import build_article

            return build_article()
        config = self.load_or_example()
        return build_template(config.model, config.stack.prefix)


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
        model = SelectedModel(config_file, env, example, article)
        place: dict[str, Any] = {
            "region": region,
            "profile": profile,
            "endpoint_url": endpoint_url,
            "use_sandbox": use_sandbox,
        }
        if options.get("all_environments"):
            return command(stack=_every_stack(model, stack_name, **place), **options)
        stack = selected_stack(model, stack_name, needs_model=needs_model, **place)
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


def _every_stack(
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
