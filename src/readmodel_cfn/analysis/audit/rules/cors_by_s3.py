"""CORS by S3: responses that take Access-Control-Allow-Origin from S3, which compares origins.

Fixed headers, of which `cors.py` has the rules, allow one origin or all.
"""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, IntegrationResponse, Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.resources import Resource

_ORIGIN = "Access-Control-Allow-Origin"
_OF_S3 = f"integration.response.header.{_ORIGIN}".lower()
_REQUEST = "integration.request.header.Origin"


def _incomplete(view: View) -> Iterator[Violation]:
    without_rules: dict[str, str] = {}
    for method in _by_s3(view):
        if not method.forwards("Origin"):
            yield Violation(
                method.id,
                f"{INTEGRATION}/RequestParameters",
                f"{_ORIGIN} is S3's, and S3 does not get Origin",
                f"map {_REQUEST} from method.request.header.Origin, and declare it",
            )
        for response in method.responses:
            if _is_of_s3(response) and not _varies(response):
                yield Violation(
                    method.id,
                    f"{response.path}/ResponseParameters",
                    f"{_ORIGIN} is S3's, and Vary does not have Origin for {response.status}",
                    "add Origin to the value of method.response.header.Vary",
                )
        for bucket in _buckets(view, method):
            if "CorsConfiguration" not in bucket.properties:
                without_rules.setdefault(bucket.id, method.id)
    for bucket_id, method_id in without_rules.items():
        yield Violation(
            bucket_id,
            "Properties",
            f"{method_id} takes {_ORIGIN} from S3, and the bucket has no CORS rules",
            "add a CorsConfiguration with the methods GET and HEAD and the allowed origins",
        )


def _elsewhere(view: View) -> Iterator[Violation]:
    for method in _by_s3(view):
        if method.objects and not _buckets(view, method):
            yield Violation(
                method.id,
                f"{INTEGRATION}/Uri",
                f"the bucket is not in the template, and its CORS rules decide {_ORIGIN}",
                "let the bucket's owner set CORS rules with GET, HEAD and the allowed origins",
            )


def _by_s3(view: View) -> Iterator[Method]:
    for method in view.reads:
        if any(_is_of_s3(response) for response in method.responses):
            yield method


def _is_of_s3(response: IntegrationResponse) -> bool:
    return (response.source(_ORIGIN) or "").lower() == _OF_S3


def _varies(response: IntegrationResponse) -> bool:
    """Whether Vary has Origin; S3's own has it too."""
    source = (response.source("Vary") or "").lower()
    return source == "integration.response.header.vary" or "origin" in source


def _buckets(view: View, method: Method) -> list[Resource]:
    """The bucket of the template that the method reads."""
    name = method.objects.bucket if method.objects else ""
    return [
        bucket for bucket in view.of("AWS::S3::Bucket") if view.text({"Ref": bucket.id}) == name
    ]


RULES = (
    Rule(
        "R57",
        "cors-by-s3",
        "medium",
        "If S3 decides Access-Control-Allow-Origin, it gets Origin and has CORS rules, and Vary "
        "has Origin",
        "No page of another origin may read, or a cache gives a page what another origin got.",
        _incomplete,
    ),
    Rule(
        "R58",
        "cors-rules-elsewhere",
        "low",
        "The CORS rules of the bucket are in the template",
        "Without such rules no page of another origin may read.",
        _elsewhere,
    ),
)
