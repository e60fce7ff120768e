"""CORS: what one answer allows to other origins, all do."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.api import Api
from readmodel_cfn.analysis.audit.method import Method
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.cloudformation.evaluate import Unreadable
from readmodel_cfn.cloudformation.resources import Resource

_ORIGIN = "Access-Control-Allow-Origin"
_HEADER = f"gatewayresponse.header.{_ORIGIN}"
_DEFAULTS = ("DEFAULT_4XX", "DEFAULT_5XX")


def _answers(view: View) -> Iterator[Fault]:
    for method in _shared(view):
        for response in method.responses:
            if response.source(_ORIGIN) is None:
                yield Fault(
                    method.id,
                    f"{response.path}/ResponseParameters",
                    f"{response.status} has no {_ORIGIN}, other answers of the resource have it",
                    f"map method.response.header.{_ORIGIN} here too, and declare it",
                )


def _preflight(view: View) -> Iterator[Fault]:
    for method in _shared(view):
        if method.reads and method.verb == "GET" and not _has_options(view, method):
            yield Fault(
                method.id,
                "Properties/HttpMethod",
                f"its answers have {_ORIGIN}, and its resource has no OPTIONS method",
                "add OPTIONS as a MOCK method that allows the methods and If-None-Match",
            )


def _gateway_responses(view: View) -> Iterator[Fault]:
    for api in _shared_apis(view):
        kinds = {view.text(one.properties.get("ResponseType")) for one in api.gateway_responses}
        for kind in _DEFAULTS:
            if kind not in kinds and api.resource:
                yield Fault(
                    api.resource.id,
                    "Properties",
                    f"it has no gateway response {kind} with {_ORIGIN}",
                    f"add an AWS::ApiGateway::GatewayResponse {kind} with {_HEADER}",
                )
        for one in api.gateway_responses:
            if not _allows(view, one):
                yield Fault(
                    one.id,
                    "Properties/ResponseParameters",
                    f"{view.text(one.properties.get('ResponseType'))} has no {_ORIGIN}",
                    f"add {_HEADER}: no gateway response takes it over from another",
                )


def _shared(view: View) -> list[Method]:
    """The methods of resources of which some answer may be read by other origins."""
    resources = {
        (one.api, one.resource)
        for one in view.methods
        if any(response.source(_ORIGIN) is not None for response in one.responses)
    }
    return [
        one for one in view.methods if one.api in view.apis and (one.api, one.resource) in resources
    ]


def _shared_apis(view: View) -> list[Api]:
    return [view.apis[name] for name in dict.fromkeys(one.api for one in _shared(view))]


def _has_options(view: View, method: Method) -> bool:
    return any(
        view.text(one.properties.get("ResourceId")) == method.resource
        and str(view.text(one.properties.get("HttpMethod"))).upper() in ("OPTIONS", "ANY")
        for one in view.apis[method.api].methods
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
        "cors-answer",
        "If one answer of a resource has Access-Control-Allow-Origin, all have",
        "A page of another origin sees a network error in place of this answer.",
        _answers,
    ),
    Rule(
        "R24",
        "cors-preflight",
        "Where other origins may read, OPTIONS is answered",
        "A page that sends If-None-Match itself is refused by its browser before it may ask.",
        _preflight,
    ),
    Rule(
        "R25",
        "cors-gateway-response",
        "Where other origins may read, API Gateway's own errors have "
        "Access-Control-Allow-Origin too",
        "A page of another origin sees a network error in place of 403, 404, 429 or 504.",
        _gateway_responses,
    ),
)
