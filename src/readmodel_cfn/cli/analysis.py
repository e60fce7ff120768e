"""`audit`, `graph` and `openapi`: analyze any template; `openapi --deployed` asks AWS for it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.cli import audit_text
from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import (
    file_argument,
    json_option,
    model_options,
    place_options,
    selected_stack,
    stack_name_option,
)
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.cli.selected_model import SelectedModel
from readmodel_cfn.progress import Note, OnProgress
from readmodel_cfn.template.render import as_yaml

if TYPE_CHECKING:  # imported below when a command needs them
    from readmodel_cfn.analysis.audit import Rule, Severity
    from readmodel_cfn.stack import ReadModelStack


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn audit",
        "readmodel-cfn audit template.yaml --fail-on high",
        "readmodel-cfn audit template.yaml --format sarif",
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
@click.option(
    "--fail-on",
    type=click.Choice(["high", "medium", "low"]),
    default="low",
    help="Lowest severity that makes the exit code 3 [default: low, which is any finding].",
)
@click.option("--rules", "list_rules", is_flag=True, help="List the rules instead of auditing.")
def audit(
    file: Path | None,
    model: SelectedModel,
    as_json: bool,
    form: str | None,
    fail_on: "Severity",
    list_rules: bool,
) -> None:
    """Check the S3 proxy in FILE against best practices (default: that of readmodel.toml).

    FILE is any template in JSON or YAML that reads S3 through an API Gateway REST API. The report
    begins with what was looked at and what anybody can reach. Findings are high, medium or low, the
    worst first, with what to paste into FILE as the fix. The exit code is 3 if there is a finding,
    or if something that may read S3 was not looked at.

    With --json: findings, a list, each with rule, name, severity, resource, path, line, what,
    meaning, todo, type, cdk_path and cure, a list, each with path and value; reads, lists and
    writes, the numbers of methods; public, a list, each with resource, verb, path, access, bucket,
    key and has_policy; distributions, a list, each with resource, verbs, path, origin and
    has_function; and unchecked, a list, each with resource, path, what and line. With --rules, a
    list of rules, each with id, name, severity, title and meaning.

    With --format sarif: a SARIF 2.1.0 log, for GitHub code scanning and other services.
    """
    from readmodel_cfn.analysis.audit import RULES, audit_report, to_sarif

    form = _format(form, as_json, list_rules)
    if list_rules:
        _print_rules(RULES, form == "json")
        return
    result = audit_report(file or model.template())
    if form == "json":
        report.print_json(result.as_dict())
    elif form == "sarif":
        report.print_json(to_sarif(result.findings, file or model.file_in_use, result.unchecked))
    else:
        audit_text.print_report(result, file)
    result.require_none(str(file or "template"), fail_on)


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


@click.command(
    cls=WithExamples, epilog=examples("readmodel-cfn graph", "readmodel-cfn graph template.yaml")
)
@file_argument
@model_options
def graph(file: Path | None, model: SelectedModel) -> None:
    """Draw the template FILE as a mermaid flowchart (default: that of readmodel.toml).

    Solid arrows are requests and documents, dotted arrows all other relations. GitHub renders it in
    a Markdown code block with the language mermaid. What may read S3 and is not drawn, such as a
    nested stack, is named on stderr.
    """
    from readmodel_cfn.analysis.graph import flowchart
    from readmodel_cfn.analysis.view import unchecked_parts

    source = file or model.template()
    click.echo(flowchart(source), nl=False)
    for unchecked in unchecked_parts(source):
        report.log(f"not drawn: {unchecked}")


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn openapi",
        "readmodel-cfn openapi --deployed",
        "readmodel-cfn openapi template.yaml --api ApiGateway --format yaml",
    ),
)
@file_argument
@click.option(
    "--deployed", is_flag=True, help="Describe the deployed stack: its template and its URL."
)
@model_options
@stack_name_option
@place_options
@click.option(
    "--api", metavar="LOGICAL_ID", help="Logical ID of the API, if the template has several."
)
@click.option("--format", "form", type=click.Choice(["json", "yaml"]), default="json")
def openapi(
    file: Path | None,
    model: SelectedModel,
    deployed: bool,
    stack_name: str | None,
    api: str | None,
    form: str,
    **place: Any,
) -> None:
    """Print the read API of FILE as OpenAPI 3.1 (default: that of readmodel.toml).

    A route's schema in readmodel.toml is that of its documents; a template has none. With
    --deployed, which calls AWS, the server is the stack's own URL. The version of the API is the
    hash at the end of the deployment's logical ID, else the stage's name. What may read S3 and is
    left out is named on stderr.
    """
    if file and deployed:
        raise click.UsageError("--deployed cannot be used with FILE.")
    if not deployed and (stack_name or any(place.values())):
        raise click.UsageError("The options of a stack require --deployed.")
    with Reporter() as report_progress:
        document = (
            _of_file(file, api, report_progress)
            if file
            else _stack(model, stack_name, deployed, place).openapi(
                api=api, deployed=deployed, on_progress=report_progress
            )
        )
    if form == "json":
        report.print_json(document)
    else:
        click.echo(as_yaml(document), nl=False)


def _of_file(file: Path, api: str | None, on_progress: OnProgress) -> dict[str, Any]:
    from readmodel_cfn.analysis.openapi import openapi as describe
    from readmodel_cfn.analysis.view import unchecked_parts

    document = describe(file, api)
    for unchecked in unchecked_parts(file):
        on_progress(Note(f"left out: {unchecked}"))
    return document


def _stack(
    model: SelectedModel, stack_name: str | None, deployed: bool, place: dict[str, Any]
) -> "ReadModelStack":
    if deployed:
        return selected_stack(model, stack_name, needs_model=False, **place)
    from readmodel_cfn.stack import ReadModelStack

    return ReadModelStack.from_config(model.load_or_example(), article=model.article)
