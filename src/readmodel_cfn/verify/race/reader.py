"""A reader process, which reads one URL over one connection and checks each body.

    python -m readmodel_cfn.verify.race.reader URL NUMBER

It gets commands on stdin and writes each result to stdout, in JSON lines. It is a process because
threads in the writer's process wait for Python's GIL: with four readers of 5 MB their p50 was 1.5
times and their longest read 3 times as long.
"""

import http.client
import json
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from readmodel_cfn.aws.http import connect, request_head
from readmodel_cfn.verify.race.body import version_of
from readmodel_cfn.verify.race.history import NOT_MODIFIED, Read

_GZIP = 31  # zlib's wbits for the gzip format
_PAUSE = 0.1  # seconds after a read without a response


class Reader:
    """Reads a URL repeatedly; `number` identifies the reader."""

    def __init__(self, url: str, number: int, ca_bundle: Path | None = None) -> None:
        self._connection, self._number = connect(url, ca_bundle=ca_bundle), number
        self._target, self._headers = request_head(url)
        self._authorization: dict[str, str] = {}
        self._etag: str | None = None
        self._version: int | None = None  # of that ETag

    def reads(
        self, until: int, most: int, conditional: bool, authorization: dict[str, str] | None = None
    ) -> Iterator[Read]:
        """Read until a time, at most `most` times; if `conditional`, with the last ETag."""
        self._authorization = authorization or {}
        for _ in range(most):
            if time.perf_counter_ns() >= until:
                return
            read = self._read(self._etag if conditional else None)
            if not read.status:
                time.sleep(_PAUSE)
            yield read

    def _read(self, etag: str | None) -> Read:
        headers = self._headers | self._authorization | ({"If-None-Match": etag} if etag else {})
        started = time.perf_counter_ns()
        try:
            reply = self._reply(headers)
            body = reply.read()
        except http.client.IncompleteRead as error:
            self._connection.close()
            note = f"truncated after {len(error.partial):,} bytes"
            return Read(self._number, started, time.perf_counter_ns(), reply.status, note=note)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            note = f"no response: {error or type(error).__name__}"
            return Read(self._number, started, time.perf_counter_ns(), 0, note=note)
        ended = time.perf_counter_ns()
        version, note = self._checked(reply, body, etag)
        return Read(self._number, started, ended, reply.status, version, len(body), note)

    def _reply(self, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Send the request, once more if the server has closed the connection meanwhile."""
        fresh = self._connection.sock is None
        try:
            self._connection.request("GET", self._target, headers=headers)
            return self._connection.getresponse()
        except (ConnectionError, http.client.BadStatusLine):
            self._connection.close()
            if fresh:
                raise
            self._connection.request("GET", self._target, headers=headers)
            return self._connection.getresponse()

    def _checked(
        self, reply: http.client.HTTPResponse, body: bytes, etag: str | None
    ) -> tuple[int | None, str]:
        """The version that was read, or None and a note about what was received instead."""
        if reply.status == NOT_MODIFIED:
            return (self._version, "") if etag else (None, "304 without If-None-Match")
        if reply.status != http.client.OK:
            return None, ""
        version = version_of(decoded(body, reply.headers.get("Content-Encoding")))
        if version is None:
            return None, f"{len(body):,} bytes that are not complete: {body[:30]!r}..."
        self._etag, self._version = reply.headers.get("ETag"), version
        return version, ""


def decoded(body: bytes, encoding: str | None) -> bytes:
    """The body without its Content-Encoding; empty if it is not in that encoding."""
    if encoding != "gzip":
        return body
    try:
        return zlib.decompress(body, _GZIP)
    except zlib.error:
        return b""


def main(url: str, number: str, ca_bundle: str = "") -> None:
    """Execute the commands until stdin ends."""
    reader = Reader(url, int(number), Path(ca_bundle) if ca_bundle else None)
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        answer = [asdict(read) for read in reader.reads(**order)]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
