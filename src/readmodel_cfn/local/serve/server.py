"""The API over HTTP: an ASGI application, its port, and the server (uvicorn) until a signal."""

import asyncio
import os
import signal
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.gateway import Request, Response
from readmodel_cfn.local.serve.api import NO_SUCH_STAGE, Api

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_BODILESS = frozenset({204, 304})


class App:
    """Serves `api`, which may be replaced by another at any moment; `log` gets the lines."""

    def __init__(self, api: Api, log: Callable[[str], None] | None) -> None:
        self.api = api
        self._log = log

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request; the ASGI 3 interface."""
        start = time.perf_counter()
        body = await _body(scope["headers"], receive)
        response = self._answer(scope, body)
        head = {"status": response.status, "headers": _headers(scope["method"], response)}
        await send({"type": "http.response.start", **head})
        await send({"type": "http.response.body", "body": response.body})
        if self._log:
            took = (time.perf_counter() - start) * 1000
            self._log(f"{scope['method']} {_target(scope)} {response.status} {took:.1f} ms")

    def _answer(self, scope: Message, body: bytes) -> Response:
        api = self.api
        path = api.below_stage(scope["path"])
        if path is None:
            return NO_SUCH_STAGE
        # Of a parameter sent more than once API Gateway maps the last value.
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        headers = _joined(scope["headers"])
        return api.answer(Request(scope["method"], path, headers, query, body, str(uuid.uuid4())))


async def _body(headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes:
    """The request's body; nothing is waited for where the headers announce none."""
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in headers):
        return b""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; those sent more than once are joined with a comma."""
    joined: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        joined[name] = f"{joined[name]},{text}" if name in joined else text
    return joined


def _headers(method: str, response: Response) -> list[tuple[bytes, bytes]]:
    """The response's headers, with the length of a body where there may be one.

    The answer to HEAD has no Content-Length: what it would be is not known here.
    """
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers.items()
    ]
    if method != "HEAD" and response.status not in _BODILESS:
        headers.append((b"content-length", str(len(response.body)).encode()))
    return headers


def _target(scope: Message) -> str:
    """The path and query as they were sent, and so without characters that move a cursor."""
    path, query = scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the host's port, a free one for 0.

    Raises:
        ReadModelError: the port is in use, or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the socket says TCP, as `create_server`'s does
    # not: each answer would wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # there it means: although ended connections linger
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:
        listener.close()
        what = getattr(error, "strerror", None) or "not an address"
        hint = "stop what listens there, or omit --port to get a free one"
        raise ReadModelError(what, where=url_of(host, port), hint=hint) from error
    return listener


def url_of(host: str, port: int) -> str:
    """The URL of a host's port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: App,
    listener: socket.socket,
    ready: Callable[[], None],
    watch: Callable[[], Awaitable[None]],
) -> None:
    """Serve until SIGINT or SIGTERM, then end with exit code 0; `ready` is called once it serves.

    `watch` runs beside it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    asyncio.run(_serve(app, listener, ready, watch))


def _leave(*_: Any) -> NoReturn:
    """End: before uvicorn handles the signal, and after, when it raises the signal once more."""
    raise SystemExit(0)


async def _serve(
    app: App,
    listener: socket.socket,
    ready: Callable[[], None],
    watch: Callable[[], Awaitable[None]],
) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        app,
        interface="asgi3",
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    watching = asyncio.ensure_future(watch())
    try:
        await Server(config).serve([listener])
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
