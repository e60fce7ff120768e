"""`verify`: check what a deployed stack promises, or reads during writes or activations."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.consent import Ask, yes_option
from readmodel_cfn.cli.errors import stop_on_sigterm
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import (
    FILE,
    POSITIVE_SECONDS,
    SECONDS,
    json_option,
    same_stack,
    stack_options,
)
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.stack import ReadModelStack

if TYPE_CHECKING:
    from readmodel_cfn.results import RaceResult, SwitchResult, VerifyResult

# The name and colour of each status in the table, in its order; JSON has the keys.
_STATUS = {
    "broken": ("broken", "red"),
    "cannot be shown": ("not checked", "yellow"),
    "kept": ("kept", "green"),
}
_BLOCK = "█"


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn verify --route 'products/{id}' --json",
        "readmodel-cfn verify --concurrency --seconds 30 --plot reads.svg",
        "readmodel-cfn verify --releases",
    ),
)
@stack_options
@click.option("--route", help="Path of the route to probe [default: one with a parameter].")
@yes_option
@json_option
@click.option(
    "--timeout",
    type=SECONDS,
    default=15,
    show_default=True,
    help="Seconds in which the first read must succeed and throttled requests are retried.",
)
@click.option("--not-ours", is_flag=True, help="Also run on a stack without this tool's tag.")
@click.option(
    "--concurrency",
    is_flag=True,
    help="Check that readers get complete, current documents during writes.",
)
@click.option(
    "--releases",
    is_flag=True,
    help="Check that readers get each release whole while 50 releases are activated.",
)
@click.option(
    "--seconds",
    type=POSITIVE_SECONDS,
    default=10,
    show_default=True,
    help="With --concurrency: seconds to write and read.",
)
@click.option(
    "--readers",
    type=click.IntRange(1, 100),
    default=8,
    show_default=True,
    help="With --concurrency or --releases: number of concurrent readers.",
)
@click.option(
    "--size",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    help="With --concurrency: size of each document in bytes.",
)
@click.option(
    "--plot",
    type=FILE,
    help="With --concurrency: SVG file to write with a plot of all reads.",
)
@stop_on_sigterm()
def verify(
    stack: ReadModelStack,
    yes: bool,
    as_json: bool,
    concurrency: bool,
    releases: bool,
    timeout: float,
    seconds: float,
    readers: int,
    size: int,
    plot: Path | None,
    **options: Any,
) -> None:
    """Check that the deployed stack keeps the promises of a read model.

    A probe document is written under a route, and always removed, also after an error. With
    [releases] it is written to the live release.

    With --json: an object with route, key, url, left and promises; with --concurrency with
    document_bytes, readers, reads, versions, acknowledged, passed, broken_reads, violations,
    examples, phases, ratios and left; with --releases with stage, urls, releases, readers, reads,
    pages, mixed_pages, crossing_pages, violations, examples, unseen, first_seen_ms, last_old_ms,
    passed and left; all with account, region, stack, profile, role_arn,
    sandbox and env.
    """
    if concurrency and releases:
        where, hint = "--concurrency and --releases", "use one of them"
        raise ConfigError("exclude each other", where=where, hint=hint)
    report = Reporter(as_json)
    options |= {"confirm": Ask(report, yes=yes), "on_progress": report}
    if releases:
        with report:
            switched = stack.verify_releases(readers=readers, **options)
        _print_switches(switched, as_json)
        return
    if not concurrency:
        with report:
            result = stack.verify(timeout=timeout, **options)
        _print(result, as_json)
        return
    if plot:
        _check_writable(plot)
    with report:
        raced = stack.race(seconds=seconds, readers=readers, size=size, **options)
    _print_race(raced, as_json, plot)


def _print(result: "VerifyResult", as_json: bool) -> None:
    if as_json:
        output.print_json(result.as_dict())
    else:
        output.table(row for status in _STATUS for row in _rows(result, status))
    result.raise_if_broken()
    output.log(output.with_colour(str(result)))
    if not as_json:
        output.log(f"Next: {same_stack('verify', '--concurrency')}")


def _rows(result: "VerifyResult", status: str) -> Iterator[list[str]]:
    """The promises with this status; below a broken one what to do."""
    name, colour = _STATUS[status]
    for promise in result.promises:
        if promise.status == status:
            yield [output.style(name, fg=colour), f"{promise.title}: {promise.what}"]
            if promise.todo:
                yield ["", promise.todo]


def _print_race(result: "RaceResult", as_json: bool, plot: Path | None) -> None:
    if as_json:
        output.print_json(result.as_dict())
    else:
        _print_figures(result)
    if plot:
        plot.write_text(result.svg(), encoding="utf-8")
    result.raise_if_broken()
    if not as_json:
        output.changed("Verified", result.target)


def _print_switches(result: "SwitchResult", as_json: bool) -> None:
    if as_json:
        output.print_json(result.as_dict())
    else:
        for line in result.lines:
            output.echo(line)
    result.raise_if_broken()
    if not as_json:
        output.changed("Verified", result.target)


def _print_figures(result: "RaceResult") -> None:
    rows = [["while", "reads", "304", "writes", "p50 ms", "p99 ms", "longest ms"]]
    for row in result.rows:
        took = row.latency
        times = [f"{took.p50:.1f}", f"{took.p99:.1f}", f"{took.longest:.1f}"] if took else ["-"] * 3
        counts = (row.reads, row.not_modified, row.written)
        rows.append([row.phase, *(f"{count:,}" for count in counts), *times])
    output.table(rows)
    for ratio in result.ratios:
        output.echo(
            f"replaced, compared with {ratio.to}: p50 {ratio.p50:.2f} times, "
            f"p99 {ratio.p99:.2f} times"
        )
    for line in [*result.strips(ascii_only=not _can_print(_BLOCK)), *result.lines]:
        output.echo(line)


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _check_writable(file: Path) -> None:
    """Check that the file can be written, without changing it."""
    if not file.parent.is_dir():
        hint = f"create the directory {file.parent}"
        raise ConfigError("no such directory", where="--plot", hint=hint)
    existed = file.exists()
    file.open("a").close()
    if not existed:
        file.unlink()
