"""`publish` and `read`: a payload in, and out through the API."""

from collections.abc import Sequence
from pathlib import Path

import click

from readmodel_cfn import report
from readmodel_cfn.cli.description import json_option, read_file
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.errors import ConfigError, PromiseBroken
from readmodel_cfn.routes import Route
from readmodel_cfn.store import publish as store
from readmodel_cfn.store.read import Answer, get, reachable
from readmodel_cfn.store.writer_key import writer_credentials


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@aws_command
@click.option("--key", help="Key to put it under [default: the one key that the route serves].")
@click.option("--route", "path", help="Path of the route that serves it.")
@click.option("--as-writer", is_flag=True, help="Use the stack's own writer key.")
@click.option("--bucket", help="Bucket to put it into; then the stack is not asked.")
@json_option
def publish(
    target: Target,
    file: Path,
    key: str | None,
    path: str | None,
    as_writer: bool,
    bucket: str | None,
    as_json: bool,
) -> None:
    """Publish FILE, a JSON document, to the key that a route serves."""
    body, model = read_file(file), target.config.model
    settings = store.Settings(model.data_store.cache_control, model.data_store.gzip_stored)
    store.check_document(body, str(file), settings)
    key = _key(model.routes, key, path)
    outputs = {} if bucket and not as_writer else target.outputs()
    connection = target.connection
    if as_writer:
        credentials = writer_credentials(outputs, connection.client("secretsmanager"))
        connection = connection.with_credentials(credentials)
    bucket = bucket or target.required(outputs, "S3BucketName")
    done = store.put(connection.client("s3"), bucket, key, body, settings)
    if as_json:
        report.print_json(vars(done))
    else:
        report.published(done)


def _key(routes: Sequence[Route], key: str | None, path: str | None) -> str:
    """The key to publish to: the given one, where a route serves it, or a route's only one."""
    asked = [route for route in routes if path in (None, route.path)]
    if not asked:
        known = ", ".join(route.path for route in routes)
        raise ConfigError(
            f"no route has the path {path!r}", where="--route", hint=f"known: {known}"
        )
    if key is None:
        return _only_key(asked)
    if not any(route.match_key(key) for route in asked):
        served = ", ".join(route.key for route in asked)
        raise ConfigError(f"no route serves {key!r}", where="--key", hint=f"served: {served}")
    return key


def _only_key(routes: Sequence[Route]) -> str:
    if len(routes) > 1:
        paths = ", ".join(route.path for route in routes)
        raise ConfigError("which route?", where="publish", hint=f"give --route or --key: {paths}")
    if routes[0].parameters:
        hint = f"give --key, of the form {routes[0].key}"
        raise ConfigError("the route serves many keys", where=routes[0].path, hint=hint)
    return routes[0].key


@click.command()
@click.argument("path", required=False)
@aws_command
@json_option
def read(target: Target, path: str | None, as_json: bool) -> None:
    """GET a path of the API, the first route's by default, and print what came back."""
    answer = get(reachable(_url(target, path), target.connection.endpoint_url))
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
        # The article's stack has no ApiUrl: its one route is samples.
        base = outputs.get("ApiUrl") or first.removesuffix("/samples")
        return f"{base}/{path.lstrip('/')}"
    if "{" in first:
        raise ConfigError("the first route has parameters", where="read", hint="give a PATH")
    return first


def _hint(answer: Answer) -> str:
    if answer.status in (403, 404):
        return "check the path against the routes"
    return "publish the payload first: readmodel-cfn publish FILE"


def _plain(answer: Answer) -> dict[str, object]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = answer.body.decode("utf-8", "replace")
    seconds = round(answer.seconds, 4)
    plain = {"url": answer.url, "status": answer.status, "headers": headers}
    return {**plain, "seconds": seconds, "body": body}
