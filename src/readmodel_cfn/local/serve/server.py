"""The HTTP server (uvicorn): `run` serves until a signal, `running` serves in a thread."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.serve.app import App

if TYPE_CHECKING:
    import uvicorn


# asyncio accepts as many connections at once as its backlog, before it counts one of them.
_ACCEPTED_AT_ONCE = 8
_WAITING = 1_024  # connections that the system keeps until they are accepted


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound to the host's port; 0 selects a free port.

    Raises:
        ReadModelError: the port is in use, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only if the socket's protocol is TCP, which it is not for
    # `create_server`: each response would wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows it would allow a second server on the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:
        listener.close()
        what = getattr(error, "strerror", None) or "not an address"
        hint = "stop the program that uses it, or omit --port to get a free one"
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
    note: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then exit with code 0.

    `ready` is called when the server has started. `watch` runs at the same time. `note` gets the
    problems of the server, a line each, once.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)
    asyncio.run(_serve(_server(app, ready, note), listener, watch))


@contextmanager
def running(app: App, listener: socket.socket, note: Callable[[str], None]) -> Iterator[None]:
    """Serve in a thread; the end of the block stops the server. `note` is as in `run`."""
    started = threading.Event()
    server = _server(app, started.set, note)

    def serve() -> None:
        try:
            server.run([listener])
        finally:
            started.set()

    thread = threading.Thread(target=serve, name="readmodel-cfn serve", daemon=True)
    thread.start()
    started.wait()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _exit(*_: Any) -> NoReturn:
    """Exit, before uvicorn handles signals, or when it raises a handled signal again."""
    raise SystemExit(0)


async def _serve(
    server: "uvicorn.Server", listener: socket.socket, watch: Callable[[], Awaitable[None]]
) -> None:
    watching = asyncio.ensure_future(watch())
    try:
        await server.serve([listener])
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def _server(app: App, ready: Callable[[], None], note: Callable[[str], None]) -> "uvicorn.Server":
    import uvicorn

    from readmodel_cfn.local.serve import connections

    note_once = _Once(note)

    def note_limit(most: int) -> None:
        note_once(f"{most} clients are connected: the ones that wait longest are disconnected")

    def note_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        note_once(": ".join(map(str, filter(None, (context["message"], context.get("exception"))))))

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            asyncio.get_running_loop().set_exception_handler(note_error)
            await super().startup(sockets)
            for listener in sockets or ():
                listener.listen(_WAITING)
            ready()

    return Server(
        uvicorn.Config(
            app,
            interface="asgi3",
            http=connections.limited(connections.limit(), note_limit),
            h11_max_incomplete_event_size=connections.HEAD_BYTES,
            backlog=_ACCEPTED_AT_ONCE,
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
    )


class _Once:
    """Passes each text on once."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note, self._noted = note, set[str]()

    def __call__(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self._note(text)
