"""Each GET method has a HEAD method for the same object."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.values import PartialText

_CORRECT = {("GET", "HEAD"): "GET", ("HEAD", "GET"): "HEAD"}


def _missing(view: View) -> Iterator[Violation]:
    verbs = _verbs(view)
    for method in view.reads:
        own = verbs[method.api, method.resource]
        if method.verb == "GET" and not own & {"HEAD", "ANY"}:
            where = view.paths.get(method.resource, "its resource")
            yield Violation(
                method.id,
                "Properties/HttpMethod",
                f"{where} has a GET method, but no HEAD method",
                "add a HEAD method with the same URI and IntegrationHttpMethod HEAD",
            )


def _verbs(view: View) -> Mapping[tuple[object, object], set[str]]:
    """The verbs of all methods, by API and resource."""
    found: dict[tuple[object, object], set[str]] = defaultdict(set)
    for name, api in view.apis.items():
        for method in api.methods:
            resource = view.text(method.properties.get("ResourceId"))
            verb = str(view.text(method.properties.get("HttpMethod"))).upper()
            found[name, resource].add(verb)
    return found


def _wrong_verb(view: View) -> Iterator[Violation]:
    for method in view.reads:
        correct = _CORRECT.get((method.verb, method.s3_verb))
        if correct:
            yield Violation(
                method.id,
                f"{INTEGRATION}/IntegrationHttpMethod",
                f"{method.verb} sends {method.s3_verb} to S3",
                f"set it to {correct}",
            )


def _other_object(view: View) -> Iterator[Violation]:
    gets = {(read.api, read.resource): read for read in view.reads if read.verb == "GET"}
    for method in view.reads:
        get = gets.get((method.api, method.resource))
        if method.verb == "HEAD" and get and _target(get) != _target(method):
            yield Violation(
                method.id,
                f"{INTEGRATION}/Uri",
                f"HEAD requests another object than {get.id}",
                "use the same URI for both",
            )


def _target(method: Method) -> tuple[PartialText, PartialText] | None:
    return (method.uri.bucket, method.uri.key) if method.uri else None


RULES = (
    Rule(
        "R20",
        "no-head",
        "medium",
        "Every resource with GET has HEAD",
        "HEAD returns 403 Missing Authentication Token, so that clients, caches and monitors that "
        "use it report a missing document.",
        _missing,
    ),
    Rule(
        "R21",
        "wrong-s3-method",
        "high",
        "GET sends GET to S3, HEAD sends HEAD",
        "GET has no body, or HEAD makes S3 send a document that is discarded.",
        _wrong_verb,
    ),
    Rule(
        "R22",
        "head-of-other-object",
        "high",
        "HEAD requests the object that GET reads",
        "HEAD returns the headers of another object.",
        _other_object,
    ),
)
