"""`ls` and `unpublish`: the documents in the bucket, and deleting some of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.consent import Ask, yes_option
from readmodel_cfn.cli.errors import stop_on_sigterm, unfinished_if_output_fails
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import WORD, json_option, stack_options
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.plural import counted, sized
from readmodel_cfn.printable import printable
from readmodel_cfn.stack import ReadModelStack

if TYPE_CHECKING:
    from readmodel_cfn.results import StoredDocument

_ROWS = 1000  # of one table; the columns of a longer listing are aligned in parts
_UNITS = (("d", 86_400), ("h", 3600), ("m", 60))
_bucket_option = click.option(
    "--bucket", type=WORD, help="Bucket of the documents; skips the stack lookup."
)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn ls",
        "readmodel-cfn ls products/ --json",
    ),
)
@click.argument("prefix", default="")
@stack_options
@_bucket_option
@json_option
def ls(stack: ReadModelStack, prefix: str, bucket: str | None, as_json: bool) -> None:
    """List the documents whose keys begin with PREFIX: key, size, age, route, ETag.

    The route is - for a key that no route serves.

    With --json: a line for each document, an object whose one key is document, with key, size,
    time, etag, route and path.
    """
    with Reporter(as_json) as report:
        documents = stack.documents(prefix, bucket=bucket, on_progress=report)
        count = size = 0
        while page := list(islice(documents, _ROWS)):
            report.end()
            _print(page, as_json)
            count, size = count + len(page), size + sum(each.size for each in page)
    beginning = f" with keys that begin with {printable(prefix)}" if prefix and not count else ""
    output.log(f"{counted(count, 'document')}{beginning}, {sized(size)}")


def _print(documents: Sequence["StoredDocument"], as_json: bool) -> None:
    if as_json:
        for document in documents:
            output.print_json_line(document.kind, document.as_dict())
        return
    now = datetime.now(UTC)
    sizes = [sized(document.size) for document in documents]
    widest = max(map(len, sizes))
    output.table(
        [
            printable(document.key),
            size.rjust(widest),
            _age(now, document.time).rjust(4),
            document.route or "-",
            document.etag,
        ]
        for document, size in zip(documents, sizes, strict=True)
    )


def _age(now: datetime, time: datetime) -> str:
    """The time since then in its largest unit, such as 5m."""
    seconds = max(0, int((now - time).total_seconds()))
    unit, size = next((found for found in _UNITS if seconds >= found[1]), ("s", 1))
    return f"{seconds // size}{unit}"


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn unpublish products/42.json",
        "readmodel-cfn unpublish customers/7.json --all-versions --yes",
    ),
)
@click.argument("keys", nargs=-1, required=True, metavar="KEY...", type=WORD)
@stack_options
@_bucket_option
@click.option(
    "--all-versions",
    is_flag=True,
    help="Erase all versions of each KEY permanently, for a request to erase data.",
)
@yes_option
@json_option
@stop_on_sigterm()
def unpublish(
    stack: ReadModelStack,
    keys: tuple[str, ...],
    bucket: str | None,
    all_versions: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete the documents with exactly these keys (asks first).

    If the bucket keeps versions, `restore` can undo it, unless --all-versions is given. A KEY
    without a document is reported and is no error, so the command can be run again.

    With --json: a line for each KEY, an object whose one key is unpublished (with key, version and
    versions), missing (with key) or refused (with key, what and versions), and at the end result,
    with bucket, unpublished, missing, versions, and those of the target: account, region, stack,
    profile, role_arn, sandbox and env.
    """
    from readmodel_cfn.results import Missing, Refused

    printers = dict.fromkeys((Missing, Refused), lambda value: output.log(str(value)))
    with Reporter(as_json, printers) as report:
        result = stack.unpublish(
            *keys,
            all_versions=all_versions,
            bucket=bucket,
            confirm=Ask(report, yes=yes),
            on_progress=report,
        )
        done = f"{len(result.unpublished):,} unpublished"
        with unfinished_if_output_fails(done, None, "run it again"):
            if as_json:
                report(result)
            else:
                output.echo(str(result))
            if result.unpublished and not as_json:
                output.changed("Unpublished from", result.where)
