"""Gateway responses, which the client gets if API Gateway itself rejects or fails a request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.local.gateway.definition import Json, section, status_code
from readmodel_cfn.local.gateway.failures import FAILURES, Failure, ResponseType
from readmodel_cfn.local.gateway.mapping_templates import Templates, by_accept, parse
from readmodel_cfn.local.gateway.method_response import complete, not_evaluated
from readmodel_cfn.local.gateway.parameter_mapping import (
    GATEWAY_RESPONSE_TARGET,
    REQUEST_SOURCES,
    Assignments,
    assign,
    compile_assignments,
)
from readmodel_cfn.local.gateway.types import Request, Response, Scope
from readmodel_cfn.local.gateway.unsupported import gateway_response_features


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
_DEFAULT_BODY: Templates = {
    "application/json": parse('{"message":$context.error.messageString}', velocity=False)
}


def compile_gateway_responses(definition: Json) -> dict[str, GatewayResponse]:
    """The API's own gateway responses by type.

    Raises:
        DefinitionError: a status is not an HTTP status.
    """
    own = section(definition, "gatewayResponses")
    return {name: _compile(f"gateway response {name}", body or {}) for name, body in own.items()}


def gateway_response(
    own: Mapping[str, GatewayResponse], response_type: ResponseType, request: Request, scope: Scope
) -> Response:
    """The API's response for a type, else its DEFAULT_4XX or DEFAULT_5XX, else AWS's default.

    The status of a DEFAULT response replaces the type's status ("Changing the status code of this
    fallback gateway response changes the status codes of all other 4XX responses", developer guide,
    "Gateway response types"). The Content-Type is the template's, unless a header mapping sets one
    (assumed).
    """
    failure = FAILURES[response_type]
    chosen = own.get(response_type) or own.get(f"DEFAULT_{failure.status // 100}XX") or _DEFAULT
    if chosen.unsupported:
        return not_evaluated(request, chosen.unsupported)
    context = {**scope["context"], **_error_variables(response_type, failure)}
    headers = {"x-amzn-ErrorType": failure.error_type}
    scope = {**scope, "context": context}
    headers |= assign(chosen.headers, scope)
    accept = request.headers.get("accept", "")
    content_type, template = by_accept(chosen.templates or _DEFAULT_BODY, accept)
    body = template.render(b"", scope)
    status = chosen.status or failure.status
    return complete(request, status, headers, body, content_type=content_type)


def _compile(place: str, response: Json) -> GatewayResponse:
    status = response.get("statusCode")
    parameters = section(response, "responseParameters")
    texts = section(response, "responseTemplates")
    return GatewayResponse(
        status=status_code(status, place) if status else None,
        headers=compile_assignments(parameters, GATEWAY_RESPONSE_TARGET, REQUEST_SOURCES),
        templates={name: parse(text or "", velocity=False) for name, text in texts.items()} or None,
        unsupported=tuple(str(feature) for feature in gateway_response_features(place, response)),
    )


def _error_variables(response_type: ResponseType, failure: Failure) -> dict[str, str]:
    return {
        "error.message": failure.message,
        "error.messageString": json.dumps(failure.message),
        "error.responseType": response_type,
    }
