"""`audit`: the invariants of an S3 proxy, over any template."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import (
    article_option,
    config_option,
    file_argument,
    json_option,
    load_config,
    template_content,
)
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.errors import LintError

if TYPE_CHECKING:
    from readmodel_cfn.analysis.audit import Finding


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn audit",
        "readmodel-cfn audit template.yaml --json",
        "readmodel-cfn audit --rules",
    ),
)
@file_argument
@config_option
@article_option
@json_option
@click.option("--rules", "list_rules", is_flag=True, help="List the rules, and audit nothing.")
def audit(
    file: Path | None,
    config_file: Path | None,
    article: bool,
    as_json: bool,
    list_rules: bool,
) -> None:
    """Check that a template serves S3 honestly: FILE, else the one that readmodel.toml describes.

    Any template that reads S3 through an API Gateway REST API can be checked, in JSON or YAML.

    With --json: a list of findings, each with rule, name, resource, path, what, meaning and
    todo; with --rules of rules, each with id, name, title and meaning.
    """
    if list_rules:
        _list_rules(as_json)
        return
    from readmodel_cfn.analysis import audit as room

    template = template_content(file, load_config(config_file), article)
    found = room.audit(template)
    _show(found, as_json)
    if found:
        raise LintError(f"{len(found)} finding(s)", where=str(file or "template"))
    number = len(room.View(template).reads)
    report.story(f"No findings in {number} method(s) that read S3.")


def _show(found: Sequence["Finding"], as_json: bool) -> None:
    if as_json:
        report.print_json([vars(one) for one in found])
        return
    for resource, of_it in groupby(sorted(found, key=lambda one: one.resource), _resource):
        click.echo(click.style(resource, bold=True))
        for one in of_it:
            click.echo(f"  {click.style(one.rule, fg='red')} {one.name} at {one.path}")
            click.echo(f"      {one.what}")
            click.echo(f"      means: {one.meaning}")
            click.echo(f"      do: {one.todo}")


def _resource(finding: "Finding") -> str:
    return finding.resource


def _list_rules(as_json: bool) -> None:
    from readmodel_cfn.analysis.audit import RULES

    rules = [
        {"id": one.id, "name": one.name, "title": one.title, "meaning": one.meaning}
        for one in RULES
    ]
    if as_json:
        report.print_json(rules)
    else:
        report.table([one["id"], one["name"], one["title"]] for one in rules)
