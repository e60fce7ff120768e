"""An S3 server in memory, faster than the clients that a benchmark measures.

    python benchmarks/fast_s3.py [--delay 0.02] [--rate 1000]

It prints its port and serves plain HTTP until it is stopped; `--delay` delays each response by that
many seconds; with `--rate` it takes so many PUT requests per second and answers the others with 503
SlowDown. It supports what publishing needs: ListObjectsV2 (pages, prefix, delimiter), GET,
HEAD, PUT, DELETE and DeleteObjects; path style only, without versions or signatures. The ETag is
the MD5 of the content, as on S3. It needs uvloop.
"""

import argparse
import asyncio
import hashlib
import ssl
import time
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from uvloop import run

_STORED_HEADERS = ("content-type", "cache-control", "content-encoding", "x-amz-meta-")
_PAGE = 1000
_NOT_FOUND = b"<Error><Code>NoSuchKey</Code><Message>not found</Message></Error>"
_SLOW_DOWN = (
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Rate:
    """Takes so many requests per second, and those of a tenth of a second at once; 0: all."""

    def __init__(self, per_second: float) -> None:
        self._per_second, self._tokens, self._latest = per_second, 0.0, time.monotonic()

    def takes(self) -> bool:
        """Whether one more request is taken now."""
        if not self._per_second:
            return True
        now = time.monotonic()
        more = (now - self._latest) * self._per_second
        self._tokens, self._latest = min(self._tokens + more, self._per_second / 10), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


class Stored(NamedTuple):
    """An object; the headers include its ETag and time."""

    body: bytes
    headers: dict[str, str]
    time: datetime


class Bucket:
    """Objects by key, and the keys in the order of S3."""

    forgets = False  # the content and the headers

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self._ordered: list[str] | None = None

    def put(self, key: str, headers: dict[str, str], body: bytes) -> Response:
        """Store an object."""
        if key not in self.objects:
            self._ordered = None
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        stored_headers = {
            name: value for name, value in headers.items() if name.startswith(_STORED_HEADERS)
        }
        time = datetime.now(UTC)
        if self.forgets:
            self.objects[key] = Stored(b"", {"etag": etag}, time)
            return Response(200, headers={"etag": etag})
        stored_headers |= {"etag": etag, "last-modified": format_datetime(time, usegmt=True)}
        self.objects[key] = Stored(body, stored_headers, time)
        return Response(200, headers={"etag": etag})

    def get(self, key: str) -> Response:
        """An object."""
        stored = self.objects.get(key)
        return Response(200, stored.body, stored.headers) if stored else Response(404, _NOT_FOUND)

    def delete(self, *keys: str) -> Response:
        """Delete objects."""
        for key in keys:
            self.objects.pop(key, None)
        self._ordered = None
        return Response(200, b"<DeleteResult/>")

    def listing(self, parameters: dict[str, str]) -> Response:
        """A page of the list; the token of the next page is the last key or common prefix."""
        prefix, most = (
            parameters.get("prefix", ""),
            min(int(parameters.get("max-keys", _PAGE)), _PAGE),
        )
        after = parameters.get("continuation-token") or parameters.get("start-after", "")
        encoded = parameters.get("encoding-type") == "url"
        entries: list[str] = []
        last, more = after, False
        for name in self._names(prefix, parameters.get("delimiter", ""), after):
            if len(entries) == most:
                more = True
                break
            last = name
            entries.append(_entry(self.objects.get(name), quote(name) if encoded else escape(name)))
        token = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>" if more else ""
        body = (
            f"<ListBucketResult><Prefix>{escape(prefix)}</Prefix>"
            f"{'<EncodingType>url</EncodingType>' if encoded else ''}"
            f"<KeyCount>{len(entries)}</KeyCount><MaxKeys>{most}</MaxKeys>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{''.join(entries)}"
            "</ListBucketResult>"
        )
        return Response(200, body.encode())

    def _names(self, prefix: str, delimiter: str, after: str) -> Iterator[str]:
        """Keys and common prefixes, each once."""
        if self._ordered is None:
            self._ordered = sorted(self.objects)
        last = after if delimiter and after.endswith(delimiter) else None
        for at in range(bisect_right(self._ordered, after), len(self._ordered)):
            key = self._ordered[at]
            if key.startswith(prefix):
                cut = key.find(delimiter, len(prefix)) if delimiter else -1
                name = key if cut < 0 else key[: cut + len(delimiter)]
                if name != last:
                    yield name
                last = name


def _entry(stored: Stored | None, name: str) -> str:
    if stored is None:
        return f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"
    return (
        f"<Contents><Key>{name}</Key>"
        f"<LastModified>{stored.time.isoformat(timespec='milliseconds')[:23]}Z</LastModified>"
        f"<ETag>{escape(stored.headers['etag'])}</ETag><Size>{len(stored.body)}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def respond(
    buckets: dict[str, Bucket], method: str, target: str, headers: dict[str, str], body: bytes
) -> Response:
    """The response to a request; a bucket is created by the first request for it."""
    path, _, query = target.partition("?")
    name, _, key = unquote(path[1:]).partition("/")
    bucket = buckets.setdefault(name, Bucket())
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    match method:
        case "PUT":
            return bucket.put(key, headers, body) if key else Response(200)
        case "DELETE":
            bucket.delete(key)
            return Response(204)
        case "POST" if "delete" in parameters:
            found = ElementTree.fromstring(body).iter()  # noqa: S314 - the benchmark's own clients send it
            return bucket.delete(*(tag.text or "" for tag in found if tag.tag.endswith("Key")))
        case "GET" | "HEAD":
            if key:
                return bucket.get(key)
            return bucket.listing(parameters) if "list-type" in parameters else Response(200)
    return Response(501)


class Connection(asyncio.Protocol):
    """One keep-alive connection: a request and its response at a time."""

    def __init__(self, buckets: dict[str, Bucket], delay: float, rate: Rate) -> None:
        self._buckets, self._delay, self._rate = buckets, delay, rate
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for responses."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Respond to each request that is complete."""
        self._received += data
        while self._head or self._read_head():
            assert self._head
            method, target, headers = self._head
            length = int(headers.get("content-length", 0))
            if len(self._received) < length:
                return
            body = bytes(self._received[:length])
            del self._received[:length]
            self._head = None
            if method == "PUT" and not self._rate.takes():
                found = Response(503, _SLOW_DOWN)
            else:
                found = respond(self._buckets, method, target, headers, body)
            self._send(_encoded(found, method))

    def _read_head(self) -> bool:
        """Parse the head of a request if it is complete."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        del self._received[: end + 4]
        method, target, _ = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        assert "transfer-encoding" not in headers, "chunks are not read"
        self._head = method, target, headers
        if "expect" in headers:
            self._send(_CONTINUE)
        return True

    def _send(self, data: bytes) -> None:
        """Send data, after the delay if there is one: each response takes one round trip."""
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, data)
        else:
            self._transport.write(data)


def _encoded(found: Response, method: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in found.headers.items())
    reason = HTTPStatus(found.status).phrase
    head = f"HTTP/1.1 {found.status} {reason}\r\n{lines}content-length: {len(found.body)}\r\n\r\n"
    return head.encode("latin-1") + (b"" if method == "HEAD" else found.body)


async def serve(delay: float, certificate: str | None, per_second: float) -> None:
    """Serve until stopped, with TLS if there is a certificate."""
    rate = Rate(per_second)
    buckets: dict[str, Bucket] = {}
    loop = asyncio.get_running_loop()
    tls = None
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    server = await loop.create_server(
        lambda: Connection(buckets, delay, rate), "127.0.0.1", 0, backlog=1024, ssl=tls
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each response")
    parser.add_argument("--certificate", help="file with a certificate and its key: use TLS")
    parser.add_argument("--forget", action="store_true", help="keep keys and ETags only")
    parser.add_argument("--rate", type=float, default=0.0, help="PUT requests per second")
    given = parser.parse_args()
    Bucket.forgets = given.forget
    run(serve(given.delay, given.certificate, given.rate))
