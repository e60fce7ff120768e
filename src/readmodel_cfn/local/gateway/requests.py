"""Client requests: their IDs, their query string, and the HTTP method that they override."""

import re
import time
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from os import urandom
from urllib.parse import parse_qsl

from readmodel_cfn.local.gateway.types import Request

_TRACE_ID = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;.*)?")
_OVERRIDE = "x-http-method-override"


def client_request(
    method: str,
    path: str,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes = b"",
    *,
    source_ip: str = "",
    request_id: str = "",
    protocol: str = "HTTP/1.1",
) -> Request:
    """A request that arrives now, with new IDs.

    The client's X-Amzn-Trace-Id is kept if it is a trace ID (recorded on AWS by LocalStack).
    Mappings and templates see it, or the new one (assumed).
    """
    now = time.time()
    random = urandom(23)
    sent = headers.get("x-amzn-trace-id", "")
    trace_id = sent if _TRACE_ID.fullmatch(sent) else f"Root=1-{int(now):08x}-{random[:12].hex()}"
    return Request(
        method,
        path,
        {**headers, "x-amzn-trace-id": trace_id},
        query,
        body,
        request_id=request_id or str(uuid.uuid4()),
        extended_request_id=b64encode(random[12:]).decode(),
        trace_id=trace_id,
        source_ip=source_ip,
        protocol=protocol,
        time=now,
    )


def parse_query(text: str) -> dict[str, str]:
    """The parameters of a query string: API Gateway maps the last value of a repeated one.

    A semicolon separates parameters too ("results in the data being split", developer guide,
    "Amazon API Gateway important notes").
    """
    if ";" in text:
        text = text.replace(";", "&")
    return dict(parse_qsl(text, keep_blank_values=True))


def with_override(request: Request) -> Request:
    """The request with the HTTP method that its X-HTTP-Method-Override names.

    "If the request includes the X-HTTP-Method-Override header, API Gateway overrides the method"
    (developer guide, "Amazon API Gateway important notes").
    """
    method = request.headers.get(_OVERRIDE)
    return replace(request, method=method.strip().upper()) if method else request
