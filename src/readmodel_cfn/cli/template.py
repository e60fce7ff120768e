"""`init`, `template` and `lint`: write readmodel.toml, print its template, and check it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.consent import check_terminal, yes_option
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import (
    FILE,
    ModelOptions,
    file_argument,
    json_option,
    model_options,
)
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.errors import require_no_findings
from readmodel_cfn.files import require_absent, require_current
from readmodel_cfn.template.render import format_of, render

if TYPE_CHECKING:  # imported below where a command needs them: `template --article` does not
    from readmodel_cfn.config import StackSettings, Starter
    from readmodel_cfn.template.routes import Route

T = TypeVar("T")


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn init",
        "readmodel-cfn init --yes",
    ),
)
@yes_option
@json_option
def init(yes: bool, as_json: bool) -> None:
    """Write a readmodel.toml with every option explained in it.

    Asks for the stack's name, its region and the path of the first route. --yes uses read-model,
    the region of the AWS profile, and samples.

    With --json: an object with file, stack, route and next, the commands to run next.
    """
    from readmodel_cfn.config import DEFAULT_FILE, write_starter

    require_absent(DEFAULT_FILE)
    stack, route = (None, None) if yes else _ask_for_starter(DEFAULT_FILE)
    written = write_starter(DEFAULT_FILE, stack, route)
    if as_json:
        report.print_json(written.as_dict())
    else:
        _print_starter(written)


def _ask_for_starter(file: Path) -> "tuple[StackSettings, Route]":
    from readmodel_cfn.config import StackSettings
    from readmodel_cfn.config.starter import key_for
    from readmodel_cfn.template.routes import Route

    check_terminal(f"questions about {file}", "use --yes")
    name = _ask(StackSettings, "name", lambda text: StackSettings(name=text)).name
    stack = _ask(
        StackSettings, "region", lambda text: StackSettings(name=name, region=text or None)
    )
    route = _ask(Route, "path", lambda text: Route(text, key_for(text)))
    report.log(f"The key of its documents is {route.key}.")
    return stack, route


def _ask(table: type, option: str, make: Callable[[str], T]) -> T:
    """Ask for the value of an option until `make` accepts it; return what `make` returns."""
    from readmodel_cfn.template.options import OptionError, options_of

    declared = next(field for field, _ in options_of(table) if field.name == option)

    def checked(answer: str) -> T:
        try:
            return make(answer.strip())
        except OptionError as error:
            raise click.UsageError(f"{error.what}; {error.hint}") from error

    question = str(declared.metadata["doc"]).rstrip(".")
    default = declared.default or ""
    made: T = click.prompt(
        question, default, value_proc=checked, show_default=bool(default), err=True
    )
    return made


def _print_starter(written: "Starter") -> None:
    report.log(f"Wrote {written.path}. Next:")
    width = max(map(len, written.next_commands))
    for command, meaning in written.next_commands.items():
        report.log(f"  {command.ljust(width)}  # {meaning}")
    report.log("Add --sandbox to each of them to try it on this machine, without an account.")


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
    model: ModelOptions,
    form: Literal["json", "yaml"] | None,
    output: Path | None,
    check: Path | None,
) -> None:
    """Print the CloudFormation template that readmodel.toml describes."""
    if check and output:
        raise click.UsageError("use --output to write or --check to compare, not both")
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
def lint(file: Path | None, model: ModelOptions, as_json: bool) -> None:
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
