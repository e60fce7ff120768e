"""`estimate`: what the read model costs a month."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import FILE, FILE_OR_FOLDER, WORD, json_option, model_options
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.cli.selected_model import SelectedModel

if TYPE_CHECKING:
    from readmodel_cfn.results import Estimate

_ITEMS = {
    "api-requests": "API Gateway requests",
    "cdn-requests": "CloudFront requests",
    "cdn-functions": "CloudFront Functions",
    "s3-get": "S3 GET requests",
    "transfer": "data from API Gateway",
    "cdn-transfer": "data from CloudFront",
    "s3-put": "S3 PUT requests",
    "s3-storage": "S3 storage",
    "log-ingestion": "access logs, written",
    "log-storage": "access logs, kept",
    "alarms": "alarms",
    "custom-metrics": "metric of publish",
    "dashboards": "dashboard",
    "secret": "writer's secret",
    "kms": "KMS requests",
    "waf-acls": "web ACL",
    "waf-rules": "web ACL rules",
    "waf-requests": "web ACL requests",
}

_READ = {"AWS": "read at", "third party": "a third party read it at"}


class _Count(click.IntRange):
    name = "whole number"


_COUNT = _Count(min=0)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn estimate data --reads 30_000_000 --writes 100_000",
        "readmodel-cfn estimate data --reads 9_000_000 --writes 0 --hit-rate 95 --json",
    ),
)
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=FILE_OR_FOLDER)
@click.option("--reads", metavar="N", type=_COUNT, required=True, help="Reads a month.")
@click.option("--writes", metavar="N", type=_COUNT, required=True, help="Documents sent a month.")
@click.option(
    "--hit-rate",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    default=0,
    show_default=True,
    help="Reads that a CDN answers without asking its origin; 0 is what max_age = 0 means.",
)
@click.option(
    "--region", type=WORD, help="Region of the prices [default: from the file, or us-east-1]."
)
@click.option(
    "--prices",
    type=FILE,
    help="File of prices, TOML, instead of the package's own, such as for another region.",
)
@model_options
@json_option
def estimate(
    paths: tuple[Path, ...],
    reads: int,
    writes: int,
    hit_rate: float,
    region: str | None,
    prices: Path | None,
    model: SelectedModel,
    as_json: bool,
) -> None:
    """Estimate what the read model costs a month: API alone, CDN on the API, CDN on the bucket.

    PATH is a file or directory of documents, as `publish` takes it: their sizes as compressed are
    what readers receive, and every document is read equally often. Without PATH, data transfer and
    storage are unknown. What has no price with a source is unknown too, and so is its sum. Alarms,
    access logs and a web ACL are counted if the read model has them. Each price is printed with its
    date and source. AWS is not called.

    With --json: region, configured (the design of the read model), reads, writes, hit_rate, sizes
    (documents, stored, api, cdn_api and cdn_store, in bytes, or null); designs, a list, each with
    design, usd, known_usd and items, a list, each with name, quantity, unit and usd; unknown, a
    list of names; and prices, a list, each with name, region, per, unit, free, tiers (units and
    usd), date, source and recorded_by. Money and quantities are text, or null if they are unknown.
    """
    from readmodel_cfn.stack import ReadModelStack

    stack = ReadModelStack.from_config(model.load_or_example(), article=model.article)
    with Reporter() as report:
        found = stack.estimate(
            paths or None,
            reads=reads,
            writes=writes,
            hit_rate=hit_rate,
            region=region,
            prices=prices,
            on_progress=report,
        )
    if as_json:
        output.print_json(found.as_dict())
    else:
        _print(found)


def _print(found: "Estimate") -> None:
    """The table of costs, then the prices."""
    designs = found.designs
    costs = [{item.name: item.usd for item in design.items} for design in designs]
    names = [name for name in _ITEMS if any(name in each for each in costs)]
    usage = f"{found.usage.reads:,} reads and {found.usage.writes:,} writes"
    output.echo(f"A month with {usage} in {found.region}:")
    rows = [["USD", *(design.title for design in designs)]]
    for name in names:
        cells = [_cell(each[name]) if name in each else "-" for each in costs]
        rows.append([_ITEMS[name], *cells])
    rows.append(["total", *(_cell(design.usd) for design in designs)])
    if found.unknown:
        rows.append(["known part", *(_cell(design.known_usd) for design in designs)])
    output.table(rows)
    if found.prices:
        output.echo("\nPrices, without taxes, after what is free for the account each month:")
    for price in found.prices:
        usd = ", ".join(str(tier.usd) for tier in price.tiers)
        unit = price.unit.removesuffix("s") if price.per == 1 else price.unit
        free = f", {price.free:,} are free" if price.free else ""
        known = price.known_units
        most = f", above {known:,} it is unknown" if known else ""
        output.echo(f"{_ITEMS[price.name]}: {usd} for {price.per:,} {unit}{free}{most}")
        output.echo(f"  {price.date}, {_READ[price.recorded_by]} {price.source}")


def _cell(usd: object) -> str:
    return "unknown" if usd is None else f"{usd:,}"
