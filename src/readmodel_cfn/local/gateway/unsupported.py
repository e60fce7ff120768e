"""What this gateway cannot evaluate of a definition, one line for each thing."""

import re
from collections.abc import Iterator, Mapping

from .definition import Json, integration_responses, methods, section
from .expressions import REQUEST_SOURCES, RESPONSE_SOURCES, Place, parse
from .gateway_responses import PREFIX as GATEWAY_PREFIX
from .integration_request import TARGETS
from .integration_response import PREFIX as RESPONSE_PREFIX
from .templates import not_supported
from .uri import parse as parse_uri


def unsupported(definition: Json) -> list[str]:
    """One line for each thing the gateway does not evaluate, with its method and path.

    A method with a line of `method_findings` answers 501. The other lines are checks that are left
    out: answers are given without them. Raises `DefinitionError` for a definition that cannot be
    read.
    """
    return [
        *_api_findings(definition),
        *_gateway_response_findings(section(definition, "gatewayResponses")),
        *_all_method_findings(definition),
    ]


def method_findings(method: Json, place: str) -> list[str]:
    """Why a method cannot be evaluated at all; empty for one that can.

    `place` is its HTTP method and path, for a `DefinitionError`.
    """
    integration = section(method, "methodIntegration")
    found = list(_authorization(method))
    match integration.get("type"):
        case "MOCK":
            pass
        case "AWS":
            found += _s3_integration(integration)
        case other:
            return [*found, f"integration type {other}"]
    return found + list(_templates(integration)) + list(_responses(integration, place))


def _api_findings(definition: Json) -> Iterator[str]:
    if definition.get("policy"):
        yield "resource policy: not checked"
    for path, name, method in methods(definition):
        if method.get("apiKeyRequired"):
            yield f"{name} {path}: API key: not checked"
        if method.get("requestValidatorId"):
            yield f"{name} {path}: request validator: not evaluated"


def _all_method_findings(definition: Json) -> Iterator[str]:
    for path, name, method in methods(definition):
        place = f"{name} {path}"
        for finding in method_findings(method, place):
            yield f"{place}: {finding}"


def _gateway_response_findings(responses: Json) -> Iterator[str]:
    for name, response in responses.items():
        for finding in _gateway_response(response or {}):
            yield f"gateway response {name}: {finding}"


def _gateway_response(response: Json) -> Iterator[str]:
    parameters = section(response, "responseParameters")
    yield from _mappings(parameters, (GATEWAY_PREFIX,), REQUEST_SOURCES)
    for content_type, text in section(response, "responseTemplates").items():
        for used in not_supported(text or "", velocity=False):
            yield f"template {content_type}: {used}"


def _authorization(method: Json) -> Iterator[str]:
    authorization = method.get("authorizationType") or "NONE"
    if authorization != "NONE":
        yield f"authorization {authorization}"


def _s3_integration(integration: Json) -> Iterator[str]:
    uri = integration.get("uri") or ""
    if parse_uri(uri) is None:
        yield f"integration URI {uri!r} (only arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY)"
    if "${" in (integration.get("credentials") or ""):
        yield "stage variables in credentials"
    parameters = section(integration, "requestParameters")
    yield from _mappings(parameters, tuple(TARGETS.values()), REQUEST_SOURCES)


def _templates(integration: Json) -> Iterator[str]:
    for content_type, text in section(integration, "requestTemplates").items():
        for used in not_supported(text or ""):
            yield f"request template {content_type}: {used}"


def _responses(integration: Json, place: str) -> Iterator[str]:
    for status, response in integration_responses(integration, place):
        parameters = section(response, "responseParameters")
        for finding in _mappings(parameters, (RESPONSE_PREFIX,), RESPONSE_SOURCES):
            yield f"response {status}: {finding}"
        if not _readable(pattern := response.get("selectionPattern") or ""):
            yield f"response {status}: selection pattern {pattern!r}"
        for content_type, text in section(response, "responseTemplates").items():
            for used in not_supported(text or ""):
                yield f"response {status}: template {content_type}: {used}"


def _readable(pattern: str) -> bool:
    """Whether Python reads the pattern; AWS's are Java's, which differ in rare forms only."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _mappings(
    parameters: Json, prefixes: tuple[str, ...], sources: Mapping[str, Place]
) -> Iterator[str]:
    for target, source in parameters.items():
        if not target.startswith(prefixes):
            yield f"mapping to {target}"
        elif parse(source, sources) is None:
            yield f"mapping from {source}"
