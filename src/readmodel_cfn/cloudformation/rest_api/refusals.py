"""What API Gateway refuses when a REST API is created, with its reasons.

The properties are CloudFormation's, as plain values. A value that is not a text (because it is
unknown without a stack) is not judged. Reasons without a note are AWS's own messages, which
LocalStack recorded in its tests; "(guide)" marks those whose fact is in the developer guide, in
other words.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from readmodel_cfn.limits import MAPPING_TEMPLATE_BYTES, MINIMUM_COMPRESSION_SIZE

Json = Mapping[str, Any]
Keys = tuple[str | int, ...]
Refusal = tuple[Keys, str]
"""The path to a property, and AWS's reason to refuse it."""

HTTP_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
INTEGRATION_TYPES = ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS")
GATEWAY_RESPONSE_TYPES = (
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
)
API_KEY_SOURCES = ("AUTHORIZER", "HEADER")
ENDPOINT_TYPES = ("EDGE", "PRIVATE", "REGIONAL")
DEFAULT_MODELS = ("Empty", "Error")
"""The models that every API has."""

LONGEST_STAGE_NAME = 128
SHORTEST_KEY, LONGEST_KEY = 20, 128
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
SHORTEST_TIMEOUT = 50  # milliseconds of an integration

_PATH_PART = re.compile(r"[a-zA-Z0-9._\-:]+|\{[a-zA-Z0-9._\-:]+\+?\}")
_STAGE_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_VARIABLE_NAME = re.compile(r"\w+", re.ASCII)
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9 \-._~:/?#&=,]*")
_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)
# https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
_PARAMETER_NAME = re.compile(r"[a-zA-Z0-9._$-]+")
_PLACES = ("querystring", "multivaluequerystring", "header", "multivalueheader", "path")
_REQUEST_PARAMETER = re.compile(rf"method\.request\.(?:{'|'.join(_PLACES)})\.(.+)")
_REQUEST_TARGET = re.compile(rf"integration\.request\.(?:{'|'.join(_PLACES)})\..+")
_RESPONSE_PARAMETER = re.compile(r"method\.response\.(?:multivalue)?header\..+")
_GATEWAY_RESPONSE_TARGET = re.compile(r"gatewayresponse\.(?:header|path|querystring)\..+")
_FIXED_OR_VARIABLE = r"'.*'|context\..+|stageVariables\..+"
_REQUEST_SOURCE = re.compile(
    rf"{_FIXED_OR_VARIABLE}|method\.request\.(?:body(?:[.\[].+)?|(?:{'|'.join(_PLACES)})\..+)",
    re.DOTALL,
)
_RESPONSE_SOURCE = re.compile(
    rf"{_FIXED_OR_VARIABLE}|integration\.response\.(?:body(?:[.\[].+)?|(?:multivalue)?header\..+)",
    re.DOTALL,
)
_MODEL_NAME = re.compile(r"[a-zA-Z0-9]+")
_TO_BACKEND = ("HTTP", "HTTP_PROXY", "AWS")
_HANDLINGS = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
_BEHAVIORS = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")


def path_part_refusal(part: str) -> str | None:
    """Why a resource cannot have the path part.

    "A path parameter must be a whole path part" (guide); the words are AWS's, in public reports.
    """
    if _PATH_PART.fullmatch(part):
        return None
    return (
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly "
        "braces at the beginning and the end."
    )


def sibling_refusal(part: str, siblings: Collection[str]) -> str | None:
    """Why a resource cannot be created beside others with these path parts."""
    if part in siblings:
        return f"Another resource with the same parent already has this name: {part}"
    variable = next((sibling for sibling in siblings if sibling.startswith("{")), None)
    if part.startswith("{") and variable:
        return (
            f"A sibling ({variable}) of this resource already has a variable path part"
            " -- only one is allowed"
        )
    return None


def child_refusal(parent: str) -> str | None:
    """Why a resource with this path part cannot have a child."""
    if not parent.endswith("+}"):
        return None
    return f"Cannot create a child of a resource with a greedy path variable: {parent}"


def method_refusals(properties: Json, models: Collection[str] | None = None) -> Iterator[Refusal]:
    """What is refused in a method; `models` are those of the API, if they are known."""
    yield from _http_method(properties)
    yield from _authorizer(properties)
    yield from _parameters(_mapping(properties, "RequestParameters"))
    yield from _models(properties, "RequestModels", (), models)
    for index, response in enumerate(_records(properties, "MethodResponses")):
        yield from _method_response(response, ("MethodResponses", index), models)
    if "Integration" in properties:
        yield from _integration(_mapping(properties, "Integration"))


def undeclared(properties: Json) -> Iterator[Refusal]:
    """Mappings of parameters that the method, or the method response, does not declare."""
    declared = _mapping(properties, "RequestParameters")
    integration = _mapping(properties, "Integration")
    for target, source in _mapping(integration, "RequestParameters").items():
        known = isinstance(source, str) and _REQUEST_PARAMETER.fullmatch(source)
        if known and source not in declared:
            yield ("Integration", "RequestParameters", target), _undeclared(source)
    by_status = {
        str(response.get("StatusCode")): _mapping(response, "ResponseParameters")
        for response in _records(properties, "MethodResponses")
    }
    for index, response in enumerate(_records(integration, "IntegrationResponses")):
        own = by_status.get(str(response.get("StatusCode")), {})
        for target in _mapping(response, "ResponseParameters"):
            if target not in own:
                at = ("Integration", "IntegrationResponses", index, "ResponseParameters", target)
                yield at, _undeclared(target)


def api_refusals(properties: Json) -> Iterator[Refusal]:
    """What is refused in the API itself."""
    size, most = str(properties.get("MinimumCompressionSize", 0)), MINIMUM_COMPRESSION_SIZE
    if size.lstrip("-").isdecimal() and not 0 <= int(size) <= most:
        reason = f"Invalid minimum compression size, must be between 0 to {most}"
        yield ("MinimumCompressionSize",), reason
    source = properties.get("ApiKeySourceType")
    if isinstance(source, str) and source not in API_KEY_SOURCES:
        yield ("ApiKeySourceType",), _not_in(source, "apiKeySource", API_KEY_SOURCES)
    types = _mapping(properties, "EndpointConfiguration").get("Types")
    for index, kind in enumerate(types if isinstance(types, list | tuple) else ()):
        if isinstance(kind, str) and kind not in ENDPOINT_TYPES:
            reason = _not_in(kind, "endpointConfiguration.types", ENDPOINT_TYPES)
            yield ("EndpointConfiguration", "Types", index), reason


def model_refusals(properties: Json) -> Iterator[Refusal]:
    """What is refused in a model (API reference, CreateModel)."""
    name = properties.get("Name")
    if isinstance(name, str) and not _MODEL_NAME.fullmatch(name):
        yield ("Name",), f"Model name must be alphanumeric: {name}"


def stage_refusals(properties: Json) -> Iterator[Refusal]:
    """What is refused in a stage."""
    name = properties.get("StageName")
    if isinstance(name, str):
        if len(name) > LONGEST_STAGE_NAME:
            yield ("StageName",), f"Stage names have at most {LONGEST_STAGE_NAME} characters"
        elif not _STAGE_NAME.fullmatch(name):
            yield ("StageName",), "Stage name only allows a-zA-Z0-9_-"
    yield from variable_refusals(_mapping(properties, "Variables"))


def deployment_refusals(properties: Json) -> Iterator[Refusal]:
    """What is refused in the stage that a deployment creates."""
    yield from stage_refusals({name: properties.get(name) for name in ("StageName",)})
    variables = _mapping(_mapping(properties, "StageDescription"), "Variables")
    for keys, reason in variable_refusals(variables):
        yield ("StageDescription", *keys), reason


def api_key_refusals(properties: Json) -> Iterator[Refusal]:
    """What is refused in an API key (AWS's words, in public reports)."""
    value = properties.get("Value")
    if isinstance(value, str) and 0 < len(value) < SHORTEST_KEY:
        yield ("Value",), f"API Key value should be at least {SHORTEST_KEY} characters"
    if isinstance(value, str) and len(value) > LONGEST_KEY:
        yield ("Value",), f"API Key value should be at most {LONGEST_KEY} characters"


def variable_refusals(variables: Json) -> Iterator[Refusal]:
    """What is refused in stage variables (guide; the words are AWS's, in public reports)."""
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name):
            yield (
                ("Variables", name),
                (
                    f"Invalid stage variable name: {name}. Please use alphanumeric characters and"
                    " underscores."
                ),
            )
        elif isinstance(value, str) and not _VARIABLE_VALUE.fullmatch(value):
            yield (
                ("Variables", name),
                (
                    f"Invalid stage variable value: {value}. Please use values with alphanumeric"
                    " characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=',"
                    " and ','."
                ),
            )


def gateway_response_refusals(properties: Json) -> Iterator[Refusal]:
    """What is refused in a gateway response."""
    kind = properties.get("ResponseType")
    if isinstance(kind, str) and kind not in GATEWAY_RESPONSE_TYPES:
        yield ("ResponseType",), _not_in(kind, "responseType", GATEWAY_RESPONSE_TYPES)
    yield from _status(properties, ())
    yield from _mappings(
        properties, "ResponseParameters", (), (_GATEWAY_RESPONSE_TARGET, _REQUEST_SOURCE)
    )


def _http_method(holder: Json, name: str = "HttpMethod", at: Keys = ()) -> Iterator[Refusal]:
    method = holder.get(name)
    if isinstance(method, str) and method and method not in HTTP_METHODS:
        options = ",".join(HTTP_METHODS)
        yield (*at, name), f"Invalid HttpMethod specified. Valid options are {options}"


def _authorizer(properties: Json) -> Iterator[Refusal]:
    kind = properties.get("AuthorizationType")
    if kind in ("CUSTOM", "COGNITO_USER_POOLS") and "AuthorizerId" not in properties:
        yield (
            ("AuthorizationType",),
            (
                "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or"
                " COGNITO_USER_POOLS requires a valid authorizer."
            ),
        )


def _parameters(declared: Json) -> Iterator[Refusal]:
    seen: set[str] = set()
    for parameter in declared:
        found = _REQUEST_PARAMETER.fullmatch(parameter)
        if not found or not _PARAMETER_NAME.fullmatch(found[1]):
            yield ("RequestParameters", parameter), _undeclared(parameter)
        if found and found[1] in seen:
            yield (
                ("RequestParameters", parameter),
                ("Parameter names must be unique across querystring, header and path"),
            )
        if found:
            seen.add(found[1])


def _models(holder: Json, name: str, at: Keys, models: Collection[str] | None) -> Iterator[Refusal]:
    for content_type, model in _mapping(holder, name).items():
        known = models is None or model in models or model in DEFAULT_MODELS
        if isinstance(model, str) and not known:
            yield (*at, name, content_type), f"Invalid model identifier specified: {model}"


def _method_response(response: Json, at: Keys, models: Collection[str] | None) -> Iterator[Refusal]:
    yield from _status(response, at)
    yield from _models(response, "ResponseModels", at, models)
    for parameter in _mapping(response, "ResponseParameters"):
        if not _RESPONSE_PARAMETER.fullmatch(parameter):
            yield (*at, "ResponseParameters", parameter), _undeclared(parameter)


def _mappings(
    holder: Json, name: str, at: Keys, grammar: tuple[re.Pattern[str], re.Pattern[str]]
) -> Iterator[Refusal]:
    """The mappings whose target or source is no mapping expression (words: public reports)."""
    target_grammar, source_grammar = grammar
    for target, source in _mapping(holder, name).items():
        if not target_grammar.fullmatch(target):
            yield (*at, name, target), _undeclared(target)
        elif isinstance(source, str) and not source_grammar.fullmatch(source):
            yield (*at, name, target), _invalid(f"Invalid mapping expression specified: {source}")


def _integration(integration: Json) -> Iterator[Refusal]:
    at: Keys
    kind = integration.get("Type")
    if isinstance(kind, str) and kind not in INTEGRATION_TYPES:
        reason = _not_in(kind, "putIntegrationInput.type", INTEGRATION_TYPES)
        yield ("Integration", "Type"), reason
        return
    if kind in _TO_BACKEND and not integration.get("IntegrationHttpMethod"):
        at = ("Integration", "IntegrationHttpMethod")
        yield at, "Enumeration value for HttpMethod must be non-empty"
    yield from _http_method(integration, "IntegrationHttpMethod", ("Integration",))
    yield from _uri(kind, integration.get("Uri", ""))
    yield from _mappings(
        integration, "RequestParameters", ("Integration",), (_REQUEST_TARGET, _REQUEST_SOURCE)
    )
    timeout = str(integration.get("TimeoutInMillis", SHORTEST_TIMEOUT))
    if timeout.isdecimal() and int(timeout) < SHORTEST_TIMEOUT:
        at = ("Integration", "TimeoutInMillis")
        yield at, "Timeout should be between 50 ms and 29000 ms"
    yield from _one_of(integration, "PassthroughBehavior", _BEHAVIORS, ("Integration",))
    yield from _one_of(integration, "ContentHandling", _HANDLINGS, ("Integration",))
    yield from _content_types(integration, "RequestTemplates", ("Integration",))
    for index, response in enumerate(_records(integration, "IntegrationResponses")):
        at = ("Integration", "IntegrationResponses", index)
        yield from _status(response, at)
        yield from _one_of(response, "ContentHandling", _HANDLINGS, at)
        yield from _content_types(response, "ResponseTemplates", at)
        yield from _mappings(
            response, "ResponseParameters", at, (_RESPONSE_PARAMETER, _RESPONSE_SOURCE)
        )


def _uri(kind: object, uri: object) -> Iterator[Refusal]:
    if not isinstance(uri, str) or "${stageVariables." in uri:
        return
    at = ("Integration", "Uri")
    if kind in ("HTTP", "HTTP_PROXY") and not re.match(r"https?://", uri):
        yield at, "Invalid HTTP endpoint specified for URI"
    if kind in ("AWS", "AWS_PROXY"):
        if not uri.startswith("arn:"):
            yield at, "Invalid ARN specified in the request"
        elif ":path/" not in uri and ":action/" not in uri:
            yield at, "AWS ARN for integration must contain path or action"
        elif kind == "AWS_PROXY" and ":s3:" in uri:
            yield (
                at,
                (
                    "Integrations of type 'AWS_PROXY' currently only supports Lambda function and"
                    " Firehose stream invocations."
                ),
            )


def _one_of(holder: Json, name: str, allowed: Sequence[str], at: Keys) -> Iterator[Refusal]:
    value = holder.get(name)
    if isinstance(value, str) and value not in allowed:
        yield (*at, name), _not_in(value, name[:1].lower() + name[1:], allowed)


def _content_types(holder: Json, name: str, at: Keys) -> Iterator[Refusal]:
    for content_type, text in _mapping(holder, name).items():
        if "/" not in content_type and content_type != "$default":
            yield (
                (*at, name, content_type),
                (
                    "Validation Result: warnings : [], errors :"
                    f" [Invalid content type specified: {content_type}]"
                ),
            )
        if isinstance(text, str) and len(text.encode()) > MAPPING_TEMPLATE_BYTES:
            largest = MAPPING_TEMPLATE_BYTES // 1024
            reason = f"The maximum size of a mapping template is {largest} KB"
            yield (*at, name, content_type), reason


def _status(holder: Json, at: Keys) -> Iterator[Refusal]:
    status = holder.get("StatusCode")
    if isinstance(status, str | int) and not _STATUS.fullmatch(str(status)):
        yield (
            (*at, "StatusCode"),
            (
                f"1 validation error detected: Value '{status}' at 'statusCode' failed to satisfy"
                r" constraint: Member must satisfy regular expression pattern: [1-5]\d\d"
            ),
        )


def _undeclared(expression: str) -> str:
    return _invalid(f"Invalid mapping expression parameter specified: {expression}")


def _invalid(error: str) -> str:
    return (
        "Invalid mapping expression specified: Validation Result: warnings : [], errors :"
        f" [{error}]"
    )


def _not_in(value: str, name: str, allowed: Sequence[str]) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint:"
        f" Member must satisfy enum value set: [{', '.join(allowed)}]"
    )


def _mapping(holder: Json, name: str) -> Json:
    value = holder.get(name)
    return value if isinstance(value, Mapping) else {}


def _records(holder: Json, name: str) -> list[Json]:
    value = holder.get(name)
    listed = value if isinstance(value, list | tuple) else ()
    return [record if isinstance(record, Mapping) else {} for record in listed]
