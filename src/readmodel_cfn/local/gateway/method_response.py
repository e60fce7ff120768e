"""The last step of every answer: the headers API Gateway adds and the bodies it leaves out."""

from collections.abc import Mapping

from .compression import compress
from .types import Request, Response

_BODILESS = frozenset({204, 304})


def complete(
    request: Request,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    content_type: str = "application/json",
    coding: str | None = None,
) -> Response:
    """The response with x-amzn-RequestId, a Content-Type, and no body where HTTP allows none.

    A Content-Type that nothing mapped is `application/json`, even for S3's XML errors. Answers to
    HEAD and those with 204 or 304 have no body (RFC 9110). Any other body is compressed where
    there is a `coding`.
    """
    full = {"x-amzn-RequestId": request.request_id, **headers}
    if not any(name.lower() == "content-type" for name in headers):
        full["Content-Type"] = content_type
    if request.method == "HEAD" or status in _BODILESS:
        return Response(status, full, b"")
    if coding:
        full["Content-Encoding"] = coding
        body = compress(body, coding)
    return Response(status, full, body)
