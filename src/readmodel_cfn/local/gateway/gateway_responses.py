"""Gateway responses, which the client gets if API Gateway itself rejects or fails a request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.cloudformation.rest_api.expressions import (
    GATEWAY_RESPONSE_TARGET,
    REQUEST_SOURCES,
    Scope,
)
from readmodel_cfn.cloudformation.rest_api.features import gateway_response_features
from readmodel_cfn.local.gateway.definition import Json, section, status_code
from readmodel_cfn.local.gateway.failures import FAILURES, ResponseType
from readmodel_cfn.local.gateway.mapping_templates import Templates, by_accept, parse_all
from readmodel_cfn.local.gateway.method_response import complete, not_evaluated
from readmodel_cfn.local.gateway.parameter_mapping import (
    Assignments,
    assign,
    compile_assignments,
)
from readmodel_cfn.local.gateway.types import Request, Response


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """A gateway response; without `status` or `templates` it has those of its type.

    `unsupported` are the features that this gateway does not evaluate.
    """

    status: int | None = None
    headers: Assignments = ()
    templates: Templates | None = None
    unsupported: tuple[str, ...] = ()


_DEFAULT = GatewayResponse()
_DEFAULT_BODY = parse_all(
    {"application/json": '{"message":$context.error.messageString}'}, velocity=False
)
# The messageString of these types has a space in front of its quote: "Internal server error" has a
# Content-Length of 36 (recorded on AWS by LocalStack).
_SPACED = frozenset({"API_CONFIGURATION_ERROR", "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS"})


def compile_gateway_responses(definition: Json) -> dict[str, GatewayResponse]:
    """The API's own gateway responses by type.

    Raises:
        DefinitionError: a status is not an HTTP status.
    """
    own = section(definition, "gatewayResponses")
    return {name: _compile(f"gateway response {name}", body or {}) for name, body in own.items()}


def gateway_response(
    own: Mapping[str, GatewayResponse],
    response_type: ResponseType,
    request: Request,
    scope: Scope,
    message: str | None = None,
) -> Response:
    """The API's response for a type, else its DEFAULT_4XX or DEFAULT_5XX, else AWS's default.

    The status of a DEFAULT response replaces the type's status ("Changing the status code of this
    fallback gateway response changes the status codes of all other 4XX responses", developer guide,
    "Gateway response types"). The Content-Type is the template's, unless a header mapping sets one
    (assumed). `message` replaces the type's message.
    """
    failure = FAILURES[response_type]
    chosen = own.get(response_type) or own.get(f"DEFAULT_{failure.status // 100}XX") or _DEFAULT
    if chosen.unsupported:
        return not_evaluated(request, chosen.unsupported)
    errors = _error_variables(response_type, message or failure.message)
    headers = {"x-amzn-ErrorType": failure.error_type}
    scope = {**scope, "context": {**scope["context"], **errors}}
    headers |= assign(chosen.headers, scope)
    accept = request.headers.get("accept", "")
    template = by_accept(chosen.templates or _DEFAULT_BODY, accept)
    body = template.render(b"", scope)
    status = chosen.status or failure.status
    return complete(request, status, headers, body, content_type=template.content_type)


def _compile(place: str, response: Json) -> GatewayResponse:
    status = response.get("statusCode")
    parameters = section(response, "responseParameters")
    texts = section(response, "responseTemplates")
    return GatewayResponse(
        status=status_code(status, place) if status else None,
        headers=compile_assignments(parameters, GATEWAY_RESPONSE_TARGET, REQUEST_SOURCES),
        templates=parse_all(texts, velocity=False) or None,
        unsupported=tuple(
            f"{place}: {feature}" for feature, _ in gateway_response_features(response)
        ),
    )


def _error_variables(response_type: ResponseType, message: str) -> dict[str, str]:
    space = " " if response_type in _SPACED else ""
    return {
        "error.message": message,
        "error.messageString": space + json.dumps(message),
        "error.responseType": response_type,
    }
