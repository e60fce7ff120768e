"""Completes responses: the headers that API Gateway adds, and no body if HTTP allows none."""

import json
from collections.abc import Iterable, Mapping

from readmodel_cfn.local.gateway.payload import compress
from readmodel_cfn.local.gateway.types import Request, Response

_BODILESS = frozenset({204, 304})


def complete(
    request: Request,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    content_type: str = "application/json",
    coding: str | None = None,
    traced: bool = False,
) -> Response:
    """The response with its IDs and Content-Type, and without a body if HTTP allows none.

    Every response has x-amzn-RequestId and x-amz-apigw-id. Only one of an AWS integration is
    `traced`, with X-Amzn-Trace-Id: MOCK and API Gateway's own errors are not (recorded on AWS by
    LocalStack). Without a mapped Content-Type it is `application/json`, even for S3's XML errors.
    Responses to HEAD, and those with 204 or 304, have no body (RFC 9110). Any other body is
    compressed if `coding` is set.
    """
    full = {"x-amzn-RequestId": request.request_id}
    if request.extended_request_id:
        full["x-amz-apigw-id"] = request.extended_request_id
    if traced and request.trace_id:
        full["X-Amzn-Trace-Id"] = request.trace_id
    full |= headers
    if not any(name.lower() == "content-type" for name in headers):
        full["Content-Type"] = content_type
    if request.method == "HEAD" or status in _BODILESS:
        return Response(status, full, b"")
    if coding:
        full["Content-Encoding"] = coding
        body = compress(body, coding)
    return Response(status, full, body)


def no_such_stage(request: Request) -> Response:
    """The response for a stage that does not exist; no gateway response applies (assumed)."""
    headers = {"x-amzn-ErrorType": "ForbiddenException"}
    return complete(request, 403, headers, b'{"message":"Forbidden"}')


def not_evaluated(request: Request, features: Iterable[str]) -> Response:
    """The 501 that names the unsupported features; API Gateway itself never returns a 501."""
    message = f"Not evaluated by this gateway: {'; '.join(features)}"
    return complete(request, 501, {}, json.dumps({"message": message}).encode())
