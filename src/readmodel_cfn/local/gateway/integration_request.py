"""Integration requests: what a client's request becomes for S3."""

from dataclasses import dataclass

from readmodel_cfn.cloudformation.s3_uri import S3Uri

from .definition import DefinitionError, Json, section
from .exchange import Exchange
from .expressions import REQUEST_SOURCES, Scope
from .failures import GatewayResponseError
from .mapping import Assignments, assign, compile_assignments
from .request_body import RequestBody, compile_body
from .types import S3Request
from .uri import locate, parse

TARGETS = {
    "header": "integration.request.header.",
    "path": "integration.request.path.",
    "querystring": "integration.request.querystring.",
}
"""What a request mapping can set, and how such targets start."""

# API Gateway sends no body with these to the backend (as in LocalStack's code).
_BODILESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Mapping a value to one of these ends in a 500 at run time (recorded on AWS by LocalStack).
_ILLEGAL_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "expect",
        "proxy-authenticate",
        "te",
        "transfer-encoding",
    }
)


@dataclass(frozen=True, slots=True)
class Integration:
    """A compiled integration request; `uri` is None for MOCK.

    `method` is None where the backend is called with the client's method.
    """

    uri: S3Uri | None
    method: str | None
    credentials: str | None
    body: RequestBody
    headers: Assignments
    path: Assignments
    querystring: Assignments


def compile_integration(method: Json, place: str) -> Integration:
    """A method's integration request.

    Raises `DefinitionError`, naming `place` (method and path), for a mapped request parameter that
    the method does not declare: AWS refuses it as an "Invalid mapping expression".
    """
    integration = section(method, "methodIntegration")
    parameters = section(integration, "requestParameters")
    _check_declared(parameters, section(method, "requestParameters"), place)
    http_method = integration.get("httpMethod")
    return Integration(
        uri=parse(integration["uri"]) if integration["type"] == "AWS" else None,
        method=None if http_method == "ANY" else http_method,
        credentials=integration.get("credentials"),
        body=compile_body(integration),
        headers=_mapped(parameters, "header"),
        path=_mapped(parameters, "path"),
        querystring=_mapped(parameters, "querystring"),
    )


def _check_declared(parameters: Json, declared: Json, place: str) -> None:
    for source in parameters.values():
        if source.startswith("method.request.") and source not in declared:
            raise DefinitionError(f"{place}: maps {source}, which the method does not declare")


def _mapped(parameters: Json, kind: str) -> Assignments:
    return compile_assignments(parameters, TARGETS[kind], REQUEST_SOURCES)


def s3_request(uri: S3Uri, integration: Integration, exchange: Exchange, body: bytes) -> S3Request:
    """The call of S3: bucket and key from the URI, mapped headers and query only.

    Raises `GatewayResponseError` (500) for an illegal header or an unfilled path parameter.
    """
    method = integration.method or exchange.request.method
    bucket, key = locate(uri, assign(integration.path, exchange.scope))
    return S3Request(
        method=method,
        bucket=bucket,
        key=key,
        region=str(uri.region),
        credentials=integration.credentials,
        headers=_headers(integration, exchange.scope),
        query=assign(integration.querystring, exchange.scope),
        body=b"" if method in _BODILESS_METHODS else body,
    )


def _headers(integration: Integration, scope: Scope) -> dict[str, str]:
    mapped = assign(integration.headers, scope)
    headers = {name.lower(): value for name, value in mapped.items()}
    if not _ILLEGAL_HEADERS.isdisjoint(headers):
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return headers
