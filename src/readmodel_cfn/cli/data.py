"""`read`: a document out, through the API."""

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.errors import ConfigError, PromiseBroken
from readmodel_cfn.publish.read import Answer, get, reachable


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn read",
        "readmodel-cfn read products/42 --json",
    ),
)
@click.argument("path", required=False)
@aws_command
@json_option
def read(target: Target, path: str | None, as_json: bool) -> None:
    """GET a path of the API, the first route's by default, and print what came back.

    With --json: an object with url, status, headers, seconds and body.
    """
    url = reachable(_url(target, path), target.connection.endpoint_url)
    with slow(f"Waiting for {url}"):
        answer = get(url)
    if as_json:
        report.print_json(_plain(answer))
    else:
        report.answer(answer)
    if not answer.kept:
        raise PromiseBroken(f"answered {answer.status}", where=answer.url, hint=_hint(answer))


def _url(target: Target, path: str | None) -> str:
    outputs = target.outputs()
    first = target.required(outputs, "SamplesUrl")
    if path is not None:
        return f"{target.api_url(outputs)}/{path.lstrip('/')}"
    if "{" in first:
        raise ConfigError("the first route has parameters", where="read", hint="give a PATH")
    return first


def _hint(answer: Answer) -> str:
    if answer.status in (403, 404):
        return "check the path against the routes, and whether its document is published"
    return "publish the document first: readmodel-cfn publish FILE"


def _plain(answer: Answer) -> dict[str, object]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = answer.body.decode("utf-8", "replace")
    seconds = round(answer.seconds, 4)
    plain = {"url": answer.url, "status": answer.status, "headers": headers}
    return {**plain, "seconds": seconds, "body": body}
