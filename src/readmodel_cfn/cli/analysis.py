"""`audit`, `graph` and `openapi`: analyze any template, without AWS."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import ModelOptions, file_argument, json_option, model_options
from readmodel_cfn.errors import require_no_findings
from readmodel_cfn.plural import counted
from readmodel_cfn.template.render import as_yaml

if TYPE_CHECKING:  # imported below when a command needs them
    from readmodel_cfn.analysis.audit import Finding, Rule


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn audit",
        "readmodel-cfn audit template.yaml --json",
        "readmodel-cfn audit --rules",
    ),
)
@file_argument
@model_options
@json_option
@click.option("--rules", "list_rules", is_flag=True, help="List the rules instead of auditing.")
def audit(
    file: Path | None,
    model: ModelOptions,
    as_json: bool,
    list_rules: bool,
) -> None:
    """Check the S3 proxy in FILE against best practices (default: that of readmodel.toml).

    FILE is any template in JSON or YAML that reads S3 through an API Gateway REST API.

    With --json: a list of findings, each with rule, name, resource, path, what, meaning and
    todo; with --rules, a list of rules, each with id, name, title and meaning.
    """
    from readmodel_cfn.analysis.audit import RULES, methods_reading_s3
    from readmodel_cfn.analysis.audit import audit as find

    if list_rules:
        _print_rules(RULES, as_json)
        return
    source = file or model.template()
    findings = find(source)
    if as_json:
        report.print_json([finding.as_dict() for finding in findings])
    else:
        _print_findings(findings)
    require_no_findings(findings, str(file or "template"))
    methods = counted(len(methods_reading_s3(source)), "method")
    report.log(f"No findings in {methods} that read S3.")


def _print_rules(rules: Iterable["Rule"], as_json: bool) -> None:
    if as_json:
        report.print_json([rule.as_dict() for rule in rules])
    else:
        report.table([rule.id, rule.name, rule.title] for rule in rules)


def _print_findings(findings: Sequence["Finding"]) -> None:
    resource_of = attrgetter("resource")
    for resource, group in groupby(sorted(findings, key=resource_of), resource_of):
        click.echo(click.style(resource, bold=True))
        for finding in group:
            click.echo(f"  {click.style(finding.rule, fg='red')} {finding.name} at {finding.path}")
            click.echo(f"      {finding.what}")
            click.echo(f"      impact: {finding.meaning}")
            click.echo(f"      fix: {finding.todo}")


@click.command(
    cls=WithExamples, epilog=examples("readmodel-cfn graph", "readmodel-cfn graph template.yaml")
)
@file_argument
@model_options
def graph(file: Path | None, model: ModelOptions) -> None:
    """Draw the template FILE as a mermaid flowchart (default: that of readmodel.toml).

    Solid arrows are requests and documents, dotted arrows all other relations. GitHub renders it in
    a Markdown code block with the language mermaid.
    """
    from readmodel_cfn.analysis.graph import flowchart

    click.echo(flowchart(file or model.template()), nl=False)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn openapi",
        "readmodel-cfn openapi template.yaml --api ApiGateway --format yaml",
    ),
)
@file_argument
@model_options
@click.option(
    "--api", metavar="LOGICAL_ID", help="Logical ID of the API, if the template has several."
)
@click.option("--format", "form", type=click.Choice(["json", "yaml"]), default="json")
def openapi(file: Path | None, model: ModelOptions, api: str | None, form: str) -> None:
    """Print the read API of FILE as OpenAPI 3.1 (default: that of readmodel.toml).

    The version of the API is the hash at the end of the deployment's logical ID, else the stage's
    name.
    """
    from readmodel_cfn.analysis.openapi import openapi as describe

    source = file or model.template()
    if file:
        document = describe(source, api)
    else:
        stack = model.load_or_example().stack
        document = describe(source, api, stack_name=stack.name, region=stack.region)
    if form == "json":
        report.print_json(document)
    else:
        click.echo(as_yaml(document), nl=False)
