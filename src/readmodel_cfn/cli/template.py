"""`template` and `lint`: print the template, and check it."""

from pathlib import Path
from typing import Literal

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import FILE, file_argument, json_option, model_options
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.cli.selected_model import SelectedModel
from readmodel_cfn.errors import require_no_findings
from readmodel_cfn.files import require_current
from readmodel_cfn.template.render import format_of, render


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn template",
        "readmodel-cfn template --format yaml --output template.yaml",
    ),
)
@model_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "yaml"]),
    help="Format [default: yaml for a file .yaml or .yml, otherwise json].",
)
@click.option("--output", type=FILE, help="Write to a file.")
@click.option("--check", type=FILE, help="Write nothing; exit 5 if this file is not up to date.")
def template(
    model: SelectedModel,
    form: Literal["json", "yaml"] | None,
    output: Path | None,
    check: Path | None,
) -> None:
    """Print the CloudFormation template that readmodel.toml describes."""
    if check and output:
        raise click.UsageError("--check cannot be used with --output.")
    text = render(model.template(), form or format_of(output or check))
    if check:
        require_current(check, text)
    elif output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


@click.command(
    cls=WithExamples,
    epilog=examples("readmodel-cfn lint", "readmodel-cfn lint template.yaml"),
)
@file_argument
@model_options
@json_option
def lint(file: Path | None, model: SelectedModel, as_json: bool) -> None:
    """Check the template FILE with cfn-lint (default: that of readmodel.toml).

    With --json: a list of findings, each with rule, level, place, message and meaning.
    """
    from readmodel_cfn.lint import lint_once

    source = file or model.template()
    config = model.load()
    region = config.stack.region if config else None
    with Reporter(as_json) as on_progress:
        findings = lint_once(source, [region] if region else [], on_progress=on_progress)
    if as_json:
        report.print_json([finding.as_dict() for finding in findings])
    else:
        report.findings(findings)
    require_no_findings(findings, str(file or "template"))
    report.log("No findings.")
