"""What the gateway of `serve` and the sandbox does not evaluate, by name.

A definition has the format of API Gateway's API (camelCase). A request that meets one of these
features gets a 501 with its name; `serve` lists them when it starts, the audit as not looked at.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.cloudformation.rest_api.expressions import (
    GATEWAY_RESPONSE_TARGET,
    REQUEST_SOURCES,
    REQUEST_TARGETS,
    RESPONSE_SOURCES,
    RESPONSE_TARGET,
    Place,
    parse_expression,
)
from readmodel_cfn.cloudformation.rest_api.mapping_text import not_supported
from readmodel_cfn.cloudformation.s3_uri import S3Uri, parse_path

Json = Mapping[str, Any]
Keys = tuple[str | int, ...]
Feature = tuple[str, Keys]
"""The name of a feature, and the path to the CloudFormation property that has it."""

SIGNED_REQUEST = "authorization AWS_IAM of a signed request"
"""What `serve` does not evaluate of AWS_IAM: a request without a signature is a 403 as on AWS."""

# Java has these in regular expressions, and Python reads them in another way or does not have them
# (a class in a class), or Python has them and Java does not (the others).
_OTHER_DIALECT = re.compile(r"\[[^\]]*(?:&&|\[)|\(\?(?:P|\(|#|a)|\{,|\\N")
_CALLER = re.compile(r"arn:[^:]*:iam::\*:user/\*")


def api_features(definition: Json) -> Iterator[Feature]:
    """The features that affect every request to the API."""
    if definition.get("policy"):
        yield "resource policy", ("Policy",)


def gateway_response_features(response: Json) -> Iterator[Feature]:
    """The features of a gateway response."""
    parameters = _section(response, "responseParameters")
    for feature, keys in _mappings(parameters, (GATEWAY_RESPONSE_TARGET,), REQUEST_SOURCES):
        yield feature, ("ResponseParameters", *keys)
    for content_type, text in _section(response, "responseTemplates").items():
        for used in not_supported(text or "", velocity=False):
            yield f"template {content_type}: {used}", ("ResponseTemplates", content_type)


def method_features(method: Json, api: Json | None = None) -> Iterator[Feature]:
    """The features of a method; `api` is the definition that has its validators."""
    yield from _method_request(method, api or {})
    yield from _integration(_section(method, "methodIntegration"))


def signature_features(method: Json) -> Iterator[Feature]:
    """What is not evaluated without AWS's credentials: the signature of a request."""
    if method.get("authorizationType") == "AWS_IAM":
        yield SIGNED_REQUEST, ("AuthorizationType",)


def api_key_features(method: Json, api: Json) -> Iterator[Feature]:
    """What is not evaluated of a request with an API key: the keys whose value is not known."""
    for key in (api.get("keysWithoutValue") or ()) if is_true(method.get("apiKeyRequired")) else ():
        yield f"API key {key} without a Value in the template", ("ApiKeyRequired",)


def parse_s3_uri(uri: str) -> S3Uri | None:
    """The URI `arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY`, or None for any other.

    Also None for what is not evaluated: actions, queries, a bucket in the host. Stage variables are
    unknown parts of it.
    """
    found = parse_path(uri)
    if found is None or found.in_host or found.query is not None:
        return None
    return found if found.partition and found.region and found.bucket else None


def is_true(value: object) -> bool:
    """Whether a property is true; CloudFormation accepts the text, too."""
    return str(value).lower() == "true"


def _method_request(method: Json, api: Json) -> Iterator[Feature]:
    authorization = method.get("authorizationType") or "NONE"
    if authorization not in ("NONE", "AWS_IAM"):
        yield f"authorization {authorization}", ("AuthorizationType",)
    if is_true(method.get("apiKeyRequired")):
        source = api.get("apiKeySource") or "HEADER"
        if source != "HEADER":
            yield f"API key from {source}", ("ApiKeyRequired",)
    validator = method.get("requestValidatorId")
    if validator:
        yield from _validator(method, _section(api, "requestValidators").get(validator))


def _validator(method: Json, validator: Json | None) -> Iterator[Feature]:
    if validator is None:
        yield "request validator of another template", ("RequestValidatorId",)
        return
    if is_true(validator.get("validateRequestBody")) and method.get("requestModels"):
        yield "request validator of the body", ("RequestValidatorId",)
    if is_true(validator.get("validateRequestParameters")):
        for name, required in _section(method, "requestParameters").items():
            if is_true(required) and name.startswith("method.request.multivalue"):
                yield f"request validator of {name}", ("RequestParameters", name)


def _integration(integration: Json) -> Iterator[Feature]:
    match integration.get("type"):
        case "MOCK":
            pass
        case "AWS":
            yield from _s3_integration(integration)
        case other:
            yield f"integration type {other}", ("Integration", "Type")
            return
    for content_type, text in _section(integration, "requestTemplates").items():
        for used in not_supported(text or ""):
            at: Keys = ("Integration", "RequestTemplates", content_type)
            yield f"request template {content_type}: {used}", at
    responses = _section(integration, "integrationResponses").items()
    for index, (status, response) in enumerate(responses):
        response = response or {}
        for feature, keys in _integration_response(response):
            at = ("Integration", "IntegrationResponses", index, *keys)
            yield f"response {response.get('statusCode') or status}: {feature}", at


def _s3_integration(integration: Json) -> Iterator[Feature]:
    uri = integration.get("uri") or ""
    if parse_s3_uri(uri) is None:
        allowed = "only arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY"
        yield f"integration URI {uri!r} ({allowed})", ("Integration", "Uri")
    if _CALLER.fullmatch(integration.get("credentials") or ""):
        yield "credentials of the caller", ("Integration", "Credentials")
    if integration.get("responseTransferMode") not in (None, "BUFFERED"):
        mode = integration["responseTransferMode"]
        yield f"response transfer mode {mode}", ("Integration", "ResponseTransferMode")
    parameters = _section(integration, "requestParameters")
    for feature, keys in _mappings(parameters, tuple(REQUEST_TARGETS.values()), REQUEST_SOURCES):
        yield feature, ("Integration", "RequestParameters", *keys)


def _integration_response(response: Json) -> Iterator[Feature]:
    parameters = _section(response, "responseParameters")
    for feature, keys in _mappings(parameters, (RESPONSE_TARGET,), RESPONSE_SOURCES):
        yield feature, ("ResponseParameters", *keys)
    if not _is_valid_regex(pattern := response.get("selectionPattern") or ""):
        yield f"selection pattern {pattern!r}", ("SelectionPattern",)
    for content_type, text in _section(response, "responseTemplates").items():
        for used in not_supported(text or ""):
            yield f"template {content_type}: {used}", ("ResponseTemplates", content_type)


def _is_valid_regex(pattern: str) -> bool:
    """Whether Python reads the pattern as Java does, whose syntax AWS uses."""
    if _OTHER_DIALECT.search(pattern):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _mappings(
    parameters: Json, targets: tuple[str, ...], sources: Mapping[str, Place]
) -> Iterator[Feature]:
    for target, source in parameters.items():
        if not target.startswith(targets):
            yield f"mapping to {target}", (target,)
        elif parse_expression(source, sources) is None:
            yield f"mapping from {source}", (target,)


def _section(holder: Json, name: str) -> Json:
    return holder.get(name) or {}
