"""How S3 is used: with a signature, for objects, and with one HTTP method."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words


def _unsigned(view: View) -> Iterator[Violation]:
    for method in view.methods:
        if method.uri is not None and not method.signed:
            yield Violation(
                method.id,
                f"{INTEGRATION}/Type",
                f"{method.integration_type} requests {method.address} without credentials",
                "use the type AWS with an s3:path URI and a role that may get the object",
            )


def _lists(view: View) -> Iterator[Violation]:
    for method in view.methods:
        if method.lists:
            yield Violation(
                method.id,
                f"{INTEGRATION}/Uri",
                f"it lists {listed(method)}{_audience(view, method)}",
                "remove the method if clients need no list; else allow the role to list only the "
                "keys that they may know, and publish the list as a document if it is long",
            )


def listed(method: Method) -> str:
    """What a method lists, in words."""
    if method.lists_buckets:
        return "all buckets of the account"
    if method.bucket_sources:
        return (
            f"the keys of any bucket, which the request names ({join_words(method.bucket_sources)})"
        )
    bucket = method.uri.bucket if method.uri else ""
    return f"the keys of the bucket {bucket}"


def _audience(view: View, method: Method) -> str:
    properties = view.resources[method.id].properties
    authorization = view.text(properties.get("AuthorizationType")) or "NONE"
    if authorization != "NONE":
        return f" to clients that pass {authorization}"
    has_key = str(view.text(properties.get("ApiKeyRequired"))).lower() == "true"
    return " to anybody with an API key" if has_key else " to anybody"


def _every_verb(view: View) -> Iterator[Violation]:
    for method in view.methods:
        if method.writes and method.s3_verb == "ANY":
            yield Violation(
                method.id,
                f"{INTEGRATION}/IntegrationHttpMethod",
                "it sends the client's own HTTP method to S3, also PUT and DELETE",
                "add a GET and a HEAD method instead",
            )


RULES = (
    Rule(
        "R51",
        "unsigned-request",
        "high",
        "Requests to S3 are signed",
        "S3 serves public objects only, so that the bucket is open to everybody without the API, "
        "or every read is denied. S3's errors in XML reach the client.",
        _unsigned,
    ),
    Rule(
        "R52",
        "lists-s3",
        "medium",
        "No method lists buckets or keys",
        "Clients see the names of all buckets or keys, in S3's XML, at most 1,000 at a time.",
        _lists,
    ),
    Rule(
        "R53",
        "any-method-to-s3",
        "medium",
        "No method sends the client's own HTTP method to S3",
        "A client can write and delete what the role may write and delete.",
        _every_verb,
    ),
)
