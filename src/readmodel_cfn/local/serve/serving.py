"""Serves an API over HTTP on this machine: `serving` in a program, `serve` for the command."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from readmodel_cfn.cloudformation.reader import TemplateSource
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.serve import server
from readmodel_cfn.local.serve.api import S3, Api, Route, api_of
from readmodel_cfn.local.serve.app import App
from readmodel_cfn.local.serve.page_origins import LOCAL_ORIGINS, PageOrigins
from readmodel_cfn.local.serve.reload import Reloader
from readmodel_cfn.local.serve.source import Source
from readmodel_cfn.progress import Note, OnProgress, ignore

DOCUMENTS = "data"
"""The default folder of documents."""


@dataclass(frozen=True)
class ServedApi:
    """An API that is being served.

    `url` is the URL of its stage, `documents` the folder or the URL of the S3 that it reads, `pid`
    the process ID of the server. `findings` are the unsupported features of the template: requests
    that use one get a 501. `origins` are those of pages that may read, besides those that the
    template allows.
    """

    url: str
    documents: str
    pid: int
    routes: tuple[Route, ...]
    findings: tuple[str, ...]
    origins: tuple[str, ...] = ()

    def url_of(self, route: Route) -> str:
        """The URL of a route, with its parameters in braces."""
        return f"{self.url}{route.path}"

    def document_of(self, route: Route) -> str:
        """The file of a route's documents, or their key in the S3; `-` without documents."""
        if route.key is None:
            return "-"
        return route.key if "://" in self.documents else str(Path(self.documents, route.key))

    def as_dict(self) -> dict[str, object]:
        """What `serve --json` prints."""
        return {
            "url": self.url,
            "data": self.documents,
            "pid": self.pid,
            "routes": [{**vars(route), "url": self.url_of(route)} for route in self.routes],
            "findings": list(self.findings),
            "origins": list(self.origins),
        }


@contextmanager
def serving(
    template: Source | TemplateSource,
    documents: str | Path = DOCUMENTS,
    *,
    parameters: Mapping[str, str] | None = None,
    stage: str | None = None,
    s3_endpoint: str | None = None,
    sign: bool = False,
    origins: Sequence[str] = LOCAL_ORIGINS,
    host: str = "127.0.0.1",
    port: int = 0,
    on_progress: OnProgress = ignore,
) -> Iterator[str]:
    """Serve an API in this process while the block runs; it yields the URL of the stage.

    Args:
        template: A template with a REST API in front of S3: its text in JSON or YAML, the Path of
            a file, a mapping, a troposphere Template or a ReadModel.
        documents: Folder of documents; a key is a path below it. `ReadModelStack.serving` serves
            them as `publish` stores them, `serving` without compression and with Cache-Control
            no-cache.
        parameters: Values of parameters, pseudo parameters and resources.
        stage: Stage to serve, by default the template's first.
        s3_endpoint: URL of an S3 to read from instead of the folder.
        sign: Whether to sign the requests to that S3, with the access key of the environment.
        origins: Origins whose pages may read, besides those that the template allows: exact ones,
            `*`, or with `*` as the port; ["none"] for no other. By default http://localhost and
            http://127.0.0.1 on any port.
        host: Address to serve on.
        port: Port to serve on; 0 for a free one.
        on_progress: Gets a `ServedApi` once it serves, an `Answered` for each request, and `Note`s.
            All but the first come from the server's thread.

    Raises:
        ConfigError: the template cannot be served, or the folder does not exist.
        ReadModelError: the port is in use, or there is no access key to sign with.
    """
    source = Source.of(template).with_options(parameters, stage)
    s3, pages = _s3(documents, s3_endpoint, sign), PageOrigins.of(origins)

    def note(text: str) -> None:
        on_progress(Note(text))

    app = App(api_of(source, s3, note), on_progress, pages, host)
    with server.listen(host, port) as listener, server.running(app, listener, note):
        found = listener.getsockname()[1]
        served = _served(app.api, s3_endpoint or str(documents), host, found, pages)
        on_progress(served)
        yield served.url


def serve(
    load: Callable[[], Source],
    documents: str | Path = DOCUMENTS,
    *,
    watch: Path,
    s3_endpoint: str | None = None,
    sign: bool = False,
    origins: Sequence[str] = LOCAL_ORIGINS,
    host: str = "127.0.0.1",
    port: int = 0,
    on_progress: OnProgress = ignore,
) -> None:
    """Serve an API until SIGINT or SIGTERM, which end the process with exit code 0.

    `load` returns what to serve, again after each change of the file `watch`; the other arguments
    are those of `serving`.

    Raises:
        ConfigError: the template cannot be served, or the folder does not exist.
        ReadModelError: the port is in use, or there is no access key to sign with.
    """
    s3, pages = _s3(documents, s3_endpoint, sign), PageOrigins.of(origins)

    def note(text: str) -> None:
        on_progress(Note(text))

    def api() -> Api:
        return api_of(load(), s3, note)

    reloader = Reloader(watch, api, note)
    app = App(api(), on_progress, pages, host)
    listener = server.listen(host, port)
    found = listener.getsockname()[1]

    def ready() -> None:
        on_progress(_served(app.api, s3_endpoint or str(documents), host, found, pages))

    server.run(app, listener, ready=ready, watch=lambda: reloader.watch(app), note=note)


def _s3(documents: str | Path, s3_endpoint: str | None, sign: bool) -> Path | S3:
    if s3_endpoint is not None:
        from readmodel_cfn.local.serve.endpoint import Endpoint
        from readmodel_cfn.local.serve.signing import Signer

        return Endpoint(s3_endpoint, Signer() if sign else None)
    folder = Path(documents)
    if not folder.is_dir():
        hint = "create it, or choose another folder with --documents DIR"
        raise ConfigError("no such folder", where=str(folder), hint=hint)
    return folder


def _served(api: Api, documents: str, host: str, port: int, pages: PageOrigins) -> ServedApi:
    url = f"{server.url_of(host, port)}/{api.stage}"
    return ServedApi(url, documents, os.getpid(), api.routes, api.findings, pages.origins)
