"""A client that follows HTTP, as a browser does: it keeps what it may keep (RFC 9111).

Within an answer's max-age it does not ask. After that it asks with If-None-Match, if the answer had
an ETag; a 304 says that what it keeps is still right. It knows as much of caching as one document
needs, and no proxies.
"""

import http.client
import io
import re
import socket
import zlib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple, cast

HOST = "127.0.0.1"
GZIP = 31  # zlib's number for it


class Answer(NamedTuple):
    """One answer; `received` is all that came down, headers and body."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    received: int


class Got(NamedTuple):
    """What a reader shows, and whether it asked for it now."""

    body: bytes
    asked: bool


class Reader:
    """Reads one path again and again, and counts what that takes."""

    def __init__(self, port: int, path: str, clock: Callable[[], float]) -> None:
        self._port, self._path, self._clock = port, path, clock
        self._body = b""
        self._etag: str | None = None
        self._fresh_until = 0.0
        self.statuses: Counter[str] = Counter()
        self.received = 0

    def read(self) -> Got:
        """The document: what is kept, where that is fresh, else after asking."""
        if self._clock() < self._fresh_until:
            return Got(self._body, asked=False)
        answer = ask(self._port, self._path, self._headers())
        self.statuses[str(answer.status)] += 1
        self.received += answer.received
        self._take(answer)
        return Got(self._body, asked=True)

    def _headers(self) -> dict[str, str]:
        condition = {"If-None-Match": self._etag} if self._etag else {}
        return {"Accept": "application/json", "Accept-Encoding": "gzip", **condition}

    def _take(self, answer: Answer) -> None:
        if answer.status == 200:
            self._body, self._etag = decoded(answer), answer.headers["ETag"]
        elif answer.status != 304:
            raise SystemExit(f"{answer.status}: {answer.body[:200]!r}")
        self._fresh_until = self._clock() + max_age(answer.headers["Cache-Control"])


def ask(port: int, path: str, headers: dict[str, str]) -> Answer:
    """One request on a connection of its own: all that comes down is its answer."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}:{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((HOST, port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        received = connection.makefile("rb").read()
    reply = http.client.HTTPResponse(cast(socket.socket, _Received(received)))
    reply.begin()
    return Answer(reply.status, reply.headers, reply.read(), len(received))


class _Received:
    """What HTTPResponse takes for a socket."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def makefile(self, mode: str) -> io.BytesIO:  # noqa: ARG002 - a socket's signature
        """The answer, to be read."""
        return io.BytesIO(self._answer)


def decoded(answer: Answer) -> bytes:
    """The body as it was before it was compressed."""
    encoding = answer.headers.get("Content-Encoding", "identity")
    return zlib.decompress(answer.body, GZIP) if encoding == "gzip" else answer.body


def max_age(cache_control: str | None) -> int:
    """For how many seconds the client need not ask; without a word on it, for none."""
    if cache_control is None or "no-cache" in cache_control:
        return 0
    found = re.search(r"\bmax-age=(\d+)", cache_control)
    return int(found[1]) if found else 0
