"""The gateway's S3 requests, sent to ministack's own S3 within the process.

Only the socket is skipped: the request is signed with the role's temporary credentials and passed
to ministack's application, which checks the signature, the role's policies and the bucket's policy
as for any client. API Gateway calls S3 over TLS, so the transport counts as secure.
"""

import asyncio
from typing import Any
from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack import app

from readmodel_cfn.local.gateway import S3Request, S3Response
from readmodel_cfn.local.sandbox.additions import s3_log
from readmodel_cfn.local.sandbox.additions.role_session import session_for

ENDPOINT = "https://s3"


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
    # A task has its own context, so that the caller's account and identity are not the role's.
    response = await asyncio.create_task(_call(scope, request.body))
    s3_log.write(request, response)
    return response


async def _signed(request: S3Request, url: str, headers: dict[str, str]) -> dict[str, str]:
    """The headers with a signature of the integration's role."""
    session = await session_for(str(request.credentials))
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.token)
    signed = AWSRequest(request.method, url, headers=headers, data=request.body)
    S3SigV4Auth(credentials, "s3", request.region).add_auth(signed)
    return dict(signed.headers.items())


async def _call(scope: dict[str, Any], body: bytes) -> S3Response:
    """ministack's response to one request, made of the messages that it sends."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app.app(scope, receive, send)
    start, *chunks = sent
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in start["headers"]}
    return S3Response(start["status"], headers, b"".join(chunk["body"] for chunk in chunks))
