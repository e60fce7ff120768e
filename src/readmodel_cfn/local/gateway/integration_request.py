"""Integration requests: converts a client's request to a request for S3."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from readmodel_cfn.cloudformation.rest_api.expressions import (
    REQUEST_SOURCES,
    REQUEST_TARGETS,
    Scope,
)
from readmodel_cfn.cloudformation.rest_api.features import parse_s3_uri
from readmodel_cfn.cloudformation.s3_uri import S3Uri
from readmodel_cfn.limits import RESERVED_REQUEST_HEADERS
from readmodel_cfn.local.gateway.definition import DefinitionError, Json, section
from readmodel_cfn.local.gateway.failures import GatewayResponseError
from readmodel_cfn.local.gateway.mapping_templates import (
    Templates,
    apply,
    by_content_type,
    parse_all,
)
from readmodel_cfn.local.gateway.parameter_mapping import (
    Assignments,
    assign,
    compile_assignments,
)
from readmodel_cfn.local.gateway.payload import MediaTypes, decompressed, request_payload
from readmodel_cfn.local.gateway.types import Exchange, Request, S3Request

# API Gateway sends these to the backend without a body (LocalStack's code).
_BODILESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# The object of a MOCK that is not JSON: names without quotes, or with single ones, are in wide use.
_MOCK_STATUS = re.compile(
    r"""\s*\{(?:[^{}]*,)?\s*["']?statusCode["']?\s*:\s*(\d{3})\s*(?:,.*)?\}\s*""", re.DOTALL
)
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class RequestBody:
    """How an integration makes its request body.

    `passthrough` is its passthroughBehavior, `handling` its contentHandling (None: not set).
    """

    templates: Templates
    passthrough: str
    handling: str | None

    def build(self, request: Request, scope: Scope, binary_types: MediaTypes) -> bytes:
        """The output of the template for the request's Content-Type, or the request's own body.

        The body is decompressed, then converted, then mapped.

        Raises:
            GatewayResponseError: passthroughBehavior rejects the body (415), or a step fails.
        """
        headers = request.headers
        content_type = headers.get("content-type")
        template = by_content_type(self.templates, content_type or "")
        if template is None:
            self._check_passthrough()
            if not request.body:
                return b""
        body = decompressed(request.body, headers.get("content-encoding", ""))
        payload = request_payload(body, content_type, self.handling, binary_types)
        return apply(template, payload, scope) if template else payload.body

    def _check_passthrough(self) -> None:
        if self.passthrough == "NEVER":
            raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE")
        if self.passthrough == "WHEN_NO_TEMPLATES" and self.templates:
            raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE")


@dataclass(frozen=True, slots=True)
class Integration:
    """A compiled integration request; `uri` is None for MOCK.

    `method` is the HTTP method of the backend call; None means the client's method. `uri` and
    `credentials` can have stage variables.
    """

    uri: str | None
    method: str | None
    credentials: str | None
    body: RequestBody
    headers: Assignments
    path: Assignments
    querystring: Assignments


def compile_integration(method: Json, place: str) -> Integration:
    """A method's integration request; `place` is its HTTP method and path, for messages.

    Raises:
        DefinitionError: it maps a request parameter that the method does not declare, which API
            Gateway rejects as an "Invalid mapping expression".
    """
    integration = section(method, "methodIntegration")
    parameters = section(integration, "requestParameters")
    _check_declared(parameters, section(method, "requestParameters"), place)
    http_method = integration.get("httpMethod")
    return Integration(
        uri=integration["uri"] if integration["type"] == "AWS" else None,
        method=None if http_method == "ANY" else http_method,
        credentials=integration.get("credentials"),
        body=_compile_body(integration),
        headers=_mapped(parameters, "header"),
        path=_mapped(parameters, "path"),
        querystring=_mapped(parameters, "querystring"),
    )


def s3_request(uri: str, integration: Integration, exchange: Exchange, body: bytes) -> S3Request:
    """The call of S3: bucket and key from the URI, and only mapped headers and query parameters.

    Raises:
        GatewayResponseError: 500, if a header is not allowed, or a path parameter or a stage
            variable has no value.
    """
    method = integration.method or exchange.request.method
    variables = exchange.scope["stageVariables"]
    parsed = _parsed(_with_variables(uri, variables))
    bucket, key = _object(parsed, assign(integration.path, exchange.scope))
    credentials = integration.credentials
    return S3Request(
        method=method,
        bucket=bucket,
        key=key,
        region=str(parsed.region),
        credentials=_with_variables(credentials, variables) if credentials else None,
        headers=_headers(integration, exchange.scope),
        query=assign(integration.querystring, exchange.scope),
        body=b"" if method in _BODILESS_METHODS else body,
    )


def mock_status(body: bytes) -> int:
    """The status in the request body of a MOCK integration: `{"statusCode": 200}`.

    It must be a number of the object itself (LocalStack's code).

    Raises:
        GatewayResponseError: 500, if the body has no status.
    """
    text = body.decode(errors="replace")
    try:
        found = json.loads(text)
    except ValueError:
        match = _MOCK_STATUS.fullmatch(text)
        status = int(match[1]) if match else None
    else:
        status = found.get("statusCode") if isinstance(found, dict) else None
    if type(status) is not int or not 100 <= status <= 999:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return status


def _with_variables(text: str, variables: Mapping[str, str]) -> str:
    """The text with the values of its stage variables.

    A variable without a value is a configuration error (assumed).
    """
    if "${" not in text:
        return text
    try:
        return _STAGE_VARIABLE.sub(lambda match: variables[match[1]], text)
    except KeyError:
        raise GatewayResponseError("API_CONFIGURATION_ERROR") from None


@lru_cache(maxsize=1024)
def _parsed(uri: str) -> S3Uri:
    """The S3 URI; if it is not one after its variables are filled in, a configuration error."""
    found = parse_s3_uri(uri)
    if found is None:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return found


def _check_declared(parameters: Json, declared: Json, place: str) -> None:
    for source in parameters.values():
        if source.startswith("method.request.") and source not in declared:
            reason = f"Invalid mapping expression parameter specified: {source}"
            raise DefinitionError(place, f"{reason}, which the method does not declare")


def _mapped(parameters: Json, kind: str) -> Assignments:
    return compile_assignments(parameters, REQUEST_TARGETS[kind], REQUEST_SOURCES)


def _compile_body(integration: Json) -> RequestBody:
    """The body part of an integration's definition."""
    return RequestBody(
        templates=parse_all(section(integration, "requestTemplates")),
        passthrough=integration.get("passthroughBehavior") or "WHEN_NO_MATCH",
        handling=integration.get("contentHandling"),
    )


def _headers(integration: Integration, scope: Scope) -> dict[str, str]:
    mapped = assign(integration.headers, scope)
    headers = {name.lower(): value for name, value in mapped.items()}
    if not RESERVED_REQUEST_HEADERS.isdisjoint(headers):
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return headers


def _object(uri: S3Uri, parameters: Mapping[str, str]) -> tuple[str, str]:
    """Bucket and key, with the mapped path parameters filled in.

    A parameter without a value is a configuration error: API Gateway keeps its braces in the URI
    and then rejects it: "Illegal character in path" (re:Post knowledge center,
    api-gateway-proxy-path-character-error). Values are filled in decoded; the sources disagree on
    how API Gateway sends spaces, `+` and `%` to S3 (assumed).
    """
    if not parameters.keys() >= set(uri.parameters):
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    bucket, key = map(str, uri.filled(parameters))
    if not bucket:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return bucket, key
