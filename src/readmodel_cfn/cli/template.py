"""`init`, `template` and `lint`: write readmodel.toml, print its template, and check it."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.consent import is_terminal, yes_option
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import (
    FILE,
    WORD,
    SelectedModel,
    file_argument,
    is_sandbox,
    json_option,
    model_options,
    place_options,
)
from readmodel_cfn.cli.questions import Questions
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.errors import require_no_findings
from readmodel_cfn.files import require_absent, require_current
from readmodel_cfn.template.render import format_of, render

if TYPE_CHECKING:  # imported below where a command needs them: `template --article` does not
    from readmodel_cfn.config import Starter
    from readmodel_cfn.template.model import ReadModel


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn init",
        "readmodel-cfn init --yes",
        "readmodel-cfn init --stack-name shop --route 'products/{id}'",
    ),
)
@click.option("--stack-name", type=WORD, help="Name of the stack [default: the directory's name].")
@place_options
@click.option(
    "--route",
    "paths",
    type=WORD,
    multiple=True,
    metavar="PATH[=KEY]",
    help="Path of a route, and the key of its documents [default: PATH.json]; repeatable.",
)
@click.option("--cors-origin", type=WORD, help="Origin whose pages may read, or * for every one.")
@click.option(
    "--writer",
    type=click.Choice(["user", "role", "none"]),
    help="Who publishes: a role (recommended), a user with an access key, or none.",
)
@click.option(
    "--principal",
    "principals",
    type=WORD,
    multiple=True,
    metavar="ARN",
    help="User, role or account ID that may assume the writer's role; repeatable.",
)
@click.option("--existing", is_flag=True, help="Allow the name of an existing stack.")
@yes_option
@json_option
def init(
    yes: bool,
    as_json: bool,
    stack_name: str | None,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    use_sandbox: bool,
    paths: tuple[str, ...],
    cors_origin: str | None,
    writer: str | None,
    principals: tuple[str, ...],
    existing: bool,
) -> None:
    """Write a readmodel.toml with every option explained in it.

    At a terminal, asks for what no option sets: the stack's name, its region, the paths of the
    routes, the origin for CORS, and who publishes. With --yes, or without a terminal, the defaults
    are used: the directory's name, the region of the AWS profile, samples, none, and a user.

    The name of an existing stack is refused. If AWS cannot be reached, or refuses the call, a line
    says so, and the file is written.

    With --json: an object with file, stack, route, routes, cors_origin, writer and next, the
    commands to run next.
    """
    from readmodel_cfn.config.file import DEFAULT_FILE, Config
    from readmodel_cfn.config.starter import write_starter
    from readmodel_cfn.stack import ReadModelStack

    require_absent(DEFAULT_FILE)
    _read_model(Questions(ask=False), paths, cors_origin, writer, principals)  # checks the options
    questions = Questions(ask=not yes and is_terminal())
    settings = questions.stack(stack_name, region)
    stack = ReadModelStack(
        settings.name,
        region=settings.region,
        profile=profile,
        endpoint_url=endpoint_url,
        sandbox=is_sandbox(use_sandbox, endpoint_url),
    )
    with Reporter(as_json) as on_progress:
        stack.check_new_name(existing=existing, on_progress=on_progress)
    model = _read_model(questions, paths, cors_origin, writer, principals)
    written = write_starter(DEFAULT_FILE, Config(settings, model))
    if as_json:
        report.print_json(written.as_dict())
    else:
        _print_starter(written)


def _read_model(
    questions: Questions,
    paths: tuple[str, ...],
    cors_origin: str | None,
    writer: str | None,
    principals: tuple[str, ...],
) -> "ReadModel":
    from readmodel_cfn.template.model import ReadModel

    return ReadModel(
        routes=questions.routes(paths),
        api=questions.api(cors_origin),
        writer=questions.writer(writer, principals),
    )


def _print_starter(written: "Starter") -> None:
    report.log(f"Wrote {written.path}. Next:")
    rows = [[f"  {command}", f"# {text}"] for command, text in written.next_commands.items()]
    report.table(rows, err=True)
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
