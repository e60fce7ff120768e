"""Limits of the connections of `serve`, so that slow or many clients do not shut out the others.

A connection has REQUEST_SECONDS for each request, head and body. At the limit of their number, the
connection that has waited longest for the rest of its request is closed for a new one.
"""

import asyncio
from typing import ClassVar

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


class _Connection(H11Protocol):
    """A connection of one server; each server has a class of its own, with its own values."""

    most: ClassVar[int]
    seconds: ClassVar[float]
    incomplete: "ClassVar[dict[_Connection, asyncio.TimerHandle]]"
    """The connections whose request is not complete, oldest first."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look_at_request()
        if len(self.connections) > self.most and self.incomplete:
            next(iter(self.incomplete)).abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look_at_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look_at_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget()

    def abort(self) -> None:
        """Close the connection at once."""
        self._forget()
        self.transport.abort()

    def _look_at_request(self) -> None:
        is_incomplete = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if self.transport.is_closing() or not is_incomplete:
            self._forget()
        elif self not in self.incomplete:
            self.incomplete[self] = self.loop.call_later(self.seconds, self.abort)

    def _forget(self) -> None:
        if timer := self.incomplete.pop(self, None):
            timer.cancel()


def limited(most: int, seconds: float = REQUEST_SECONDS) -> type[H11Protocol]:
    """The class of the connections of one server, of which at most `most` are open."""
    values = {"most": most, "seconds": seconds, "incomplete": {}}
    return type("Connection", (_Connection,), values)
