"""`verify`: does a deployed stack keep what a read model promises?"""

import math
from pathlib import Path
from typing import Any

import click

from readmodel_cfn.cli.description import article_option, json_option, model_of
from readmodel_cfn.cli.target import Target, aws_command, yes_option

_DAY = 86_400  # seconds


class _Seconds(click.FloatRange):
    """Seconds; nan is between any two numbers, and no time to wait for."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        found = super().convert(value, param, ctx)
        return self.fail("not a number", param, ctx) if math.isnan(found) else found


@click.command()
@aws_command
@click.option("--route", "path", help="Path of the route to probe [default: one with a parameter].")
@yes_option
@json_option
@article_option
@click.option(
    "--timeout",
    type=_Seconds(min=0, max=_DAY),
    default=15,
    show_default=True,
    help="Seconds in which the first read must be served, and what is throttled is asked again.",
)
@click.option("--not-ours", is_flag=True, help="Write the probe though the stack lacks our tag.")
@click.option(
    "--concurrency", is_flag=True, help="Check that readers see no half written document."
)
@click.option(
    "--seconds",
    type=_Seconds(min=0, max=_DAY, min_open=True),
    default=10,
    show_default=True,
    help="How long --concurrency writes and reads.",
)
@click.option(
    "--readers",
    type=click.IntRange(min=1, max=100),
    default=8,
    show_default=True,
    help="Readers at once, of --concurrency.",
)
@click.option(
    "--size",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    help="Bytes of each document, of --concurrency.",
)
@click.option(
    "--plot",
    "plot_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for a drawing of --concurrency, an SVG.",
)
def verify(
    target: Target,
    path: str | None,
    yes: bool,
    as_json: bool,
    article: bool,
    timeout: float,
    not_ours: bool,
    concurrency: bool,
    seconds: float,
    readers: int,
    size: int,
    plot_file: Path | None,
) -> None:
    """Check that the deployed stack keeps what a read model promises.

    A probe document is written under a route and removed after, whatever happens.
    """
    from readmodel_cfn.cli.verification import Asked, contract_of, verify_stack

    model = model_of(target.config, article)
    contract = contract_of(model)
    if not concurrency:
        verify_stack(target, contract, Asked(path, yes, as_json, timeout, not_ours))
        return
    from readmodel_cfn.cli.concurrency import concurrency as check

    check(
        target,
        contract,
        yes=yes,
        as_json=as_json,
        seconds=seconds,
        readers=readers,
        size=size,
        even_untagged=not_ours,
        route=path,
        plot_file=plot_file,
    )
