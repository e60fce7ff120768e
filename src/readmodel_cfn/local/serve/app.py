"""The ASGI application that answers HTTP requests with an API."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.gateway import Response
from readmodel_cfn.local.gateway.method_response import no_such_stage
from readmodel_cfn.local.gateway.requests import client_request, parse_query
from readmodel_cfn.local.serve.api import Api
from readmodel_cfn.local.serve.page_origins import PageOrigins

NO_MORE_ORIGINS = PageOrigins(())

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_OTHER_HOST = Response(
    403,
    {"Content-Type": "application/json"},
    b'{"message":"Forbidden: use 127.0.0.1 or localhost, or name the host with --origin"}',
)
_BODILESS = frozenset({204, 304})


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

    Pages of the `origins` can read, too, besides those that the API allows. With `local`, the
    Host header must name this machine or one of them.
    """

    def __init__(
        self,
        api: Api,
        log: Callable[[Answered], None] | None,
        origins: PageOrigins = NO_MORE_ORIGINS,
        *,
        local: bool = False,
    ) -> None:
        self.api = api
        self._log, self._origins, self._local = log, origins, local

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request; the ASGI 3 interface."""
        start = time.perf_counter()
        body = await _body(scope["headers"], receive)
        response = await self._answer(scope, body)
        head = {"status": response.status, "headers": _headers(scope["method"], response)}
        await send({"type": "http.response.start", **head})
        await send({"type": "http.response.body", "body": response.body})
        if self._log:
            seconds = time.perf_counter() - start
            self._log(Answered(scope["method"], _target(scope), response.status, seconds))

    async def _answer(self, scope: Message, body: bytes | None) -> Response:
        headers = _joined(scope["headers"])
        if self._local and not self._origins.allows_host(headers.get("host", "localhost")):
            return _OTHER_HOST
        api = self.api
        path = api.below_stage(scope["path"])
        headers = _joined(scope["headers"])
        request = client_request(
            scope["method"],
            path or "/",
            headers,
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
    """The request's body; None if it is larger than API Gateway allows.

    Without Content-Length and Transfer-Encoding there is no body to wait for. A body that is too
    large is read to its end but discarded, so that the client gets the response.
    """
    if not any(name in (b"content-length", b"transfer-encoding") for name, _ in headers):
        return b""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > API_PAYLOAD_BYTES:
            parts.clear()
        else:
            parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts) if size <= API_PAYLOAD_BYTES else None


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
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers.items()
    ]
    if method != "HEAD" and response.status not in _BODILESS:
        headers.append((b"content-length", str(len(response.body)).encode()))
    return headers


def _target(scope: Message) -> str:
    """The path and query as sent, percent-encoded and so without control characters."""
    path, query = scope["raw_path"].decode("ascii"), scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path
