"""`release`: list, activate and prune releases; and `publish --release`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.consent import Ask, yes_option
from readmodel_cfn.cli.errors import stop_on_sigterm, unfinished_if_output_fails
from readmodel_cfn.cli.help import Group, WithExamples, examples
from readmodel_cfn.cli.options import WORD, json_option, same_stack, stack_options
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.plural import sized
from readmodel_cfn.stack import ReadModelStack

if TYPE_CHECKING:
    from readmodel_cfn.results import Activated, Release


watch_option: Callable[..., Any] = click.option(
    "--watch",
    type=click.IntRange(1, 180),
    metavar="MINUTES",
    help="Watch the alarms of [alarms] for this many minutes once the release is live; if one "
    "fires, make the previous release live again.",
)


@click.group(
    cls=Group,
    epilog=examples(
        "readmodel-cfn release list",
        "readmodel-cfn release rollback",
    ),
)
def release() -> None:
    """List, activate and prune releases: sets of documents that go live at once."""


@release.command(
    "list",
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn release list",
        "readmodel-cfn release list --json",
    ),
)
@stack_options
@json_option
def list_releases(stack: ReadModelStack, as_json: bool) -> None:
    """List the releases, newest first: ID, time, documents, size, and what serves them.

    With --json: a list of releases, each with release, complete, time, documents, bytes, digest,
    live, previous and stages.
    """
    with Reporter(as_json) as report:
        found = stack.releases(on_progress=report)
    if as_json:
        output.print_json([each.as_dict() for each in found])
        return
    output.table(map(_row, found))
    if not found:
        output.log(f"No release yet. Next: {same_stack('publish', 'DIR', '--release')}")


def _row(found: "Release") -> list[str]:
    time = f"{found.time:%Y-%m-%d %H:%M:%S}Z" if found.time else "-"
    documents = "-" if found.documents is None else f"{found.documents:,}"
    size = "-" if found.bytes is None else sized(found.bytes)
    return [found.release, time, documents.rjust(9), size.rjust(8), ", ".join(found.marks)]


@release.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn release activate 20260301T120000Z-3f9a2c",
        "readmodel-cfn release activate 20260301T120000Z-3f9a2c --stage preview",
    ),
)
@click.argument("release_id", metavar="ID", type=WORD)
@stack_options
@click.option("--stage", type=WORD, help="Stage to activate it on [default: the live one].")
@watch_option
@json_option
@stop_on_sigterm()
def activate(
    stack: ReadModelStack, release_id: str, stage: str | None, watch: int | None, as_json: bool
) -> None:
    """Make the release ID live: every request is then served from it.

    With --stage preview only the stage preview serves it, and the live release stays.

    With --watch, if an alarm fires, the previous release is made live again: exit code 4. After
    Ctrl-C the release stays live: exit code 9.

    With --json: an object with release, stage, previous, unchanged, watched, documents, bucket, and
    those of the target: account, region, stack, profile, role_arn, sandbox and env.
    """
    with Reporter(as_json) as report:
        done = stack.activate(release_id, stage=stage, watch=watch, on_progress=report)
    _print_activated(done, as_json)


@release.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn release rollback",
        "readmodel-cfn release rollback --json",
    ),
)
@stack_options
@json_option
@stop_on_sigterm()
def rollback(stack: ReadModelStack, as_json: bool) -> None:
    """Make the previous release live again; run again, it is undone.

    With --json: the object that activate prints.
    """
    with Reporter(as_json) as report:
        done = stack.rollback(on_progress=report)
    _print_activated(done, as_json)


def _print_activated(done: "Activated", as_json: bool) -> None:
    with unfinished_if_output_fails("activated", f"release {done.release}", "run: release list"):
        if as_json:
            output.print_json(done.as_dict())
        else:
            output.echo(str(done))
            output.changed("Activated in", done.target)


@release.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn release prune",
        "readmodel-cfn release prune --keep 1 --yes",
    ),
)
@stack_options
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="Number of the newest releases to keep [default: keep under [releases]].",
)
@yes_option
@json_option
@stop_on_sigterm()
def prune(stack: ReadModelStack, keep: int | None, yes: bool, as_json: bool) -> None:
    """Delete old releases, after listing them (asks first).

    The releases that a stage serves and the ones before them are kept, and so is a release that is
    being published. One that was never completed is deleted after a day.

    With --json: an object with deleted, documents, kept, bucket, and those of the target: account,
    region, stack, profile, role_arn, sandbox and env.
    """
    with Reporter(as_json) as report:
        done = stack.prune(keep=keep, confirm=Ask(report, yes=yes), on_progress=report)
    hint = "run it again: only the rest is deleted"
    with unfinished_if_output_fails(f"{len(done.deleted)} deleted", "release prune", hint):
        if as_json:
            output.print_json(done.as_dict())
            return
        output.echo(str(done))
        for found, reason in done.kept.items():
            output.log(f"Kept {found}: {reason}.")
        if done.deleted:
            output.changed("Pruned", done.where)


# publish --release

_OF_RELEASE = {"--stage", "--watch"}
NEW = " "  # the value of --release without an ID


def check_options(
    release_id: str | None, given: Mapping[str, object], *, no_activate: bool
) -> None:
    """Check the options of `publish`, by their names, with and without --release.

    Raises:
        ConfigError: one of them requires --release, or cannot be used with it.
    """
    names = {name for name, value in given.items() if value}
    if release_id is None:
        required = ["--no-activate"] * no_activate + sorted(names & _OF_RELEASE)
        if required:
            where = required[0]
            raise ConfigError("requires --release", where=where, hint="add --release")
        return
    for name in sorted(names & _OF_RELEASE) if no_activate else ():
        raise ConfigError("exclude each other", where=f"--no-activate and {name}")
    for name in sorted(names - _OF_RELEASE):
        what, hint = "exclude each other", "a release has the documents in PATH, and no others"
        raise ConfigError(what, where=f"--release and {name}", hint=hint)


def publish(
    stack: ReadModelStack,
    paths: tuple[Path, ...],
    release_id: str,
    report: Reporter,
    *,
    activate: bool,
    stage: str | None,
    watch: int | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **options: Any,
) -> bool:
    """Publish the documents below the paths as one release; whether a dry run has changes."""
    named = None if release_id == NEW else release_id
    if dry_run:
        plan = stack.plan_release(paths, release=named, on_progress=report, **options)
        report(plan)
        return plan.has_changes
    done = stack.publish_release(
        paths,
        release=named,
        activate=activate,
        stage=stage,
        watch=watch,
        confirm=Ask(report, yes=yes),
        on_progress=report,
        **options,
    )
    with unfinished_if_output_fails(f"release {done.release} is complete", None, "run it again"):
        report(done)
        if not as_json:
            output.changed("Published to", done.where)
            if not done.stage:
                output.log(f"Next: {same_stack('release', 'activate', done.release)}")
    return False
