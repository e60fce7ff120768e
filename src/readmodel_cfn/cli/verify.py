"""`verify`: does a deployed stack keep what a read model promises?"""

from pathlib import Path

import click

from readmodel_cfn.cli.description import article_option, json_option, model_of
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.kinds import FILE, SECONDS, SOME_SECONDS
from readmodel_cfn.cli.target import Target, aws_command, yes_option


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn verify",
        "readmodel-cfn verify --route 'products/{id}' --json",
        "readmodel-cfn verify --concurrency --seconds 30 --plot reads.svg",
    ),
)
@aws_command
@click.option("--route", "path", help="Path of the route to probe [default: one with a parameter].")
@yes_option
@json_option
@article_option
@click.option(
    "--timeout",
    type=SECONDS,
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
    type=SOME_SECONDS,
    default=10,
    show_default=True,
    help="How long --concurrency writes and reads.",
)
@click.option(
    "--readers",
    type=click.IntRange(1, 100),
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
    type=FILE,
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

    With --json: an object with route, key, url, left and promises; with --concurrency with
    document_bytes, readers, reads, versions, acknowledged, passed, broken_reads, violations,
    examples, phases, ratios and left.
    """
    from readmodel_cfn.cli.verification import Asked, contract_of, verify_stack

    model = model_of(target.config, article)
    contract = contract_of(model, article=article)
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
