"""The options that commands share, and the types of their values."""

from collections.abc import Callable
from functools import partial, wraps
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.config.load import STACK_NAME, STACK_NAME_IN_WORDS
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.template.options import OptionError, fits
from readmodel_cfn.template.render import build_template

if TYPE_CHECKING:  # imported below where a command needs them: `template --article` does not
    from troposphere import Template

    from readmodel_cfn.config import Config
    from readmodel_cfn.template.model import ReadModel

_DAY = 86_400  # seconds


class _Given(click.Path):
    """A path that is not empty: "$UNSET" would else mean the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Word(click.types.StringParamType):
    """A text that is not empty: "$UNSET" would else mean the default, which may be elsewhere."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Finite(click.FloatRange):
    """A number that ends: click takes inf, and nan for one of every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is no length of time", param, ctx)
        return number


WORD = _Word()
FILE = _Given(path_type=Path, dir_okay=False)
FILE_OR_FOLDER = _Given(path_type=Path)
SECONDS = _Finite(min=0, max=_DAY)
SOME_SECONDS = _Finite(min=0, max=_DAY, min_open=True)

config_option = click.option(
    "--config",
    "config_file",
    type=FILE,
    help="Description of the read model [default: ./readmodel.toml, else the article's one route].",
)
file_argument = click.argument("file", required=False, type=FILE)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
article_option = click.option("--article", is_flag=True, help="Use the original 2018 template.")


def load_config(file: Path | None) -> "Config":
    """The given file, else ./readmodel.toml if it exists, else the article's one route."""
    from readmodel_cfn.config import load_or_default

    return load_or_default(file)


def model_of(config: "Config", article: bool) -> "ReadModel":
    """The model that the file describes; the article has the default route and documents."""
    from readmodel_cfn.template.model import ReadModel

    return ReadModel() if article else config.model


def origin_of(config: "Config", article: bool) -> Callable[[str], str | None]:
    """A function of a logical ID: the table it comes from; resources of the article have none."""
    from readmodel_cfn.config.origins import origins

    made_by = partial(origins, config.model, config.stack.prefix)
    return lambda logical_id: None if article else made_by().get(logical_id)


def template_of(config: "Config", article: bool) -> "Template":
    """The template that the file describes, or the article's."""
    return _article() if article else build_template(config.model, config.stack.prefix)


def template_from(config_file: Path | None, article: bool) -> "Template":
    """The same from a file; for the article no file is read."""
    return _article() if article else template_of(load_config(config_file), article)


def _article() -> "Template":
    from readmodel_cfn.template.article import build_article

    return build_article()


def template_source(
    file: Path | None, config_file: Path | None, article: bool
) -> "Path | Template":
    """The given file, else the template that the description or the article makes."""
    return file or template_from(config_file, article)


Command = Callable[..., Any]

_OPTIONS = (
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


def stack_options(command: Command) -> Command:
    """Add the options to a command, which gets `stack` instead of them."""

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
        config = load_config(config_file)
        if stack_name is not None and not fits(stack_name, str, {"pattern": STACK_NAME}):
            raise OptionError("--stack-name", stack_name, STACK_NAME_IN_WORDS)
        stack = ReadModelStack.from_config(
            config,
            name=stack_name,
            region=region,
            profile=profile,
            endpoint_url=endpoint_url,
            sandbox=use_sandbox,
            article=article,
        )
        return command(stack=stack, **options)

    for add in reversed(_OPTIONS):
        with_stack = add(with_stack)
    return with_stack
