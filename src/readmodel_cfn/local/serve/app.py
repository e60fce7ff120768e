"""The ASGI application that answers HTTP requests with an API."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.limits import API_HEADER_BYTES, API_PAYLOAD_BYTES, API_URL_LENGTH
from readmodel_cfn.local.gateway import Response
from readmodel_cfn.local.gateway.method_response import no_such_stage
from readmodel_cfn.local.gateway.requests import client_request, parse_query
from readmodel_cfn.local.serve.api import Api
from readmodel_cfn.local.serve.hosts import names_this_machine
from readmodel_cfn.local.serve.page_origins import PageOrigins
from readmodel_cfn.local.unread import discard

NO_MORE_ORIGINS = PageOrigins(())

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_BODILESS = frozenset({204, 304})
_CLOSE = (b"connection", b"close")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]+")
_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_PIECE = 64 * 1024
"""Bytes of a response that are sent at once; the next ones follow when the client has read them."""


def _error(status: int, message: str) -> Response:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status, {"Content-Type": "application/json"}, body)


_OTHER_HOST = _error(
    403, "Forbidden: use 127.0.0.1 or localhost, or name the host with --host or --origin"
)
# API Gateway's message for headers (https://ntsblog.homedev.com.au/index.php/2021/03/09/
# aws-api-gateway-http-header-is-larger-than-10240-bytes/) with the status that clients report
# (https://backbencher.dev/solved-431-status-code-with-request-header-fields-too-large). Both for
# the URL are (assumed).
_HEADERS_TOO_LARGE = _error(431, f"HTTP header is larger than {API_HEADER_BYTES} bytes.")
_URL_TOO_LONG = _error(414, f"An HTTP line is larger than {API_URL_LENGTH} bytes.")
_FAILED = _error(500, "Internal server error")


@dataclass(frozen=True)
class Answered:
    """A request that was answered: its method, path and query as sent, status and time."""

    method: str
    target: str
    status: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.method} {self.target} {self.status} {self.seconds * 1000:.1f} ms"


class App:
    """Serves `api`, which can be replaced at any time; `log` gets every answered request.

    Pages of the `origins` can read, too, besides those that the API allows. The Host header must
    name this machine, the `host` to serve on, or one of the origins.
    """

    def __init__(
        self,
        api: Api,
        log: Callable[[Answered], None] | None,
        origins: PageOrigins = NO_MORE_ORIGINS,
        host: str = "127.0.0.1",
    ) -> None:
        self.api = api
        self._log, self._origins, self._host = log, origins, host

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request; the ASGI 3 interface."""
        start = time.perf_counter()
        body = await _body(scope["headers"], receive)
        response = await self._answer(scope, body)
        await _send(scope, response, body, receive, send)
        if self._log:
            seconds = time.perf_counter() - start
            self._log(Answered(scope["method"], _target(scope), response.status, seconds))

    async def _answer(self, scope: Message, body: bytes | None) -> Response:
        try:
            refused = None if body is None else self._refusal(scope)
            return refused or await self._read(scope, body)
        except Exception as error:  # noqa: BLE001 - the server continues
            self.api.note(f"{scope['method']} {_target(scope)}: {type(error).__name__}: {error}")
            return _FAILED

    def _refusal(self, scope: Message) -> Response | None:
        """The response to a request that is not one for this API, or too large."""
        named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if absolute := _ABSOLUTE.match(scope["path"]):
            named.append(absolute[1])
        if not named or not all(self._allows(host, scope) for host in named):
            return _OTHER_HOST
        if len(_target(scope)) > API_URL_LENGTH:
            return _URL_TOO_LONG
        if sum(len(name) + 2 + len(value) for name, value in scope["headers"]) > API_HEADER_BYTES:
            return _HEADERS_TOO_LARGE
        return None

    def _allows(self, host: str, scope: Message) -> bool:
        address = (scope.get("server") or ("",))[0]
        return names_this_machine(host, self._host, address) or self._origins.allows_host(host)

    async def _read(self, scope: Message, body: bytes | None) -> Response:
        api = self.api
        path = api.below_stage(_ABSOLUTE.sub("", scope["path"], count=1))
        request = client_request(
            scope["method"],
            path or "/",
            _joined(scope["headers"]),
            parse_query(scope["query_string"].decode("latin-1")),
            body or b"",
            source_ip=(scope.get("client") or ("",))[0],
            protocol=f"HTTP/{scope.get('http_version', '1.1')}",
        )
        if path is None:
            response = no_such_stage(request)
        elif body is None:
            response = api.gateway.failed(request, "REQUEST_TOO_LARGE")
        elif api.s3.is_remote:  # other requests are served meanwhile
            response = await asyncio.to_thread(api.answer, request)
        else:
            response = api.answer(request)
        return self._origins.adapted(request, response, answers_preflights=api.answers_preflights)


async def _body(headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes | None:
    """The request's body; None if it is larger than API Gateway allows, which is not read further.

    Without Content-Length and Transfer-Encoding there is no body to wait for.
    """
    length = dict(headers).get(b"content-length")
    is_chunked = any(name == b"transfer-encoding" for name, _ in headers)
    if length is None and not is_chunked:
        return b""
    if length is not None and not is_chunked and int(length) > API_PAYLOAD_BYTES:
        return None
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > API_PAYLOAD_BYTES:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


async def _send(
    scope: Message, response: Response, body: bytes | None, receive: Receive, send: Send
) -> None:
    """Send a response; if the request's body was not read to its end, then close the connection."""
    is_unread = body is None
    headers = [*_headers(scope["method"], response), *([_CLOSE] if is_unread else [])]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    for start in range(0, len(response.body) - _PIECE, _PIECE):
        piece = response.body[start : start + _PIECE]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    rest = response.body[(max(len(response.body) - 1, 0) // _PIECE) * _PIECE :]
    await send({"type": "http.response.body", "body": rest, "more_body": is_unread})
    if is_unread:
        await discard(receive)
        await send({"type": "http.response.body", "body": b""})


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones are joined with a comma."""
    joined: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        joined[name] = f"{joined[name]},{text}" if name in joined else text
    return joined


def _headers(method: str, response: Response) -> list[tuple[bytes, bytes]]:
    """The response's headers, with the length of the body if it may have one.

    The response to HEAD has no Content-Length, because the size of the body is unknown here.
    """
    headers = [
        (name.encode("latin-1"), _CONTROL.sub(b" ", value.encode("latin-1", "replace")).strip())
        for name, value in response.headers.items()
        if _TOKEN.fullmatch(name.encode("latin-1", "replace"))
    ]
    if method != "HEAD" and response.status not in _BODILESS:
        headers.append((b"content-length", str(len(response.body)).encode()))
    return headers


def _target(scope: Message) -> str:
    """The path and query as sent, percent-encoded and so without control characters."""
    path, query = scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path
