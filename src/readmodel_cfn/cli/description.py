"""The read model of a command, and the options that several commands have."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli.kinds import FILE
from readmodel_cfn.template.render import build_template

if TYPE_CHECKING:  # imported below where a command needs them: `template --article` does not
    from troposphere import Template

    from readmodel_cfn.config import Config
    from readmodel_cfn.template.model import ReadModel

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
