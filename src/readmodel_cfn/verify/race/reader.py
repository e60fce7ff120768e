"""A reader: it reads one URL over one connection that is kept, and judges each body afterwards.

    python -m readmodel_cfn.verify.race.reader URL NUMBER

It is a process of its own, which takes orders on stdin and answers each on stdout, in JSON lines.
As threads beside the writer, four readers of 5 MB waited for Python's lock as well: their p50 was
half as long again, their longest read three times as long.
"""

import http.client
import json
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import SplitResult, urlsplit

from readmodel_cfn.limits import INTEGRATION_SECONDS
from readmodel_cfn.verify.race.body import version_of
from readmodel_cfn.verify.race.history import NOT_MODIFIED, Read

_TIMEOUT = INTEGRATION_SECONDS + 1
_GZIP = 31  # zlib's number for it
_PAUSE = 0.1  # seconds after a read without an answer


class Reader:
    """Reads a URL again and again; `number` tells it from the others."""

    def __init__(self, url: str, number: int) -> None:
        self._at, self._number = urlsplit(url), number
        self._connection = _connection(self._at)
        self._etag: str | None = None
        self._version: int | None = None  # of that ETag

    def reads(self, until: int, most: int, conditional: bool) -> Iterator[Read]:
        """Read until then, `most` times at most; with a condition, send the last ETag."""
        for _ in range(most):
            if time.perf_counter_ns() >= until:
                return
            one = self._read(self._etag if conditional else None)
            if not one.status:
                time.sleep(_PAUSE)
            yield one

    def _read(self, etag: str | None) -> Read:
        headers = {"If-None-Match": etag} if etag else {}
        started = time.perf_counter_ns()
        try:
            reply = self._reply(headers)
            body = reply.read()
        except http.client.IncompleteRead as error:
            self._connection.close()
            note = f"cut off after {len(error.partial):,} bytes"
            return Read(self._number, started, time.perf_counter_ns(), reply.status, note=note)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            note = f"no answer: {error or type(error).__name__}"
            return Read(self._number, started, time.perf_counter_ns(), 0, note=note)
        ended = time.perf_counter_ns()
        version, note = self._judged(reply, body, etag)
        return Read(self._number, started, ended, reply.status, version, len(body), note)

    def _reply(self, headers: dict[str, str]) -> http.client.HTTPResponse:
        """The reply's head, on a new connection where the kept one was ended meanwhile."""
        fresh = self._connection.sock is None
        try:
            self._connection.request("GET", self._at.path, headers=headers)
            return self._connection.getresponse()
        except (ConnectionError, http.client.BadStatusLine):
            self._connection.close()
            if fresh:
                raise
            self._connection.request("GET", self._at.path, headers=headers)
            return self._connection.getresponse()

    def _judged(
        self, reply: http.client.HTTPResponse, body: bytes, etag: str | None
    ) -> tuple[int | None, str]:
        """The version that this is a read of, else a note of what came."""
        if reply.status == NOT_MODIFIED:
            return (self._version, "") if etag else (None, "answered 304 without being asked")
        if reply.status != http.client.OK:
            return None, ""
        version = version_of(_decoded(body, reply.headers.get("Content-Encoding")))
        if version is None:
            return None, f"{len(body):,} bytes that are not whole: {body[:30]!r}..."
        self._etag, self._version = reply.headers.get("ETag"), version
        return version, ""


def _connection(at: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    return kind(at.netloc, timeout=_TIMEOUT)


def _decoded(body: bytes, encoding: str | None) -> bytes:
    """The body as it was before it was compressed; nothing where it cannot have been."""
    if encoding != "gzip":
        return body
    try:
        return zlib.decompress(body, _GZIP)
    except zlib.error:
        return b""


def main(url: str, number: str) -> None:
    """Obey the orders until there are no more."""
    reader = Reader(url, int(number))
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        answer = [asdict(one) for one in reader.reads(**order)]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
