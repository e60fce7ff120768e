"""`verify --concurrency`: replace a document again and again while readers read it."""

import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from readmodel_cfn.aws.errors import aws_errors, is_refusal, readable_errors
from readmodel_cfn.aws.http import reachable_url
from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.target import Target, consent
from readmodel_cfn.deploy.spec import MANAGED_TAG
from readmodel_cfn.errors import ConfigError, PromiseBroken, ReadModelError, Stuck, Unfinished
from readmodel_cfn.publish.publish import MOST_BYTES, Settings
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.keeping import ProbeDocument
from readmodel_cfn.verify.probe import Probe, choose
from readmodel_cfn.verify.race import figures, plot
from readmodel_cfn.verify.race.body import SMALLEST
from readmodel_cfn.verify.race.history import Verdict, check
from readmodel_cfn.verify.race.measure import Measured, Phase, Plan, measure
from readmodel_cfn.verify.race.writer import Put
from readmodel_cfn.verify.stopping import Stopping

_THROTTLED = 429


def concurrency(
    target: Target,
    contract: Contract,
    *,
    yes: bool,
    as_json: bool,
    seconds: float,
    readers: int,
    size: int,
    even_untagged: bool,
    route: str | None = None,
    plot_file: Path | None = None,
) -> None:
    """Race one writer against `readers` readers, for `seconds`, over a document of `size` bytes.

    What it writes is taken away again. `plot_file` gets the drawing, an SVG.

    Raises:
        ConfigError: a size that no numbered document has, or that API Gateway does not answer with.
        ReadModelError: a stack without this tool's tag, unless told; or the answer is no.
        Unfinished: somebody published to the document meanwhile, or the API throttled.
        PromiseBroken: a read was torn, stale, from the future, backward, or an error.
        Stuck: none was, but something is left of the documents.
    """
    if not SMALLEST <= size <= MOST_BYTES:
        allowed = f"{SMALLEST} to {MOST_BYTES:,}"
        raise ConfigError(f"{size:,} bytes", where="--size", hint=f"allowed: {allowed}")
    if plot_file and not plot_file.parent.is_dir():
        raise ConfigError("no such folder", where="--plot", hint=f"make {plot_file.parent}")
    _refuse_others(target, even_untagged)
    plan, token = Plan(size, readers, seconds), secrets.token_hex(8)
    place = _place(target, contract, choose(contract, route, token), token)
    _tell(plan, place)
    consent(f"Race {readers} readers against a writer on {target.where}?", yes)
    if plot_file:
        plot_file.open("a").close()  # what cannot be written is told before all the work
    settings = Settings(contract.cache_control, contract.gzip_stored)
    measured, left = _raced(plan, place, settings, token)
    verdict = check(measured.writes, measured.reads)
    if as_json:
        report.print_json({**figures.as_json(plan, measured, verdict), "left": left})
    else:
        _print(measured, verdict)
    if plot_file:
        plot_file.write_text(plot.drawing(measured, verdict), encoding="utf-8")
    _conclude(place, verdict, left)


def _conclude(place: "_Place", verdict: Verdict, left: Sequence[str]) -> None:
    throttled = sum(one.read.status == _THROTTLED for one in verdict.violations)
    if throttled and throttled == len(verdict.violations):
        what = f"it is throttled: {throttled:,} of {verdict.reads:,} reads are answered 429"
        hint = "give fewer --readers, or raise throttle_rate under [deployment]"
        raise Unfinished(what, where=place.url, hint=hint)
    if verdict.violations:
        what = f"{verdict.broken:,} of {verdict.reads:,} reads were not what they promise to be"
        first = verdict.violations[0]
        raise PromiseBroken(what, where=place.url, hint=f"the first: {first.kind}, {first.why}")
    if left:
        hint = "remove it with credentials that may"
        raise Stuck(f"no read broke a promise, but {left[0]}", where=place.bucket, hint=hint)


@dataclass(frozen=True)
class _Place:
    """Where the race is: the URL that is read, and the two documents that are written."""

    s3: Any
    bucket: str
    url: str
    probe: Probe
    another: str


def _place(target: Target, contract: Contract, probe: Probe, token: str) -> _Place:
    outputs = target.outputs()
    return _Place(
        s3=target.connection.client("s3"),
        bucket=target.required(outputs, "S3BucketName"),
        url=reachable_url(
            f"{target.api_url(outputs)}/{probe.path}", target.connection.endpoint_url
        ),
        probe=probe,
        another=f"{probe.key}-{token}"
        if probe.route.is_static
        else choose(contract, probe.route.path, f"{token}-2").key,
    )


def _refuse_others(target: Target, even_untagged: bool) -> None:
    """Load is put on stacks of ours only, unless told."""
    if not even_untagged and not MANAGED_TAG.items() <= target.stack().tags.items():
        hint = "give --not-ours to read from it and write into its bucket all the same"
        what = "it lacks the tag readmodel-cfn = managed"
        raise ReadModelError(what, where=target.where, hint=hint)


def _tell(plan: Plan, place: _Place) -> None:
    """What is about to be done, and the most that it can cost."""
    route = place.probe.route
    report.story(f"GET {place.url}")
    report.story(
        f"  for {plan.seconds:g} seconds: at most {plan.reads:,} reads and {plan.writes:,} "
        f"writes of {plan.size:,} bytes, {plan.reads * plan.size / 1e9:.1f} GB to read"
    )
    report.story(f"  writes {place.bucket}/{place.probe.key}, and takes it away again")
    if route.is_static:
        report.story(f"! readers of {route.path} get the race's documents meanwhile")


def _raced(
    plan: Plan, place: _Place, settings: Settings, token: str
) -> tuple[Measured, Sequence[str]]:
    """What happened, and what is left of the documents, which are taken away at the end.

    Raises:
        ReadModelError, KeyboardInterrupt: what ended it, once they are away.
    """
    keys = place.probe.key, place.another
    this, another = (ProbeDocument(place.s3, place.bucket, key, settings, token) for key in keys)
    with readable_errors(), Stopping() as stopping:
        this.whole = another.whole = stopping.whole
        copy = this.spare_copy()
        if copy:
            report.story(f"The bucket keeps no versions: until it is over, a copy is in {copy}.")
        try:
            try:
                measured = measure(plan, place.url, _put(this), _put(another), _tell_phase)
            finally:
                stopping.hold()  # interrupted even here, they are removed
        finally:
            left = [*this.remove(), *another.remove()]
            for line in left:
                report.story(f"Left: {line}")
            if copy and not left:
                copy.unlink()
        return measured, left


def _tell_phase(phase: Phase) -> None:
    report.story(f"Reading while {phase.name}.")


def _put(document: ProbeDocument) -> Put:
    """Writes it in place of the version before (If-Match), so that no publisher is overtaken."""

    def put(body: bytes) -> bool:
        try:
            document.put(body)
        except aws_errors() as error:
            if is_refusal(error):
                raise
            return False
        return True

    return put


def _print(measured: Measured, verdict: Verdict) -> None:
    """The table, what the judge found, and the plot."""
    head = ["while", "reads", "304", "writes", "p50 ms", "p99 ms", "longest ms"]
    report.table([head, *(_cells(row) for row in figures.rows(measured))])
    for one in figures.ratios(measured):
        click.echo(f"replaced, to {one.to}: p50 {one.p50:.2f} times, p99 {one.p99:.2f} times")
    for line in [*plot.strips(measured, _signs()), *figures.as_lines(measured, verdict)]:
        click.echo(line)


def _cells(row: figures.Row) -> list[str]:
    took = row.latency
    times = [f"{took.p50:.1f}", f"{took.p99:.1f}", f"{took.longest:.1f}"] if took else ["-"] * 3
    counts = (row.reads, row.not_modified, row.written)
    return [row.phase, *(f"{count:,}" for count in counts), *times]


def _signs() -> str:
    """What stdout can show."""
    try:
        plot.BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plot.PLAIN
    return plot.BLOCKS
