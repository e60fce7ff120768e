"""The client's condition reaches S3, and S3's 304 reaches the client."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION, Method
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View


def _not_forwarded(view: View) -> Iterator[Fault]:
    for method in view.reads:
        # A stage that caches may replay the 304 to a client that sent no condition (assumed).
        cached = view.apis[method.api].cached
        if method.verb != "HEAD" and not cached and not method.forwards("If-None-Match"):
            yield Fault(
                method.id,
                f"{INTEGRATION}/RequestParameters",
                f"If-None-Match never reaches S3{_in_vain(method)}",
                "map integration.request.header.If-None-Match from "
                "method.request.header.If-None-Match, declare it as optional on the method, "
                "and answer 304 with 304",
            )


def _in_vain(method: Method) -> str:
    mapped = any(one.code == 304 for one in method.responses)
    return ": the response for 304 is there in vain" if mapped else ""


RULES = (
    Rule(
        "R14",
        "no-conditional-read",
        "If-None-Match is passed on to S3",
        "A 304 can never come: every repeated read carries the whole payload.",
        _not_forwarded,
    ),
)
