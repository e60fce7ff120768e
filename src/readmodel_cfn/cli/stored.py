"""`ls` and `unpublish`: the documents in the bucket, and deleting some of them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.consent import Ask, yes_option
from readmodel_cfn.cli.errors import (
    result_of_errors,
    stop_on_sigterm,
    unfinished_if_output_fails,
)
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import WORD, json_option, stack_options, version_option
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.plural import counted, sized
from readmodel_cfn.printable import printable
from readmodel_cfn.stack import ReadModelStack

if TYPE_CHECKING:
    from readmodel_cfn.results import PruneResult, StoredDocument, UnpublishResult

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


def _time(_ctx: click.Context, _param: click.Parameter, text: str | None) -> timedelta | None:
    """The time that is written as 30d, 12h, 90m or 10s."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([dhms])", text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a time such as 30d, 12h, 90m or 10s.")
    return timedelta(seconds=int(found[1]) * dict(_UNITS, s=1)[found[2]])


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn unpublish products/42.json",
        "readmodel-cfn unpublish products/42.json --version 8",
        "readmodel-cfn unpublish customers/7.json --all-versions --yes",
    ),
)
@click.argument("keys", nargs=-1, metavar="KEY...", type=WORD)
@stack_options
@_bucket_option
@click.option(
    "--all-versions",
    is_flag=True,
    help="Erase all versions of each KEY permanently, for a request to erase data.",
)
@version_option("Replace each KEY by VALUE with this version, unless a newer one is stored.")
@click.option("--value", metavar="JSON", help="With --version: what readers get [default: null].")
@click.option(
    "--older-than",
    metavar="AGE",
    callback=_time,
    help="Delete what --version has stored, if it is older: 30d, 12h, 90m. Without KEY.",
)
@yes_option
@json_option
@stop_on_sigterm()
def unpublish(
    stack: ReadModelStack,
    keys: tuple[str, ...],
    bucket: str | None,
    all_versions: bool,
    document_version: int | str | None,
    value: str | None,
    older_than: timedelta | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete the documents with exactly these keys (asks first).

    If the bucket keeps versions, `restore` can undo it, unless --all-versions is given. A KEY
    without a document is reported and is no error, so the command can be run again.

    With --version the document is replaced by a small one, which keeps the version, so that a late
    event does not publish it again; readers get it with 200. `unpublish --older-than` deletes these
    later.

    With --json: a line for each KEY, an object whose one key is unpublished (with key, version and
    versions), missing (with key), stale (with key, version, stored and etag), conflict (with key
    and what) or refused (with key, what and versions), and at the end result, with bucket,
    unpublished, missing, stale, versions, and those of the target: account, region, stack, profile,
    role_arn, sandbox and env. With --older-than: deleted or kept (with key), and result has pruned
    and kept.
    """
    from readmodel_cfn.results import Kept, Missing, Refused, StaleVersion, VersionConflict

    _check(keys, older_than, document_version, value, all_versions)
    logged = (Missing, Refused, StaleVersion, VersionConflict, Kept)
    printers = dict.fromkeys(logged, lambda value: output.log(str(value)))
    with Reporter(as_json, printers) as report, result_of_errors(report, as_json):
        agree = Ask(report, yes=yes)
        if older_than is not None:
            pruned = stack.prune_unpublished(
                older_than, bucket=bucket, confirm=agree, on_progress=report
            )
            with unfinished_if_output_fails(
                f"{len(pruned.pruned):,} deleted", None, "run it again"
            ):
                _print_result(pruned, bool(pruned.pruned), report, as_json)
            return
        result = stack.unpublish(
            *keys,
            all_versions=all_versions,
            version=document_version,
            value=_json(value),
            bucket=bucket,
            confirm=agree,
            on_progress=report,
        )
        done = f"{len(result.unpublished):,} unpublished"
        with unfinished_if_output_fails(done, None, "run it again"):
            _print_result(result, bool(result.unpublished), report, as_json)


def _print_result(
    result: "UnpublishResult | PruneResult", has_changed: bool, report: Reporter, as_json: bool
) -> None:
    if as_json:
        report(result)
        return
    output.echo(str(result))
    if has_changed:
        output.changed("Unpublished from", result.where)


def _check(
    keys: tuple[str, ...],
    older_than: timedelta | None,
    version: int | str | None,
    value: str | None,
    all_versions: bool,
) -> None:
    """Check that the options belong together.

    Raises:
        UsageError: --older-than is not alone, or there is neither it nor a KEY.
        ConfigError: --value without --version.
    """
    if older_than is None and not keys:
        raise click.UsageError("Missing argument 'KEY...'.")
    if older_than is not None and (keys or version is not None or all_versions):
        raise click.UsageError("--older-than cannot be used with KEY, --version or --all-versions.")
    if value is not None and version is None:
        raise ConfigError("requires --version", where="--value")


def _json(text: str | None) -> object:
    """The bytes of --value, which the method checks; None for the default."""
    return None if text is None else text.encode()
