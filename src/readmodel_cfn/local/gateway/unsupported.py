"""The features of a definition that this gateway does not evaluate."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from readmodel_cfn.local.gateway.definition import (
    Json,
    integration_responses,
    methods,
    section,
)
from readmodel_cfn.local.gateway.integration_request import parse_uri
from readmodel_cfn.local.gateway.mapping_templates import not_supported
from readmodel_cfn.local.gateway.parameter_mapping import (
    GATEWAY_RESPONSE_TARGET,
    REQUEST_SOURCES,
    REQUEST_TARGETS,
    RESPONSE_SOURCES,
    RESPONSE_TARGET,
    parse_expression,
)
from readmodel_cfn.local.gateway.types import Place

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class UnsupportedFeature:
    """A feature that the gateway does not evaluate: requests that use it get a 501 with its name.

    `place` is the method and path (`GET /things`), `gateway response TYPE`, or empty for the whole
    API. `keys` is the path to the CloudFormation property that has the feature.
    """

    place: str
    feature: str
    keys: Keys

    def __str__(self) -> str:
        return f"{self.place}: {self.feature}" if self.place else self.feature


def unsupported(definition: Json) -> list[UnsupportedFeature]:
    """Every feature of the definition that the gateway does not evaluate.

    Raises:
        DefinitionError: the definition cannot be read.
    """
    found = [*api_features(definition)]
    for name, response in section(definition, "gatewayResponses").items():
        found += gateway_response_features(f"gateway response {name}", response or {})
    for place, method in methods(definition):
        found += method_features(place, method)
    return found


def api_features(definition: Json) -> Iterator[UnsupportedFeature]:
    """The unsupported features that affect every request to the API."""
    if definition.get("policy"):
        yield UnsupportedFeature("", "resource policy", ("Policy",))


def gateway_response_features(place: str, response: Json) -> Iterator[UnsupportedFeature]:
    """The unsupported features of a gateway response; `place` is its name in messages."""
    parameters = section(response, "responseParameters")
    for feature, keys in _mappings(parameters, (GATEWAY_RESPONSE_TARGET,), REQUEST_SOURCES):
        yield UnsupportedFeature(place, feature, ("ResponseParameters", *keys))
    for content_type, text in section(response, "responseTemplates").items():
        for used in not_supported(text or "", velocity=False):
            feature = f"template {content_type}: {used}"
            yield UnsupportedFeature(place, feature, ("ResponseTemplates", content_type))


def method_features(place: str, method: Json) -> Iterator[UnsupportedFeature]:
    """The unsupported features of a method; `place` is its HTTP method and path.

    Raises:
        DefinitionError: a status is not an HTTP status.
    """
    for feature, keys in (*_method_request(method), *_integration(method, place)):
        yield UnsupportedFeature(place, feature, keys)


def _method_request(method: Json) -> Iterator[tuple[str, Keys]]:
    authorization = method.get("authorizationType") or "NONE"
    if authorization != "NONE":
        yield f"authorization {authorization}", ("AuthorizationType",)
    if method.get("apiKeyRequired"):
        yield "API key", ("ApiKeyRequired",)
    if method.get("requestValidatorId"):
        yield "request validator", ("RequestValidatorId",)


def _integration(method: Json, place: str) -> Iterator[tuple[str, Keys]]:
    integration = section(method, "methodIntegration")
    match integration.get("type"):
        case "MOCK":
            pass
        case "AWS":
            yield from _s3_integration(integration)
        case other:
            yield f"integration type {other}", ("Integration", "Type")
            return
    for content_type, text in section(integration, "requestTemplates").items():
        for used in not_supported(text or ""):
            at: Keys = ("Integration", "RequestTemplates", content_type)
            yield f"request template {content_type}: {used}", at
    for index, (status, response) in enumerate(integration_responses(integration, place)):
        for feature, keys in _integration_response(response):
            at = ("Integration", "IntegrationResponses", index, *keys)
            yield f"response {status}: {feature}", at


def _s3_integration(integration: Json) -> Iterator[tuple[str, Keys]]:
    uri = integration.get("uri") or ""
    if parse_uri(uri) is None:
        allowed = "only arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY"
        yield f"integration URI {uri!r} ({allowed})", ("Integration", "Uri")
    if "${" in (integration.get("credentials") or ""):
        yield "stage variables in credentials", ("Integration", "Credentials")
    parameters = section(integration, "requestParameters")
    for feature, keys in _mappings(parameters, tuple(REQUEST_TARGETS.values()), REQUEST_SOURCES):
        yield feature, ("Integration", "RequestParameters", *keys)


def _integration_response(response: Json) -> Iterator[tuple[str, Keys]]:
    parameters = section(response, "responseParameters")
    for feature, keys in _mappings(parameters, (RESPONSE_TARGET,), RESPONSE_SOURCES):
        yield feature, ("ResponseParameters", *keys)
    if not _is_valid_regex(pattern := response.get("selectionPattern") or ""):
        yield f"selection pattern {pattern!r}", ("SelectionPattern",)
    for content_type, text in section(response, "responseTemplates").items():
        for used in not_supported(text or ""):
            yield f"template {content_type}: {used}", ("ResponseTemplates", content_type)


def _is_valid_regex(pattern: str) -> bool:
    """Whether Python accepts the pattern; AWS uses Java's syntax, which rarely differs."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _mappings(
    parameters: Json, targets: tuple[str, ...], sources: Mapping[str, Place]
) -> Iterator[tuple[str, Keys]]:
    for target, source in parameters.items():
        if not target.startswith(targets):
            yield f"mapping to {target}", (target,)
        elif parse_expression(source, sources) is None:
            yield f"mapping from {source}", (target,)
