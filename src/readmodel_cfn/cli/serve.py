"""`serve`: the API on this machine, over a folder of documents, without AWS."""

import gc
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import (
    article_option,
    config_option,
    json_option,
    load_config,
    model_of,
    template_of,
)
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.kinds import FILE_OR_FOLDER
from readmodel_cfn.config.load import DEFAULT_FILE
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.serve import server
from readmodel_cfn.local.serve.api import Api, Source, api_of
from readmodel_cfn.local.serve.reload import Reloader
from readmodel_cfn.local.serve.server import App
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.selection import Selection
from readmodel_cfn.template.render import render


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn serve",
        "readmodel-cfn serve --data documents --quiet",
    ),
)
@click.option(
    "--data",
    "folder",
    type=FILE_OR_FOLDER,
    default="data",
    show_default=True,
    help="Folder of documents; a key is a path below it.",
)
@config_option
@article_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port [default: a free one]."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--quiet", is_flag=True, help="Do not log requests.")
@json_option
def serve(
    folder: Path,
    config_file: Path | None,
    article: bool,
    port: int,
    host: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Serve the API on this machine over a folder of documents, until Ctrl-C.

    Replace a document by renaming a new file over it; readers see it at once. A changed
    readmodel.toml is served at once too.

    With --json: once it serves, an object on one line with url, data, pid, routes and findings.
    """
    _check(folder)

    def load() -> Api:
        return api_of(_source(config_file, article), folder, _tell)

    reloader = Reloader(config_file or DEFAULT_FILE, load, _tell)
    app = App(load(), None if quiet else _tell)
    listener = server.listen(host, port)
    url = server.url_of(host, listener.getsockname()[1])
    show: Callable[[str, Path, Api], None] = _print_json if as_json else _print
    gc.enable()  # off while a command starts; this command keeps running
    server.run(
        app,
        listener,
        ready=lambda: show(url, folder, app.api),
        watch=lambda: reloader.watch(app),
    )


def _tell(line: str) -> None:
    """Say it, and go on serving where nobody reads it any more."""
    with suppress(BrokenPipeError):
        report.story(line)


def _check(folder: Path) -> None:
    if not folder.is_dir():
        hint = "make it, or give --data DIR, with the documents under their keys"
        raise ConfigError("no such folder", where=str(folder), hint=hint)


def _source(config_file: Path | None, article: bool) -> Source:
    """The template that is deployed, with the stack's name for the article's parameter."""
    config = load_config(config_file)
    model = model_of(config, article)
    template = json.loads(render(template_of(config, article), "compact"))
    settings = Settings(model.data_store.cache_control, model.data_store.gzip_stored)
    selection = Selection(model.routes, config.publish.exclude)
    return Source(template, {"StackName": config.stack.name}, settings, selection.publishes)


def _print(url: str, folder: Path, api: Api) -> None:
    """A line for each route: URL, methods, file, and the status where the file is missing."""
    rows = [["URL", "methods", "file", "missing"]]
    for route in api.routes:
        file = str(folder / route.key) if route.key else "-"
        missing = str(route.missing or "-")
        rows.append([f"{url}/{api.stage}{route.path}", " ".join(route.methods), file, missing])
    report.table(rows)
    for finding in api.findings:
        report.story(f"Not evaluated: {finding}")
    report.story("Ctrl-C ends it.")


def _print_json(url: str, folder: Path, api: Api) -> None:
    """One object on one line, for a program that waits for it."""
    routes = [{**vars(route), "url": f"{url}/{api.stage}{route.path}"} for route in api.routes]
    ready = {"url": f"{url}/{api.stage}", "data": str(folder), "pid": os.getpid()}
    click.echo(json.dumps({**ready, "routes": routes, "findings": api.findings}))
