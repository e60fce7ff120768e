"""`template` and `lint`: what needs no AWS."""

from pathlib import Path
from typing import Literal

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import (
    article_option,
    config_option,
    file_argument,
    json_option,
    load_config,
    template_from,
    template_text,
)
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.kinds import FILE
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.errors import LintError, Stale
from readmodel_cfn.template.render import render


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn template",
        "readmodel-cfn template --format yaml --output template.yaml",
    ),
)
@config_option
@article_option
@click.option("--format", "form", type=click.Choice(["json", "yaml"]), default="json")
@click.option("--output", type=FILE, help="Write to a file.")
@click.option("--check", type=FILE, help="Write nothing; exit 5 where this file is not the same.")
def template(
    config_file: Path | None,
    article: bool,
    form: Literal["json", "yaml"],
    output: Path | None,
    check: Path | None,
) -> None:
    """Print the CloudFormation template that readmodel.toml describes."""
    text = render(template_from(config_file, article), form)
    if check and output:
        raise click.UsageError("give --output to write or --check to compare, not both")
    if check:
        _check(check, text)
    elif output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


def _check(file: Path, text: str) -> None:
    """Raise Stale where the file holds another text; git may have given it other line endings."""
    if not file.exists() or file.read_text(encoding="utf-8", errors="replace") != text:
        hint = "write it anew: give --output in place of --check"
        raise Stale("is not what readmodel.toml describes", where=str(file), hint=hint)


@click.command(
    cls=WithExamples,
    epilog=examples("readmodel-cfn lint", "readmodel-cfn lint template.yaml"),
)
@file_argument
@config_option
@article_option
@json_option
def lint(file: Path | None, config_file: Path | None, article: bool, as_json: bool) -> None:
    """Check a template with cfn-lint: FILE, else the one that readmodel.toml describes.

    With --json: a list of findings, each with rule, level, place, message and meaning.
    """
    from readmodel_cfn.lint import DEFAULT_REGION
    from readmodel_cfn.lint_cache import lint_once as find

    config = load_config(config_file)
    text = template_text(file, config, article)
    with slow("cfn-lint checks the template"):
        findings = find(text, [config.stack.region or DEFAULT_REGION])
    if as_json:
        report.print_json([vars(one) for one in findings])
    else:
        report.findings(findings)
    if findings:
        raise LintError(f"{len(findings)} finding(s)", where=str(file or "template"))
    click.echo("No findings.", err=True)
