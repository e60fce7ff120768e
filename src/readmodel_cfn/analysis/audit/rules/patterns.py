"""Selection patterns that are disjoint, and that every reading of the documents understands."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from readmodel_cfn.analysis.audit.method import INTEGRATION, Method
from readmodel_cfn.analysis.audit.response import Response
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.selection import compiled, contained, matched
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken

_EXTENSION = re.compile(r"\(\?(?!:)|\\[1-9]")  # lookaround, flags, names; back references
_ENUMERATE = "enumerate whole statuses, such as 404 or 50[0-2]|50[4-9]"


def _overlapping(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for one, other in combinations(method.responses, 2):
            if one.pattern and other.pattern:
                both = sorted(matched(one.pattern) & matched(other.pattern))
                what = f"{spoken(both)} match {one.pattern} as well as {other.pattern}"
            else:
                both = [] if one.pattern or other.pattern else [0]
                what = "there is a default before it already"
            if both:
                yield Fault(method.id, _pattern(other), what, "let each status match one pattern")


def _unsure(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for response in method.responses:
            what = _doubt(response.pattern) if response.pattern else None
            if what:
                yield Fault(method.id, _pattern(response), what, _ENUMERATE)


def _doubt(pattern: str) -> str | None:
    if compiled(pattern) is None:
        return f"{pattern} is no regular expression that can be read"
    if _EXTENSION.search(pattern):
        return f"{pattern} uses a feature that not every dialect has (lookaround, back reference)"
    if not contained(pattern):
        return f"{pattern} matches no status at all"
    loose = sorted(contained(pattern) - matched(pattern))
    if loose:
        return f"{pattern} is found in {spoken(loose)}, which it does not match as a whole"
    return None


def _repeated(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for place, statuses in _statuses(method):
            for status, number in Counter(statuses).items():
                if number > 1:
                    what = f"{number} responses have the status {status}"
                    yield Fault(method.id, place, what, "join them into one, by its pattern")


def _statuses(method: Method) -> Iterator[tuple[str, list[str]]]:
    yield f"{INTEGRATION}/IntegrationResponses", [one.status for one in method.responses]
    yield "Properties/MethodResponses", [one.status for one in method.method_responses]


def _pattern(response: Response) -> str:
    return f"{response.path}/SelectionPattern"


RULES = (
    Rule(
        "R04",
        "overlapping-patterns",
        "No status matches two selection patterns, and there is one default",
        "Which of the two answers is not documented: the client gets either.",
        _overlapping,
    ),
    Rule(
        "R05",
        "unsure-pattern",
        "Selection patterns enumerate whole statuses",
        "The dialect of patterns and their anchoring are not documented: what the client gets is "
        "known only by trying.",
        _unsure,
    ),
    Rule(
        "R06",
        "repeated-status",
        "Each status has one integration response and one method response",
        "API Gateway keeps responses by their status: one of them is lost, or the deployment "
        "fails.",
        _repeated,
    ),
)
