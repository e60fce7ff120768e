"""Statuses: each status of S3 has a response with a status of the same class.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and, for 206, 304, 412 and 416,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: S3 returns these four only to
requests with the header in question, such as Range for 206. A GET or HEAD of an object gets a 405
only if it names a version that is a delete marker. Statuses that S3 does not return to such
requests, such as 409 and 411 (for writes) or 418, are not judged.
"""

from collections.abc import Iterable, Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, IntegrationResponse, Method
from readmodel_cfn.analysis.status_patterns import compiled
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words

_ALWAYS_POSSIBLE = (200, 301, 307, 400, 403, 404, 500, 503)
_VERSION = "versionid"
_POSSIBLE_WITH = {
    206: ("Range",),
    304: ("If-None-Match", "If-Modified-Since"),
    412: ("If-Match", "If-Unmodified-Since"),
    416: ("Range",),
}


def _unmapped(view: View) -> Iterator[Violation]:
    for method in _with_valid_patterns(view.requests):
        statuses = [code for code in _possible(method) if method.response_by_status[code] is None]
        if statuses:
            yield Violation(
                method.id,
                f"{INTEGRATION}/IntegrationResponses",
                f"S3's {join_words(statuses)}: no SelectionPattern matches, and no default exists",
                "add a response for each class of status, and one without a SelectionPattern "
                "that returns 502",
            )


def _other_class(view: View) -> Iterator[Violation]:
    for method, response, statuses in _by_response(view.requests):
        wrong = [
            status
            for status in statuses
            if not _hides_error(status, response.code) and not _keeps_class(status, response.code)
        ]
        if wrong:
            yield Violation(
                method.id,
                response.path,
                f"S3's {join_words(wrong)} returned as {response.status}",
                "add a response of the same class: 200 and 304 unchanged, 4xx as 4xx, 5xx and "
                "redirects as 5xx",
            )


def _errors_as_success(view: View) -> Iterator[Violation]:
    methods = (method for method in view.methods if method.signed)
    for method, response, statuses in _by_response(methods):
        wrong = [status for status in statuses if _hides_error(status, response.code)]
        if wrong:
            by = f"the pattern {response.pattern}" if response.pattern else "the default"
            yield Violation(
                method.id,
                response.path,
                f"{by} returns S3's {join_words(wrong)} as {response.status}",
                "let it match 200 only, and return 502 for what no pattern matches",
            )


def _possible(method: Method) -> list[int]:
    """The statuses that S3 can return to the method's reads; its errors also answer writes."""
    conditional = [
        status for status, names in _POSSIBLE_WITH.items() if any(map(method.forwards, names))
    ]
    versions = [405] if _names_version(method) else []
    return sorted([*_ALWAYS_POSSIBLE, *conditional, *versions])


def _names_version(method: Method) -> bool:
    """Whether the request to S3 may name a version of the object."""
    query = str(method.uri.query or "") if method.uri else ""
    targets = (target.rpartition(".")[2] for target in method.mapped if ".querystring." in target)
    return _VERSION in query.lower() or _VERSION in map(str.lower, targets)


def _keeps_class(s3_status: int, status: int) -> bool:
    """Whether S3's status is returned as a status of the same class.

    Redirects must be a 5xx: a client cannot follow them to S3.
    """
    if s3_status in (200, 206, 304):
        return status == s3_status
    if 400 <= s3_status < 500:
        return 400 <= status < 500
    return 500 <= status < 600


def _hides_error(s3_status: int, status: int) -> bool:
    """Whether an error or a redirect of S3 is returned as a success or a redirect."""
    return s3_status >= 300 and s3_status != 304 and status < 400


def _with_valid_patterns(methods: Iterable[Method]) -> Iterator[Method]:
    """The methods whose patterns are all valid."""
    for method in methods:
        if all(not response.pattern or compiled(response.pattern) for response in method.responses):
            yield method


def _by_response(
    methods: Iterable[Method],
) -> Iterator[tuple[Method, IntegrationResponse, list[int]]]:
    """Each response, with the possible statuses of S3 that select it."""
    for method in _with_valid_patterns(methods):
        possible = _possible(method)
        for response in method.responses:
            selecting = [code for code in possible if method.response_by_status[code] is response]
            yield method, response, selecting


RULES = (
    Rule(
        "R01",
        "unanswered-status",
        "high",
        "Every status that S3 can return has an integration response",
        "API Gateway returns 500 Internal server error instead, so that a missing document looks "
        "like a broken server.",
        _unmapped,
    ),
    Rule(
        "R02",
        "misreported-status",
        "high",
        "Every status of S3 is returned as a status of the same class",
        "The client gets a wrong status: it retries what cannot succeed, or does not retry what "
        "can.",
        _other_class,
    ),
    Rule(
        "R03",
        "swallowed-error",
        "high",
        "No error of S3 is returned as a success",
        "The client treats S3's error as the document, and caches store it; a failed write is "
        "reported as done.",
        _errors_as_success,
    ),
)
