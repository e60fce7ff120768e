"""`graph`: any template as a picture."""

from pathlib import Path

import click

from readmodel_cfn.cli.description import (
    article_option,
    config_option,
    file_argument,
    load_config,
    template_content,
)
from readmodel_cfn.cli.examples import WithExamples, examples


@click.command(
    cls=WithExamples, epilog=examples("readmodel-cfn graph", "readmodel-cfn graph template.yaml")
)
@file_argument
@config_option
@article_option
def graph(file: Path | None, config_file: Path | None, article: bool) -> None:
    """Draw a template as a mermaid flowchart: FILE, else the one that readmodel.toml describes.

    Solid arrows are the way of requests and documents, dotted ones all other relations. In
    Markdown, GitHub and others draw it where it stands in a block of the language mermaid.
    """
    from readmodel_cfn.analysis.graph import flowchart

    click.echo(flowchart(template_content(file, load_config(config_file), article)), nl=False)
