"""Sends the gateway's S3 requests to ministack's S3 within the process, and logs them.

Only the socket is skipped: the request is signed with the role's temporary credentials and passed
to ministack's application, which checks the signature, the role's policies and the bucket's policy
as for any client. API Gateway calls S3 over TLS, so the transport counts as secure.

The log, s3.log beside sandbox.log, has a line for each request. It shows what no client sees: that
a condition reached S3, and that a 304 is the response of S3.
"""

import asyncio
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack import app

from readmodel_cfn.local.gateway import S3Request, S3Response
from readmodel_cfn.local.sandbox.additions.role_session import session_for

ENDPOINT = "https://s3"

_MAX_BYTES = 5_000_000  # of a log file; the previous file is kept
_CONDITIONS = ("if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "range")
_LOG = logging.getLogger("readmodel_cfn.s3")


def register() -> None:
    """Open the log file in the server's home."""
    handler = RotatingFileHandler(Path(os.environ["HOME"]) / "s3.log", "w", _MAX_BYTES, 1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _LOG.addHandler(handler)
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


async def fetch(request: S3Request) -> S3Response:
    """S3's response to the request.

    Raises:
        RoleRefusedError: the role cannot be assumed.
    """
    path = f"/{request.bucket}/{quote(request.key, safe='/-_.~')}"
    query = urlencode(request.query, quote_via=quote)
    headers = {**request.headers, "host": "s3"}
    if request.credentials:
        headers = await _signed(request, f"{ENDPOINT}{path}?{query}", headers)
    scope = {
        "type": "http",
        "scheme": "https",
        "method": request.method,
        "path": f"/{request.bucket}/{request.key}",
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
    }
    # A task has its own context, which keeps the caller's account and identity unchanged.
    response = await asyncio.create_task(_call(scope, request.body))
    _log(request, response)
    return response


async def _signed(request: S3Request, url: str, headers: dict[str, str]) -> dict[str, str]:
    """The headers, signed with the credentials of the integration's role."""
    session = await session_for(str(request.credentials))
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.token)
    signed = AWSRequest(request.method, url, headers=headers, data=request.body)
    S3SigV4Auth(credentials, "s3", request.region).add_auth(signed)
    return dict(signed.headers.items())


async def _call(scope: dict[str, Any], body: bytes) -> S3Response:
    """ministack's response to a request, from the ASGI messages that it sends."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app.app(scope, receive, send)
    start, *chunks = sent
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in start["headers"]}
    return S3Response(start["status"], headers, b"".join(chunk["body"] for chunk in chunks))


def _log(request: S3Request, response: S3Response) -> None:
    """Log a request, its conditions, and the status and size of the response."""
    conditions = [
        f"{name}: {request.headers[name]}" for name in _CONDITIONS if name in request.headers
    ]
    what = f"{request.method} {request.bucket}/{request.key}"
    _LOG.info(
        "%s", " | ".join([what, *conditions, f"{response.status} {len(response.body)} bytes"])
    )
