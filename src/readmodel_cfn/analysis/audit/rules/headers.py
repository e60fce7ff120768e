"""The headers that clients and caches need to store a document."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import IntegrationResponse, Method
from readmodel_cfn.analysis.view import View

_ON_200 = ("Content-Type", "ETag")
# https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5: headers of the 200 that a 304 repeats.
_ON_304 = ("Cache-Control", "Content-Location", "Expires", "Vary")


def _missing(view: View) -> Iterator[Violation]:
    for method in view.reads:
        response = method.response_by_status[200]
        if response is not None and response.code == 200:
            yield from (
                _unmapped(method, response, name)
                for name in _ON_200
                if response.source(name) is None
            )


def _not_modified(view: View) -> Iterator[Violation]:
    for method in view.reads:
        full, response = method.response_by_status[200], method.response_by_status[304]
        if response is not None and response.code == 304:
            repeated = [name for name in _ON_304 if full and full.source(name)]
            yield from (
                _unmapped(method, response, name)
                for name in ("ETag", *repeated)
                if response.source(name) is None
            )


def _unmapped(method: Method, response: IntegrationResponse, name: str) -> Violation:
    return Violation(
        method.id,
        f"{response.path}/ResponseParameters",
        f"{name} is not mapped for {response.status}",
        f"map method.response.header.{name}, and declare it on the method response",
    )


def _wrong_etag(view: View) -> Iterator[Violation]:
    for method in view.reads:
        for response in method.responses:
            source = response.source("ETag")
            if source is not None and source.lower() != "integration.response.header.etag":
                yield Violation(
                    method.id,
                    f"{response.path}/ResponseParameters/method.response.header.ETag",
                    f"ETag is mapped from {source}",
                    "map it from integration.response.header.ETag",
                )


RULES = (
    Rule(
        "R09",
        "missing-header",
        "medium",
        "A 200 has S3's Content-Type and ETag",
        "Without Content-Type every document is application/json, even if it is not; without "
        "ETag a client cannot send conditional requests.",
        _missing,
    ),
    Rule(
        "R10",
        "header-missing-on-304",
        "medium",
        "A 304 repeats ETag, Cache-Control and Vary",
        "A cache does not know which copy the 304 refers to, or how long it stays fresh.",
        _not_modified,
    ),
    Rule(
        "R11",
        "wrong-etag",
        "high",
        "The ETag is S3's",
        "The client sends an ETag that S3 does not know: it gets the whole document each time, or "
        "keeps an old copy.",
        _wrong_etag,
    ),
)
