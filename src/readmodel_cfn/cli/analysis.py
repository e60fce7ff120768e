"""`audit`, `graph` and `openapi`: analyze any template, without AWS."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
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

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn audit",
        "readmodel-cfn audit template.yaml --format sarif",
        "readmodel-cfn audit --rules",
    ),
)
@file_argument
@model_options
@json_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    help="Output format [default: text]; --json is short for json.",
)
@click.option("--rules", "list_rules", is_flag=True, help="List the rules instead of auditing.")
def audit(
    file: Path | None,
    model: ModelOptions,
    as_json: bool,
    form: str | None,
    list_rules: bool,
) -> None:
    """Check the S3 proxy in FILE against best practices (default: that of readmodel.toml).

    FILE is any template in JSON or YAML that reads S3 through an API Gateway REST API. Findings are
    errors, warnings and notes, the worst first; the exit code is 3 if there is one, also a note, or
    if something that may read S3 was not checked.

    With --json: findings, a list, each with rule, name, severity, resource, path, line, what,
    meaning and todo; reads, lists and writes, the numbers of methods; and unchecked, a list, each
    with resource, path and what. With --rules, a list of rules, each with id, name, severity, title
    and meaning.

    With --format sarif: a SARIF 2.1.0 log, for GitHub code scanning and other services.
    """
    from readmodel_cfn.analysis.audit import RULES, audit_report, to_sarif

    form = _format(form, as_json, list_rules)
    if list_rules:
        _print_rules(RULES, form == "json")
        return
    source = file or model.template()
    result = audit_report(source)
    findings = result.findings
    if form == "json":
        report.print_json(result.as_dict())
    elif form == "sarif":
        report.print_json(to_sarif(findings, file or model.file_in_use))
    else:
        _print_findings(findings, file)
    for unchecked in result.unchecked:
        report.log(f"not checked: {unchecked}")
    methods = f"{counted(result.reads, 'method')} that read S3"
    report.log(f"{counted(len(findings), 'finding') if findings else 'No findings'} in {methods}.")
    require_no_findings([*findings, *result.unchecked], str(file or "template"))


def _format(form: str | None, as_json: bool, list_rules: bool) -> str:
    """The output format of `audit`.

    Raises:
        UsageError: the options exclude each other.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json excludes --format {form}")
    if list_rules and form == "sarif":
        raise click.UsageError("--rules excludes --format sarif, which always has the rules")
    return "json" if as_json else form or "text"


def _print_rules(rules: Iterable["Rule"], as_json: bool) -> None:
    if as_json:
        report.print_json([rule.as_dict() for rule in rules])
    else:
        report.table([rule.id, rule.severity, rule.name, rule.title] for rule in rules)


def _print_findings(findings: Sequence["Finding"], file: Path | None) -> None:
    """Print the findings of each rule, and how many there are of each severity."""
    for (severity, rule, name, meaning), group in groupby(findings, _rule_of):
        report.echo(f"{click.style(severity, fg=_COLOURS[severity])} {rule} {name}")
        report.echo(f"  impact: {meaning}")
        for finding in group:
            line = f"{file}:{finding.line}: " if finding.line else ""
            report.echo(f"    {line}{finding.resource}/{finding.path}")
            report.echo(f"      {finding.what}")
            report.echo(f"      fix: {finding.todo}")
    numbers = Counter(finding.severity for finding in findings)
    if findings:
        report.echo(", ".join(counted(number, severity) for severity, number in numbers.items()))


def _rule_of(finding: "Finding") -> tuple[str, str, str, str]:
    return finding.severity, finding.rule, finding.name, finding.meaning


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
