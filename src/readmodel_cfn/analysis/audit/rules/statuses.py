"""Every status of S3 has an answer, and an honest one."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION, Method
from readmodel_cfn.analysis.audit.response import Response
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.selection import STATUSES, compiled
from readmodel_cfn.analysis.audit.statuses import honest, possible, swallowed
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken


def _unanswered(view: View) -> Iterator[Fault]:
    for method in _judged(view):
        left = [one for one in possible(method) if method.answers[one] is None]
        if left:
            yield Fault(
                method.id,
                f"{INTEGRATION}/IntegrationResponses",
                f"S3's {spoken(left)}: no SelectionPattern matches, and there is no default",
                "add a response for each class of status, and one without a SelectionPattern "
                "that answers 502",
            )


def _misreported(view: View) -> Iterator[Fault]:
    for method, response, told in _by_response(view):
        known = possible(method)
        wrong = [
            one
            for one in told
            if not swallowed(one, response.code) and not honest(one, response.code, one in known)
        ]
        if wrong:
            yield Fault(
                method.id,
                response.path,
                f"S3's {_spoken(wrong, known)} {_are(wrong)} answered with {response.status}",
                "give it a response of its own class: 200 and 304 as they are, 4xx as 4xx, "
                "5xx and redirects as 5xx",
            )


def _swallowed(view: View) -> Iterator[Fault]:
    for method, response, told in _by_response(view):
        known = possible(method)
        wrong = [one for one in told if swallowed(one, response.code)]
        if wrong:
            by = f"the pattern {response.pattern}" if response.pattern else "the default"
            yield Fault(
                method.id,
                response.path,
                f"{by} answers S3's {_spoken(wrong, known)} with {response.status}",
                "let it match 200 alone, and answer what no pattern matches with 502",
            )


def _judged(view: View) -> Iterator[Method]:
    """The methods whose patterns can all be read."""
    for method in view.reads:
        if all(not one.pattern or compiled(one.pattern) for one in method.responses):
            yield method


def _by_response(view: View) -> Iterator[tuple[Method, Response, list[int]]]:
    """Each response, with the statuses that lead to it: all that S3 can give, and all errors."""
    for method in _judged(view):
        known = set(possible(method))
        given = [one for one in STATUSES if one in known or (one >= 300 and one != 304)]
        for response in method.responses:
            yield method, response, [one for one in given if method.answers[one] is response]


def _spoken(statuses: list[int], known: list[int]) -> str:
    """The statuses, those that are known to come first."""
    return spoken(sorted(statuses, key=lambda one: (one not in known, one)))


def _are(things: list[int]) -> str:
    return "is" if len(things) == 1 else "are"


RULES = (
    Rule(
        "R01",
        "unanswered-status",
        "Every status that S3 can give has an integration response",
        "API Gateway answers 500 Internal server error in its place, so that a missing document "
        "and a refused one look like a broken server.",
        _unanswered,
    ),
    Rule(
        "R02",
        "misreported-status",
        "Every status of S3 is answered with one of its class",
        "The client is told something else than what happened: it retries what can never succeed, "
        "or gives up what would.",
        _misreported,
    ),
    Rule(
        "R03",
        "swallowed-error",
        "No error of S3 is answered as a success",
        "The client takes S3's error document for the payload, and caches keep it.",
        _swallowed,
    ),
)
