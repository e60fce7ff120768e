"""Conditional requests: the client's condition is forwarded to S3."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.view import View


def _not_forwarded(view: View) -> Iterator[Violation]:
    for method in view.reads:
        # A stage's cache may return the 304 to a client that sent no condition *(assumed)*.
        cached = view.apis[method.api].has_cache
        if method.verb != "HEAD" and not cached and not method.forwards("If-None-Match"):
            yield Violation(
                method.id,
                f"{INTEGRATION}/RequestParameters",
                f"If-None-Match is not forwarded to S3{_unused_304(method)}",
                "map integration.request.header.If-None-Match from "
                "method.request.header.If-None-Match, declare it as optional on the method, "
                "and map S3's 304 to 304",
            )


def _unused_304(method: Method) -> str:
    mapped = any(response.code == 304 for response in method.responses)
    return ", so the response for 304 is never used" if mapped else ""


RULES = (
    Rule(
        "R14",
        "no-conditional-read",
        "low",
        "If-None-Match is forwarded to S3",
        "A client never gets a 304: every repeated read transfers the whole document.",
        _not_forwarded,
    ),
)
