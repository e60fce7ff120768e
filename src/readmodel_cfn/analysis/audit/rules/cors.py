"""CORS: if one response allows other origins, all responses do."""

from collections.abc import Iterator

from readmodel_cfn.analysis.apis import Api
from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.evaluate import Unreadable
from readmodel_cfn.cloudformation.resources import Resource

_ORIGIN = "Access-Control-Allow-Origin"
_HEADER = f"gatewayresponse.header.{_ORIGIN}"
_DEFAULTS = ("DEFAULT_4XX", "DEFAULT_5XX")


def _responses(view: View) -> Iterator[Violation]:
    for method in _shared(view):
        for response in method.responses:
            if response.source(_ORIGIN) is None:
                yield Violation(
                    method.id,
                    f"{response.path}/ResponseParameters",
                    f"{response.status} has no {_ORIGIN}; other responses of the resource have it",
                    f"map method.response.header.{_ORIGIN}, and declare it",
                )


def _preflight(view: View) -> Iterator[Violation]:
    for method in _shared(view):
        if method.reads and method.verb == "GET" and not _has_options(view, method):
            yield Violation(
                method.id,
                "Properties/HttpMethod",
                f"its responses have {_ORIGIN}, and its resource has no OPTIONS method",
                "add an OPTIONS method with a MOCK integration that allows the methods and "
                "If-None-Match",
            )


def _gateway_responses(view: View) -> Iterator[Violation]:
    for api in _shared_apis(view):
        kinds = {
            view.text(response.properties.get("ResponseType")) for response in api.gateway_responses
        }
        for kind in _DEFAULTS:
            if kind not in kinds and api.resource:
                yield Violation(
                    api.resource.id,
                    "Properties",
                    f"it has no gateway response {kind} with {_ORIGIN}",
                    f"add an AWS::ApiGateway::GatewayResponse {kind} with {_HEADER}",
                )
        for response in api.gateway_responses:
            if not _allows(view, response):
                yield Violation(
                    response.id,
                    "Properties/ResponseParameters",
                    f"{view.text(response.properties.get('ResponseType'))} has no {_ORIGIN}",
                    f"add {_HEADER}; it is not inherited from another gateway response",
                )


def _shared(view: View) -> list[Method]:
    """The methods of resources that have a response for other origins."""
    resources = {
        (method.api, method.resource)
        for method in view.methods
        if any(response.source(_ORIGIN) is not None for response in method.responses)
    }
    return [
        method
        for method in view.methods
        if method.api in view.apis and (method.api, method.resource) in resources
    ]


def _shared_apis(view: View) -> list[Api]:
    return [view.apis[name] for name in dict.fromkeys(method.api for method in _shared(view))]


def _has_options(view: View, method: Method) -> bool:
    return any(
        view.text(other.properties.get("ResourceId")) == method.resource
        and str(view.text(other.properties.get("HttpMethod"))).upper() in ("OPTIONS", "ANY")
        for other in view.apis[method.api].methods
    )


def _allows(view: View, response: Resource) -> bool:
    try:
        names = view.evaluator.fields(response.properties.get("ResponseParameters"))
    except Unreadable:
        return True
    return any(name.lower() == _HEADER.lower() for name in names)


RULES = (
    Rule(
        "R23",
        "cors-response",
        "high",
        "If one response of a resource has Access-Control-Allow-Origin, all have it",
        "A page of another origin gets a network error instead of this response.",
        _responses,
    ),
    Rule(
        "R24",
        "cors-preflight",
        "medium",
        "If other origins may read, there is an OPTIONS method",
        "The browser refuses the request of a page that sends If-None-Match.",
        _preflight,
    ),
    Rule(
        "R25",
        "cors-gateway-response",
        "medium",
        "If other origins may read, API Gateway's own errors have Access-Control-Allow-Origin",
        "A page of another origin gets a network error instead of 403, 404, 429 or 504.",
        _gateway_responses,
    ),
)
