"""`openapi`: the read API of any template as an OpenAPI document."""

from collections.abc import Mapping
from pathlib import Path

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import (
    article_option,
    config_option,
    file_argument,
    load_config,
    template_content,
)
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.config.load import Config
from readmodel_cfn.template.render import as_yaml


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn openapi",
        "readmodel-cfn openapi template.yaml --api ApiGateway --format yaml",
    ),
)
@file_argument
@config_option
@article_option
@click.option("--api", metavar="LOGICAL_ID", help="Which API, where several read S3.")
@click.option("--format", "form", type=click.Choice(["json", "yaml"]), default="json")
def openapi(
    file: Path | None, config_file: Path | None, article: bool, api: str | None, form: str
) -> None:
    """Print the read API as OpenAPI 3.1: that of FILE, else the one that readmodel.toml describes.

    The version is the hash that the deployment's logical id ends with, else the stage's name.
    """
    from readmodel_cfn.analysis.openapi import document

    config = load_config(config_file)
    template = template_content(file, config, article)
    found = document(template, api, {} if file else _known(config))
    if form == "json":
        report.print_json(found)
    else:
        click.echo(as_yaml(found), nl=False)


def _known(config: Config) -> Mapping[str, str]:
    """What the description says of where and under which name its own template is deployed."""
    region = {"AWS::Region": config.stack.region} if config.stack.region else {}
    return {"AWS::StackName": config.stack.name, "StackName": config.stack.name, **region}
