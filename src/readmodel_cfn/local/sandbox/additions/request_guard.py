"""Rejects requests of web pages: other hosts and origins, and control calls without a token.

A page of any site can send requests to 127.0.0.1. The browser sends the page's origin in Origin,
and the page's host in Host if that name resolves to 127.0.0.1 (DNS rebinding). Both are rejected at
every path, before ministack gets the request. ministack's control calls, such as
`POST /_ministack/reset`, need the token of this instance, which is in its state file.

The guard is between the socket and ministack, so it does not affect calls within the process.
"""

import hmac
import json
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import hypercorn.asyncio

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = "x-sandbox-token"
"""The header that carries the token of the instance."""

# `localhost` and the names below it, such as BUCKET.localhost and API.execute-api.localhost, which
# cannot be registered: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
_HOST = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9_-]+\.)*localhost)(:\d{1,5})?", re.IGNORECASE)
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}", re.IGNORECASE)
_LONGEST_BODY = 1024 * 1024
"""Bytes of a refused request's body that are read."""
_CONTROL = ("_ministack", "_localstack")
_HEALTH = ("/_ministack/health", "/_localstack/health")
# A template's custom resources and wait conditions call these; the URL ends with a random token, as
# the presigned URL on AWS does.
_WITH_THEIR_OWN_TOKEN = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")


def register() -> None:
    """Put the guard in front of the application that hypercorn serves."""
    serve = hypercorn.asyncio.serve
    token = os.environ["READMODEL_CFN_SANDBOX_TOKEN"]

    def serve_guarded(application: Application, *options: Any, **named: Any) -> Any:
        return serve(guarded(application, token), *options, **named)

    hypercorn.asyncio.serve = serve_guarded


def guarded(application: Application, token: str) -> Application:
    """The application behind the guard."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        reason = refusal(scope, token) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _read_body(receive)
            await _refuse(send, reason)

    return guard


def refusal(scope: Scope, token: str) -> str | None:
    """The reason to reject the request, with what to do instead; None if it is accepted."""
    hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
    if not hosts or not all(_HOST.fullmatch(host) for host in hosts):
        return "the Host header must name this machine; use 127.0.0.1 or localhost"
    if any(hmac.compare_digest(given.encode(), token.encode()) for given in _tokens(scope)):
        return None
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        return f"pages of another origin may not call the sandbox; send its token as {HEADER}"
    if _is_control_call(scope["path"]):
        return f"a control call needs the sandbox's token, from its state file, as {HEADER}"
    return None


def _tokens(scope: Scope) -> Iterable[str]:
    return _values(scope, HEADER.encode())


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _is_control_call(path: str) -> bool:
    """Whether the path, percent-decoded, could be one of ministack's control calls."""
    if path in _HEALTH or path.startswith(_WITH_THEIR_OWN_TOKEN):
        return False
    return path.lstrip("/").lower().startswith(_CONTROL)


async def _read_body(receive: Receive) -> None:
    """Read the body that is refused: a client that is still sending would not get the response."""
    received, more = 0, True
    while more and received <= _LONGEST_BODY:
        message = await receive()
        received += len(message.get("body", b""))
        more = bool(message.get("more_body"))


async def _refuse(send: Send, reason: str) -> None:
    body = json.dumps({"message": f"Forbidden: {reason}"}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # a body longer than _LONGEST_BODY is not read to its end
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
