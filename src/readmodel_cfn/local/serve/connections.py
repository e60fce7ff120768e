"""Limits of the connections of `serve`, so that slow or many clients do not shut out the others.

A client has REQUEST_SECONDS for each request, head and body, and RESPONSE_SECONDS for each part of
a response. At the limit of their number, the connection that has waited longest for its client is
closed for a new one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 30.0
"""The longest time for receiving a request."""
RESPONSE_SECONDS = 10.0
"""The longest time in which a client reads nothing of a response."""
MOST = 1_000
"""The maximum number of connections."""
HEAD_BYTES = 32 * 1024
"""The maximum size of a request's head; a larger one is not read."""
_OTHER_FILES = 64  # documents, modules, the connections to an S3
_FEWEST = 16
_HEAD_TOO_LARGE = b"""\
HTTP/1.1 431 Request Header Fields Too Large\r
Content-Length: 0\r
Connection: close\r
\r
"""


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


@dataclass
class _Limits:
    """The limits of one server's connections; `waiting` are those that wait for their client.

    The first of them has waited longest.
    """

    most: int
    on_limit: Callable[[int], None]
    request_seconds: float
    response_seconds: float
    waiting: "dict[_Connection, asyncio.TimerHandle]" = field(default_factory=dict)


class _Connection(H11Protocol):
    """A connection of one server; each server has a class of its own, with its own limits."""

    limits: ClassVar[_Limits]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._update()
        if len(self.connections) > self.limits.most and self.limits.waiting:
            next(iter(self.limits.waiting)).abort()
            self.limits.on_limit(self.limits.most)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._update()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._update()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._update()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget()

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # a response was started
            self.abort()
            return
        unread, _ = self.conn.trailing_data
        if len(unread) > HEAD_BYTES:
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def abort(self) -> None:
        """Close the connection at once."""
        self._forget()
        self.transport.abort()

    def _update(self) -> None:
        """Note whether the connection waits for its client, and how long it may."""
        is_unread = self.transport.get_write_buffer_size() > 0
        is_incomplete = self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if is_unread:
            self._wait(self.limits.response_seconds)
        elif is_incomplete and not self.transport.is_closing():
            self._wait(self.limits.request_seconds)
        else:
            self._forget()

    def _wait(self, seconds: float) -> None:
        if self not in self.limits.waiting:
            self.limits.waiting[self] = self.loop.call_later(seconds, self.abort)

    def _forget(self) -> None:
        if timer := self.limits.waiting.pop(self, None):
            timer.cancel()


def limited(
    most: int,
    on_limit: Callable[[int], None],
    request_seconds: float = REQUEST_SECONDS,
    response_seconds: float = RESPONSE_SECONDS,
) -> type[H11Protocol]:
    """The class of the connections of one server, of which at most `most` are open.

    `on_limit` is called with `most` for each connection that is closed for another one.
    """
    limits = _Limits(most, on_limit, request_seconds, response_seconds)
    return type("Connection", (_Connection,), {"limits": limits})
