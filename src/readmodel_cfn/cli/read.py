"""`read`: a document through the API."""

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.cli.stack_options import stack_options
from readmodel_cfn.stack import ReadModelStack


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
    """GET a path of the API, by default that of the first route, and print the response.

    With --json: an object with url, status, headers, seconds and body.
    """
    with Reporter(as_json) as report:
        response = stack.read(path, on_progress=report)
    if as_json:
        output.print_json(response.as_dict())
    else:
        output.response(response)
    response.raise_for_status()
