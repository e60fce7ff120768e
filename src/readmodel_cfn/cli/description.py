"""Which read model a command is about, and the options that many commands share."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.cli.kinds import FILE
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.render import build_template, render

if TYPE_CHECKING:  # imported below where a command needs them: `template --article` does not
    from troposphere import Template

    from readmodel_cfn.config.load import Config
    from readmodel_cfn.template.model import ReadModel

config_option = click.option(
    "--config",
    "config_file",
    type=FILE,
    help="The read model's description [default: ./readmodel.toml, else the article's one route].",
)
file_argument = click.argument("file", required=False, type=FILE)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
article_option = click.option("--article", is_flag=True, help="The article's stack as printed.")


def read_file(file: Path) -> bytes:
    """A file that a command was given.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(file)) from error


def load_config(file: Path | None) -> "Config":
    """The given file, else ./readmodel.toml if it exists, else the article's one route."""
    from readmodel_cfn.config.load import DEFAULT_FILE, Config, load

    if file is None and not DEFAULT_FILE.exists():
        return Config()
    return load(file or DEFAULT_FILE)


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


def template_text(file: Path | None, config: "Config", article: bool) -> str:
    """The template in the given file, else the one that readmodel.toml describes.

    Raises:
        ConfigError: the file cannot be read, or is not text.
    """
    if file is None:
        return render(template_of(config, article))
    try:
        return read_file(file).decode("utf-8-sig")  # Windows likes to mark it
    except UnicodeDecodeError as error:
        raise ConfigError("not UTF-8 text", where=str(file)) from error


def template_content(file: Path | None, config: "Config", article: bool) -> dict[str, Any]:
    """The same template as a value.

    Raises:
        ConfigError: the file cannot be read, or is no template.
    """
    from readmodel_cfn.analysis.audit import read_template

    return read_template(template_text(file, config, article), str(file or "template"))
