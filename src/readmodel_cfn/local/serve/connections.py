"""Limits of the connections of `serve`, so that slow or many clients do not shut out the others.

A connection has REQUEST_SECONDS for each request, head and body. At the limit of their number, the
connection that has waited longest for the rest of its request is closed for a new one.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 30.0
"""The longest time for receiving a request."""
MOST = 1_000
"""The maximum number of connections."""
_OTHER_FILES = 64  # documents, modules, the connections to an S3
_FEWEST = 16


def limit() -> int:
    """The maximum number of connections that the process's limit of open files allows."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST
    return max(_FEWEST, min(MOST, files - _OTHER_FILES))


def limited(most: int, seconds: float = REQUEST_SECONDS) -> type[H11Protocol]:
    """The class of the connections of one server, of which at most `most` are open."""
    incomplete: dict[Connection, asyncio.TimerHandle] = {}  # oldest first

    class Connection(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._look_at_request()
            if len(self.connections) > most and incomplete:
                next(iter(incomplete)).abort()

        def abort(self) -> None:
            self._forget()
            self.transport.abort()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._look_at_request()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._look_at_request()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._forget()

        def _look_at_request(self) -> None:
            if self.transport.is_closing() or self.conn.their_state not in (
                h11.IDLE,
                h11.SEND_BODY,
            ):
                self._forget()
            elif self not in incomplete:
                incomplete[self] = self.loop.call_later(seconds, self.abort)

        def _forget(self) -> None:
            if timer := incomplete.pop(self, None):
                timer.cancel()

    return Connection
