"""The server: a port of its own, uvicorn on it, and a quiet end when it is told to stop."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NoReturn

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.serve.app import App


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
        hint = "stop what listens there, or leave --port out to get a free one"
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
