"""Integration responses: selects one by S3's status, and converts S3's response for the client."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from readmodel_cfn.cloudformation.rest_api.expressions import RESPONSE_SOURCES, RESPONSE_TARGET
from readmodel_cfn.local.gateway.definition import (
    DefinitionError,
    Json,
    integration_responses,
    section,
)
from readmodel_cfn.local.gateway.failures import GatewayResponseError
from readmodel_cfn.local.gateway.mapping_templates import Templates, apply, by_accept, parse_all
from readmodel_cfn.local.gateway.method_response import complete
from readmodel_cfn.local.gateway.parameter_mapping import (
    Assignment,
    Assignments,
    assign,
    compile_assignments,
)
from readmodel_cfn.local.gateway.payload import (
    Encoding,
    MediaTypes,
    preferred_coding,
    response_payload,
)
from readmodel_cfn.local.gateway.types import Exchange, Request, Response, S3Response

# API Gateway renames these headers if they are mapped, and drops Transfer-Encoding: responses of
# AWS that LocalStack recorded. Accept, Age, Content-Encoding, Content-Type, Pragma, Range, Referer,
# TE, Via and Warn keep their names, although the guide's "important notes" list them too.
_REMAPPED = {
    name.lower(): f"x-amzn-Remapped-{name}"
    for name in (
        "Authorization",
        "Connection",
        "Content-Length",
        "Content-MD5",
        "Date",
        "Expect",
        "Host",
        "Max-Forwards",
        "Proxy-Authenticate",
        "Server",
        "Trailer",
        "Upgrade",
        "User-Agent",
        "WWW-Authenticate",
    )
}
_DROPPED = frozenset({"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """A compiled integration response; without a `pattern` it is the default one.

    `declared` says whether the method has a method response of this status; `handling` is its
    contentHandling.
    """

    status: int
    pattern: re.Pattern[str] | None
    declared: bool
    headers: Assignments
    templates: Templates
    handling: str | None


def compile_responses(method: Json, place: str) -> tuple[IntegrationResponse, ...]:
    """A method's integration responses, in the definition's order; `place` is for messages.

    Raises:
        DefinitionError: a response maps a header that the method response does not declare,
            which API Gateway rejects as an "Invalid mapping expression".
    """
    method_responses = {
        str(status): response or {}
        for status, response in section(method, "methodResponses").items()
    }
    return tuple(
        _compile(status, response, method_responses.get(str(status)), place)
        for status, response in integration_responses(section(method, "methodIntegration"), place)
    )


def select(responses: Iterable[IntegrationResponse], status: int) -> IntegrationResponse:
    """The response whose pattern matches S3's whole status, else the default one.

    If several match, the first is used (assumed: AWS documents neither the order nor whether a
    pattern is anchored, so patterns should be disjoint and match the whole status).

    Raises:
        GatewayResponseError: 500, if neither exists ("No match for output mapping and no default
            output mapping configured", says the execution log), or the selected one has no method
            response.
    """
    default = None
    for response in responses:
        if response.pattern is None:
            default = default or response
        elif response.pattern.fullmatch(str(status)):
            return _with_method_response(response)
    return _with_method_response(default)


def respond(
    response: IntegrationResponse,
    exchange: Exchange,
    found: S3Response,
    encoding: Encoding,
    *,
    traced: bool,
) -> Response:
    """The client's response: only mapped headers, and the template's output or S3's body.

    The body is converted, then mapped, then compressed. `traced` is False for MOCK.
    """
    body = _body(response, exchange, found, encoding.binary_types)
    headers = assign(response.headers, {**exchange.scope, "response": found.headers})
    coding = _coding(exchange.request, found, headers, len(body), encoding.minimum_size)
    return complete(exchange.request, response.status, headers, body, coding=coding, traced=traced)


def _compile(
    status: int, response: Json, method_response: Json | None, place: str
) -> IntegrationResponse:
    parameters = section(response, "responseParameters")
    for target in parameters:
        if target not in section(method_response or {}, "responseParameters"):
            reason = f"Invalid mapping expression parameter specified: {target}"
            what = f"which the method response {status} does not declare"
            raise DefinitionError(place, f"{reason}, {what}")
    pattern = response.get("selectionPattern")
    return IntegrationResponse(
        status=status,
        pattern=re.compile(pattern) if pattern else None,
        declared=method_response is not None,
        headers=_client_names(compile_assignments(parameters, RESPONSE_TARGET, RESPONSE_SOURCES)),
        templates=parse_all(section(response, "responseTemplates")),
        handling=response.get("contentHandling"),
    )


def _client_names(headers: Assignments) -> Assignments:
    return tuple(
        Assignment(name, header.source)
        for header in headers
        if (name := _client_name(header.target))
    )


def _client_name(header: str) -> str | None:
    """The header's name for the client; None if it is dropped."""
    return None if header.lower() in _DROPPED else _REMAPPED.get(header.lower(), header)


def _with_method_response(response: IntegrationResponse | None) -> IntegrationResponse:
    if response is None or not response.declared:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return response


def _body(
    response: IntegrationResponse, exchange: Exchange, found: S3Response, binary_types: MediaTypes
) -> bytes:
    accept = exchange.request.headers.get("accept")
    content_type = found.headers.get("content-type")
    payload = response_payload(found.body, content_type, accept, response.handling, binary_types)
    if not response.templates:
        return payload.body
    template = by_accept(response.templates, accept or "")
    return apply(template, payload, {**exchange.scope, "response": found.headers})


def _coding(
    request: Request, found: S3Response, headers: Iterable[str], size: int, minimum: int | None
) -> str | None:
    """The coding to compress the body with, or None if it is too small or already encoded.

    An empty body is not compressed (assumed for a minimum of zero).
    """
    if minimum is None or not size or size < minimum:
        return None
    if any(name.lower() == "content-encoding" for name in (*headers, *found.headers)):
        return None
    return preferred_coding(request.headers.get("accept-encoding", ""))
