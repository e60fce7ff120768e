"""Selection patterns: disjoint, and unambiguous although their dialect is undocumented."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, IntegrationResponse, Method
from readmodel_cfn.analysis.status_patterns import compiled, contained, matched
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words

_DIALECT = re.compile(r"\(\?(?!:)|\\[1-9]")  # lookaround, flags, names; back references
_ENUMERATE = "enumerate whole statuses, such as 404 or 50[0-2]|50[4-9]"


def _overlapping(view: View) -> Iterator[Violation]:
    for method in view.requests:
        for first, second in combinations(method.responses, 2):
            if first.pattern and second.pattern:
                both = sorted(matched(first.pattern) & matched(second.pattern))
                what = f"{join_words(both)} match both {first.pattern} and {second.pattern}"
            else:
                both = [] if first.pattern or second.pattern else [0]
                what = "it is a second default"
            if both:
                todo = "let each status match one pattern"
                yield Violation(method.id, _pattern(second), what, todo)


def _ambiguous(view: View) -> Iterator[Violation]:
    for method in view.requests:
        for response in method.responses:
            what = _ambiguity(response.pattern) if response.pattern else None
            if what:
                yield Violation(method.id, _pattern(response), what, _ENUMERATE)


def _ambiguity(pattern: str) -> str | None:
    if compiled(pattern) is None:
        return f"{pattern} is not a valid regular expression"
    if _DIALECT.search(pattern):
        return f"{pattern} has a feature that not every dialect has (lookaround, back reference)"
    if not contained(pattern):
        return f"{pattern} matches no status"
    partial = sorted(contained(pattern) - matched(pattern))
    if partial:
        return f"{pattern} matches only a part of {join_words(partial)}"
    return None


def _repeated(view: View) -> Iterator[Violation]:
    for method in view.requests:
        for place, statuses in _statuses(method):
            for status, number in Counter(statuses).items():
                if number > 1:
                    what = f"{number} responses have the status {status}"
                    yield Violation(method.id, place, what, "merge them into one response")


def _statuses(method: Method) -> Iterator[tuple[str, list[str]]]:
    yield f"{INTEGRATION}/IntegrationResponses", [response.status for response in method.responses]
    yield "Properties/MethodResponses", [response.status for response in method.method_responses]


def _pattern(response: IntegrationResponse) -> str:
    return f"{response.path}/SelectionPattern"


RULES = (
    Rule(
        "R04",
        "overlapping-patterns",
        "medium",
        "No status matches two selection patterns, and there is one default",
        "AWS does not document which of the two API Gateway uses.",
        _overlapping,
    ),
    Rule(
        "R05",
        "ambiguous-pattern",
        "medium",
        "Selection patterns enumerate whole statuses",
        "The dialect and the anchoring of patterns are not documented, so the response is unknown.",
        _ambiguous,
    ),
    Rule(
        "R06",
        "repeated-status",
        "high",
        "Each status has one integration response and one method response",
        "API Gateway stores one response for each status: one is lost, or the deployment fails.",
        _repeated,
    ),
)
