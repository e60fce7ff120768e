"""`history` and `restore`: the versions of a document, and restoring one of them."""

from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.consent import Ask, yes_option
from readmodel_cfn.cli.errors import stop_on_sigterm, unfinished_if_output_fails
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import json_option, stack_name_options, stack_options
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.stack import ReadModelStack

if TYPE_CHECKING:
    from readmodel_cfn.results import Restored, Version


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn history products/42.json",
    ),
)
@click.argument("key")
@stack_name_options
@json_option
def history(stack: ReadModelStack, key: str, as_json: bool) -> None:
    """List the versions of KEY, newest first: ID, time, bytes, ETag, current or deleted.

    With --json: a list of versions, each with id, time, size, etag, current and deletion.
    """
    with Reporter(as_json) as report:
        versions = stack.history(key, on_progress=report)
    if as_json:
        output.print_json([version.as_dict() for version in versions])
    else:
        output.table(_row(version) for version in versions)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn restore products/42.json 3HL4kqtJlcpXrof3vjVBH40Nr8X8gdRQ",
    ),
)
@click.argument("key")
@click.argument("version")
@stack_options
@yes_option
@json_option
@stop_on_sigterm()
def restore(stack: ReadModelStack, key: str, version: str, yes: bool, as_json: bool) -> None:
    """Make VERSION of KEY the current one again, by copying it; nothing is deleted.

    Refused if KEY is published or deleted meanwhile. `history` lists the versions.

    With --json: an object with bucket, key, restored, version, etag, and those of the target:
    account, region, stack, profile, role_arn, sandbox and env.
    """
    with Reporter(as_json) as report:
        restored = stack.restore(key, version, confirm=Ask(report, yes=yes), on_progress=report)
    where = f"{restored.bucket}/{restored.key}"
    hint = f"run: {stack.location.command('history', restored.key)}"
    with unfinished_if_output_fails("restored", where, hint):
        _print_restored(restored, as_json)


def _print_restored(restored: "Restored", as_json: bool) -> None:
    if as_json:
        output.print_json(restored.as_dict())
    elif restored.unchanged:
        output.log(f"Unchanged: {restored.restored} is the current version of {restored.key}.")
    else:
        rows = {
            "bucket": restored.bucket,
            "key": restored.key,
            "restored": restored.restored,
            "version": restored.version,
            "ETag": restored.etag,
        }
        output.table([name, value or "-"] for name, value in rows.items())
        output.changed("Restored in", restored.target)


def _row(version: "Version") -> list[str]:
    size = "-" if version.size is None else f"{version.size:,}"
    time = f"{version.time:%Y-%m-%d %H:%M:%S}Z"
    states = ["current"] * version.current + ["deleted"] * version.deletion
    return [version.id, time, size.rjust(10), version.etag or "-", ", ".join(states)]


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn read",
        "readmodel-cfn read products/42 --json",
    ),
)
@click.argument("path", required=False)
@stack_options
@json_option
def read(stack: ReadModelStack, path: str | None, as_json: bool) -> None:
    """GET a path of the API and print the response (default: the path of the first route).

    With [access] the request is signed with your AWS credentials, or has the first API key.

    The exit code is 10 if the status is 404, and 7 if it is any other but 2xx and 304.

    With --json: an object with url, status, headers, seconds and body.
    """
    with Reporter(as_json) as report:
        response = stack.read(path, on_progress=report)
    if as_json:
        output.print_json(response.as_dict())
    else:
        output.response(response)
    response.raise_for_status()
