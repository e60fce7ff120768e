"""`init`: write a readmodel.toml."""

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.consent import is_terminal, yes_option
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import WORD, is_sandbox, json_option, place_options
from readmodel_cfn.cli.questions import Questions
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.config.starter import Starter, write_starter
from readmodel_cfn.config.values import DEFAULT_FILE, Config
from readmodel_cfn.files import require_absent
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.template.model import ReadModel


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn init",
        "readmodel-cfn init --stack-name shop --route 'products/{id}'",
        "readmodel-cfn init --yes --principal repo:acme/shop:environment:production",
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
@click.option(
    "--cors-origin",
    "cors_origins",
    type=WORD,
    multiple=True,
    help="Origin whose pages may read, or *; repeatable, or joined by commas.",
)
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
    help="User, role, account ID or OIDC subject that may assume the writer's role; repeatable.",
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
    cors_origins: tuple[str, ...],
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
    require_absent(DEFAULT_FILE)
    _read_model(Questions(ask=False), paths, cors_origins, writer, principals)  # checks the options
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
    model = _read_model(questions, paths, cors_origins, writer, principals)
    written = write_starter(DEFAULT_FILE, Config(settings, model))
    if as_json:
        report.print_json(written.as_dict())
    else:
        _print_starter(written)


def _read_model(
    questions: Questions,
    paths: tuple[str, ...],
    cors_origins: tuple[str, ...],
    writer: str | None,
    principals: tuple[str, ...],
) -> ReadModel:
    return ReadModel(
        routes=questions.routes(paths),
        api=questions.api(",".join(cors_origins) or None),
        writer=questions.writer(writer, principals),
    )


def _print_starter(written: Starter) -> None:
    report.log(f"Wrote {written.path}. Next:")
    rows = [[f"  {command}", f"# {text}"] for command, text in written.next_commands.items()]
    report.table(rows, err=True)
    report.log("Add --sandbox to readmodel-cfn's to try them on this machine, without an account.")
