"""Limits the bodies of requests, which ministack keeps in memory, some of them twice.

API Gateway accepts 10 MB, and so does everything without a signature. A signed request may have
100 MB: a document has 10 MB at most, and the clients of S3 send larger objects in parts.
"""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import hypercorn.asyncio
from ministack import app

from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.unread import discard

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SIGNED_BYTES = 100 * 1024 * 1024
"""The maximum size of the body of a request with a signature."""
_SIGNATURES = (b"X-Amz-Signature=", b"Signature=")
_BY_PATH = "/_aws/execute-api/"
_BY_HOST = b".execute-api."


def register() -> None:
    """Put the limit in front of the application that hypercorn serves."""
    serve = hypercorn.asyncio.serve

    def serve_limited(application: Application, *options: Any, **named: Any) -> Any:
        return serve(limited(application), *options, **named)

    hypercorn.asyncio.serve = serve_limited
    app._decompress_request_body = _decompressed


def limited(application: Application) -> Application:
    """The application, which gets no body that is too large."""

    async def limit(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        body = _Body(receive, largest(scope))
        if not body.is_too_large(_length(scope)):

            async def send_unless_refused(message: dict[str, Any]) -> None:
                if not body.is_refused:
                    await send(message)

            await application(scope, body.receive, send_unless_refused)
        if body.is_refused:
            await _refuse(body, receive, send)

    return limit


def largest(scope: Scope) -> int:
    """The maximum size of the body of a request."""
    headers = dict(scope["headers"])
    is_signed = b"authorization" in headers or any(
        each in scope["query_string"] for each in _SIGNATURES
    )
    is_read = scope["path"].startswith(_BY_PATH) or _BY_HOST in headers.get(b"host", b"")
    return SIGNED_BYTES if is_signed and not is_read else API_PAYLOAD_BYTES


class _Body:
    """The body of a request; one that is too large ends as if the client had gone."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self.largest = largest
        self.is_refused = False
        self._receive, self._size = receive, 0

    def is_too_large(self, size: int) -> bool:
        self.is_refused = size > self.largest
        return self.is_refused

    async def receive(self) -> Mapping[str, Any]:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large(self._size) else message


def _length(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(body: _Body, receive: Receive, send: Send) -> None:
    text = b'{"message":"HTTP content length exceeded %d bytes."}' % body.largest
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": text, "more_body": True})
    await discard(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _decompressed(body: bytes, headers: dict[str, str]) -> bytes:
    """The body without gzip, as ministack does it; unchanged if it is not gzip or grows too large.

    AWS's clients compress the calls of CloudWatch, which are small.
    """
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    kept = [part for part in encodings if part.lower() != "gzip"]
    if len(kept) == len(encodings):
        return body
    reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        inflated = reader.decompress(body, API_PAYLOAD_BYTES)
    except zlib.error:
        return body
    if not reader.eof:
        return body
    del headers["content-encoding"]
    if kept:
        headers["content-encoding"] = ", ".join(kept)
    return inflated
