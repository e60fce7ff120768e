"""An S3 in memory, fast enough that it is not what a benchmark of its clients measures.

    python benchmarks/fast_s3.py [--certificate FILE --key FILE] [--delay 0.02]

It prints its port and serves until it is ended. `--delay` sends each answer so many seconds later,
the 100 that some clients wait for included, since each is a round trip; answers of different
connections wait together. It needs uvloop.
"""

import argparse
import asyncio
import ssl
import sys
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from publish_buckets import Answer, Buckets
from uvloop import run

_REASONS = {one.value: one.phrase for one in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its answer, the next."""

    def __init__(self, buckets: Buckets, delay: float) -> None:
        self._buckets, self._delay = buckets, delay
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to answer on."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._received += data
        while self._head or self._read_head():
            assert self._head
            method, target, headers = self._head
            body = self._body(headers)
            if body is None:
                return
            self._head = None
            self._send(_written(self._buckets.answer(method, target, headers, body), method))

    def _read_head(self) -> bool:
        """Take the head of a request, where all of it is there."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        del self._received[: end + 4]
        method, target, _ = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        self._head = method, target, {name.lower(): value.strip() for name, _, value in pairs}
        if "expect" in self._head[2]:
            self._send(_CONTINUE)
        return True

    def _body(self, headers: dict[str, str]) -> bytes | None:
        """Take the body, where all of it is there."""
        if "chunked" in headers.get("transfer-encoding", ""):
            return _content(self._chunked(), headers)
        length = int(headers.get("content-length", 0))
        if len(self._received) < length:
            return None
        body = bytes(self._received[:length])
        del self._received[:length]
        return _content(body, headers)

    def _chunked(self) -> bytes | None:
        found = unchunked(bytes(self._received))
        if found is None:
            return None
        body, _, length = found
        del self._received[:length]
        return body

    def _send(self, answer: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)
        else:
            self._transport.write(answer)


def _content(body: bytes | None, headers: dict[str, str]) -> bytes | None:
    """The content of a body that AWS's own chunks are in, whose checksum comes at the end.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
    """
    if body is None or not headers.get("x-amz-content-sha256", "").startswith("STREAMING"):
        return body
    found = unchunked(body)
    if found is None:
        return b""  # which has not the checksum of what was sent
    content, trailer, _ = found
    headers |= trailer
    return content


def unchunked(data: bytes) -> tuple[bytes, dict[str, str], int] | None:
    """The content of chunks, what is told behind them, and their length; None: there is more."""
    parts: list[bytes] = []
    at = 0
    while (end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:end].partition(b";")[0], 16)
        if size == 0:
            return _trailed(b"".join(parts), data, end + 2)
        parts.append(data[end + 2 : end + 2 + size])
        at = end + 4 + size
    return None


def _trailed(content: bytes, data: bytes, at: int) -> tuple[bytes, dict[str, str], int] | None:
    trailer: dict[str, str] = {}
    while (end := data.find(b"\r\n", at)) >= 0:
        if end == at:
            return content, trailer, end + 2
        name, _, value = data[at:end].decode("latin-1").partition(":")
        trailer[name.lower()] = value.strip()
        at = end + 2
    return None


def _written(answer: Answer, method: str) -> bytes:
    """An answer as it goes over the wire."""
    length = len(answer.body) if answer.length is None else answer.length
    lines = [f"{name}: {value}\r\n" for name, value in answer.headers.items()]
    head = f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\n{''.join(lines)}"
    body = b"" if method == "HEAD" else answer.body
    return f"{head}content-length: {length}\r\n\r\n".encode("latin-1") + body


async def serve(delay: float, certificate: Path | None, key: Path | None) -> None:
    """Serve until ended."""
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
    buckets, loop = Buckets(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(buckets, delay), "127.0.0.1", 0, ssl=context, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--certificate", type=Path, help="serve TLS with this chain")
    parser.add_argument("--key", type=Path, help="its private key")
    return parser.parse_args(given)


if __name__ == "__main__":
    asked = arguments()
    try:
        run(serve(asked.delay, asked.certificate, asked.key))
    except KeyboardInterrupt:
        sys.exit(0)
