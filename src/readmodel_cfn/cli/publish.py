"""`publish`: publish one or many JSON documents to the keys that routes serve."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click

from readmodel_cfn.cli import output, release
from readmodel_cfn.cli.consent import Ask, yes_option
from readmodel_cfn.cli.errors import (
    result_of_errors,
    stop_on_sigterm,
    unfinished_if_output_fails,
)
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import (
    FILE_OR_FOLDER,
    WORD,
    json_option,
    same_stack,
    stack_options,
    version_option,
)
from readmodel_cfn.cli.reporter import Printer, Reporter
from readmodel_cfn.config.values import Publish
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.printable import printable
from readmodel_cfn.results import (
    Fault,
    InvalidDocuments,
    Kept,
    Lost,
    Published,
    PublishPlan,
    PublishResult,
    ReleaseResult,
    ReleaseStarted,
    StaleVersion,
    VersionConflict,
)
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.template.options import OptionError


class _MaxDeletes(click.IntRange):
    """A number, or the word all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if value == "all" else super().convert(value, param, ctx)


MAX_DELETES = _MaxDeletes(min=0)
_CHANGES = 5  # exit code
_URLS = 5  # of routes, after publishing many documents
_RUN_AGAIN = "run it again: only what is missing is sent"


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn publish 42.json --key products/42.json",
        "readmodel-cfn publish data --as-writer --skip-invalid --json",
        "readmodel-cfn publish data --release",
    ),
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=FILE_OR_FOLDER)
@stack_options
@click.option("--key", help="Key of one FILE [default: the route's only key, or the file's path].")
@click.option("--route", help="Path of the route that serves one FILE.")
@click.option("--as-writer", is_flag=True, help="Use the access key of the stack's writer.")
@click.option("--bucket", type=WORD, help="Bucket to publish to; skips the stack lookup.")
@click.option(
    "--if-match", metavar="ETAG", help="Publish one FILE if the current document has this ETag."
)
@version_option("Replace only older versions: a number, or a time such as 2026-01-31T12:00:00Z.")
@click.option("--create-only", is_flag=True, help="Send only documents that do not exist.")
@click.option("--force", is_flag=True, help="Also send documents that have not changed.")
@click.option("--skip-invalid", is_flag=True, help="Skip invalid documents and send the others.")
@click.option(
    "--delete-missing",
    is_flag=True,
    help="After publishing, delete served keys that are not in PATH (asks first).",
)
@click.option(
    "--max-deletes",
    type=MAX_DELETES,
    metavar="N|all",
    help="Delete at most N. Required for more than 20 and more than 20 % of the documents.",
)
@click.option(
    "--invalidate",
    is_flag=True,
    help="Then invalidate the changed routes on the distribution of [cdn].",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Neither send nor delete keys that match, such as 'drafts/*'; repeatable.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show what would be sent and deleted. Exit code 0: no changes; 5: changes.",
)
@click.option(
    "--release",
    "release_id",
    metavar="[ID]",
    is_flag=False,
    flag_value=release.NEW,
    help="Publish PATH as a release, which goes live at once; write it after PATH.",
)
@click.option(
    "--no-activate", is_flag=True, help="With --release: complete it, without making it live."
)
@click.option("--stage", type=WORD, help="With --release: stage to activate it on.")
@release.watch_option
@yes_option
@json_option
@click.pass_context
@stop_on_sigterm()
def publish(
    ctx: click.Context,
    stack: ReadModelStack,
    paths: tuple[Path, ...],
    key: str | None,
    route: str | None,
    as_writer: bool,
    bucket: str | None,
    if_match: str | None,
    document_version: int | str | None,
    create_only: bool,
    force: bool,
    skip_invalid: bool,
    delete_missing: bool,
    max_deletes: int | Literal["all"] | None,
    invalidate: bool,
    exclude: tuple[str, ...],
    dry_run: bool,
    release_id: str | None,
    no_activate: bool,
    stage: str | None,
    watch: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Publish JSON documents to the keys that routes serve.

    A PATH is a file or a directory; below a directory, the path of each file is its key. Of several
    documents only those that have changed are sent, and none if one is invalid: no JSON, or not
    what the schema of its route allows. A single file without a version is always sent. Names that
    begin with a dot are skipped, unless a route's key has them: .well-known/{name}.json.

    With --release, a release is built that has the documents in PATH and no others, and then goes
    live. Its ID is printed first. An interrupted run is continued by running it again. With
    --watch, the previous release is made live again if an alarm fires: exit code 4.

    With --version, and on a route with a version_field, a document replaces only older versions: if
    a newer one is stored, it is stale and not sent. If its version is stored with another content,
    the exit code is 8.

    Prints the URL where the document can be read, or one for each route, unless --bucket is given.

    With --json: for one file an object with bucket, key, etag, version, bytes, url, outcome (sent,
    unchanged or stale), document_version, stored_version, invalidated, and those of the target:
    account, region, stack, profile, role_arn, sandbox and env; for several a line each, an object
    whose one key is sent, stale (key, version, stored, etag), conflict (key, what), invalid
    (source, what, pointer), lost, deleted or kept, and at the end result, with the same fields,
    also with the exit codes 8 and 9.
    With --dry-run one line whose key is plan. With --release the first line is release, and result
    has release, documents, copied, stage, previous, based_on, watched and notes, too.
    """
    _check_patterns(exclude)
    single = {"--key": key, "--route": route, "--if-match": if_match, "--create-only": create_only}
    release.check_options(
        release_id,
        {
            **single,
            "--delete-missing": delete_missing,
            "--stage": stage,
            "--watch": watch,
            "--version": document_version,
            "--invalidate": invalidate,
        },
        no_activate=no_activate,
    )
    if release_id is not None:
        with (
            Reporter(as_json, _PRINTERS) as report,
            _invalid(report, False, as_json),
            result_of_errors(report, as_json),
        ):
            has_changes = release.publish(
                stack,
                paths,
                release_id,
                report,
                activate=not no_activate,
                stage=stage,
                watch=watch,
                dry_run=dry_run,
                yes=yes,
                as_json=as_json,
                exclude=exclude,
                force=force,
                skip_invalid=skip_invalid,
                as_writer=as_writer,
                bucket=bucket,
            )
        ctx.exit(_CHANGES if has_changes else 0)
    if if_match is not None and (create_only or dry_run):
        other = "--create-only" if create_only else "--dry-run"
        raise ConfigError(
            "exclude each other", where=f"--if-match and {other}", hint="use one of them"
        )
    if max_deletes is not None and not delete_missing:
        raise ConfigError("requires --delete-missing", where="--max-deletes")
    one_file = len(paths) == 1 and not paths[0].is_dir() and not delete_missing
    if not one_file:
        _require_one_file({"--key": key, "--route": route, "--if-match": if_match})
    with (
        Reporter(as_json, _PRINTERS) as report,
        _invalid(report, one_file, as_json),
        result_of_errors(_print_object if one_file else report, as_json),
    ):
        if dry_run:
            plan = (
                stack.plan_file(
                    paths[0], key=key, route=route, exclude=exclude, version=document_version
                )
                if one_file
                else stack.publish(
                    paths,
                    exclude=exclude,
                    force=force,
                    create_only=create_only,
                    skip_invalid=skip_invalid,
                    delete_missing=delete_missing,
                    max_deletes=max_deletes,
                    version=document_version,
                    dry_run=True,
                    as_writer=as_writer,
                    bucket=bucket,
                    on_progress=report,
                )
            )
            report(plan)
            ctx.exit(_CHANGES if plan.has_changes else 0)
        if one_file:
            published = stack.publish_file(
                paths[0],
                key=key,
                route=route,
                exclude=exclude,
                if_match=if_match,
                create_only=create_only,
                force=force,
                version=document_version,
                as_writer=as_writer,
                bucket=bucket,
                invalidate=invalidate,
                on_progress=report,
            )
            _print_published(published, as_json, invalidate=invalidate)
            return
        result = stack.publish(
            paths,
            exclude=exclude,
            force=force,
            create_only=create_only,
            skip_invalid=skip_invalid,
            delete_missing=delete_missing,
            max_deletes=max_deletes,
            version=document_version,
            as_writer=as_writer,
            bucket=bucket,
            invalidate=invalidate,
            confirm=Ask(report, yes=yes),
            on_progress=report,
        )
        with unfinished_if_output_fails(result.done, None, _RUN_AGAIN):
            report(result)
            if not as_json:
                _print_invalidated(result, invalidate)
                output.changed("Published to", result.where)
    result.raise_for_status()


@contextmanager
def _invalid(report: Reporter, one_file: bool, as_json: bool) -> Iterator[None]:
    """Each fault is printed once: those of several documents are printed already."""
    try:
        yield
    except InvalidDocuments as error:
        if not one_file:
            hint = "correct them, or leave them out with --skip-invalid"
            what = f"invalid documents: {error.count:,}; nothing was sent"
            raise ConfigError(what, where="publish", hint=hint) from error
        if error.first.more:
            for fault in error.first.each:
                report(fault)
            what = "does not fit its JSON Schema; nothing was sent"
            raise ConfigError(what, where=error.where, hint=error.hint) from error
        if as_json:
            report(error.first)
        raise


def _check_patterns(exclude: tuple[str, ...]) -> None:
    """Check the patterns, so that an error names the option.

    Raises:
        OptionError: a pattern is invalid.
    """
    try:
        Publish(exclude)
    except OptionError as error:
        raise OptionError("--exclude", error.value, error.allowed) from error


def _require_one_file(options: dict[str, str | None]) -> None:
    for option, value in options.items():
        if value is not None:
            raise ConfigError("requires a single FILE", where=option)


def _print_invalidated(done: Published | PublishResult, invalidate: bool) -> None:
    if invalidate:
        output.log(f"Invalidated: {', '.join(done.invalidated) or 'nothing, no document changed'}")


def _print_published(published: Published, as_json: bool, *, invalidate: bool) -> None:
    where = f"{published.bucket}/{published.key}"
    with unfinished_if_output_fails("1 sent", where, _RUN_AGAIN):
        if as_json:
            _print_object(published)
        else:
            output.published(published)
            _print_invalidated(published, invalidate)
            if published.outcome == "sent":
                output.changed("Published to", published.where)
            else:
                stored = f"version {published.stored_version} is stored"
                output.log(f"Not sent, {published.outcome}: {stored}.")


def _print_object(published: Published) -> None:
    output.print_json(published.as_dict())


def _print_error(value: object) -> None:
    output.log(str(value))


def _print_started(started: ReleaseStarted) -> None:
    output.echo(str(started))


def _print_plan(plan: PublishPlan) -> None:
    for key in plan.send:
        output.echo(f"send    {printable(key)}")
    for key in plan.delete:
        output.echo(f"delete  {printable(key)}")
    output.echo(str(plan))


def _print_result(result: PublishResult | ReleaseResult) -> None:
    output.echo(str(result))
    output.urls(result.urls.values(), _URLS, same_stack("outputs"))


_PRINTERS: dict[type, Printer] = {
    Fault: _print_error,
    Kept: _print_error,
    Lost: _print_error,
    StaleVersion: _print_error,
    VersionConflict: _print_error,
    PublishPlan: _print_plan,
    PublishResult: _print_result,
    ReleaseResult: _print_result,
    ReleaseStarted: _print_started,
}
