"""HEAD goes with GET."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION, Method
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.cloudformation.values import PartialText

_WRONG = {("GET", "HEAD"): "GET", ("HEAD", "GET"): "HEAD"}


def _missing(view: View) -> Iterator[Fault]:
    for method in view.reads:
        if method.verb == "GET" and not _verbs(view, method) & {"HEAD", "ANY"}:
            where = view.paths.get(method.resource, "its resource")
            yield Fault(
                method.id,
                "Properties/HttpMethod",
                f"there is a GET of {where}, and no HEAD",
                "add a HEAD method with the same URI and IntegrationHttpMethod HEAD",
            )


def _verbs(view: View, method: Method) -> set[str]:
    """The HTTP methods that the method's resource has, those that cannot be read included."""
    return {
        str(view.text(one.properties.get("HttpMethod"))).upper()
        for one in view.apis[method.api].methods
        if view.text(one.properties.get("ResourceId")) == method.resource
    }


def _asking_otherwise(view: View) -> Iterator[Fault]:
    for method in view.reads:
        right = _WRONG.get((method.verb, method.asks))
        if right:
            yield Fault(
                method.id,
                f"{INTEGRATION}/IntegrationHttpMethod",
                f"{method.verb} asks S3 with {method.asks}",
                f"ask with {right}",
            )


def _other_object(view: View) -> Iterator[Fault]:
    gets = {(one.api, one.resource): one for one in view.reads if one.verb == "GET"}
    for method in view.reads:
        get = gets.get((method.api, method.resource))
        if method.verb == "HEAD" and get and _target(get) != _target(method):
            yield Fault(
                method.id,
                f"{INTEGRATION}/Uri",
                f"HEAD asks for another object than {get.id}",
                "give both the same URI",
            )


def _target(method: Method) -> tuple[PartialText, PartialText] | None:
    return (method.uri.bucket, method.uri.key) if method.uri else None


RULES = (
    Rule(
        "R20",
        "no-head",
        "Every GET has a HEAD beside it",
        "HEAD is answered with 403 Missing Authentication Token: clients, caches and monitors "
        "that only look at the headers take the document for gone.",
        _missing,
    ),
    Rule(
        "R21",
        "asks-otherwise",
        "GET asks S3 with GET, HEAD with HEAD",
        "GET gets no body, or HEAD makes S3 send a payload that nobody reads.",
        _asking_otherwise,
    ),
    Rule(
        "R22",
        "head-of-another",
        "HEAD is about the object that GET reads",
        "HEAD tells the headers of something else.",
        _other_object,
    ),
)
