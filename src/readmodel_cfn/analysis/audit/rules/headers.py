"""The headers that a client needs to keep a payload."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import Method
from readmodel_cfn.analysis.audit.response import Response
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View

_OF_PAYLOADS = ("Content-Type", "ETag")
# https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5: what a 304 must repeat of the 200.
_OF_NOT_MODIFIED = ("Cache-Control", "Content-Location", "Expires", "Vary")


def _missing(view: View) -> Iterator[Fault]:
    for method in view.reads:
        response = method.answers[200]
        if response is not None and response.code == 200:
            yield from (
                _unmapped(method, response, name)
                for name in _OF_PAYLOADS
                if response.source(name) is None
            )


def _not_modified(view: View) -> Iterator[Fault]:
    for method in view.reads:
        full, response = method.answers[200], method.answers[304]
        if response is not None and response.code == 304:
            repeated = [one for one in _OF_NOT_MODIFIED if full and full.source(one)]
            yield from (
                _unmapped(method, response, name)
                for name in ("ETag", *repeated)
                if response.source(name) is None
            )


def _unmapped(method: Method, response: Response, name: str) -> Fault:
    return Fault(
        method.id,
        f"{response.path}/ResponseParameters",
        f"{name} is not mapped for {response.status}",
        f"map method.response.header.{name}, and declare it on the method response",
    )


def _false_etag(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for response in method.responses:
            source = response.source("ETag")
            if source is not None and source.lower() != "integration.response.header.etag":
                yield Fault(
                    method.id,
                    f"{response.path}/ResponseParameters/method.response.header.ETag",
                    f"ETag gets {source}",
                    "map it from integration.response.header.ETag",
                )


RULES = (
    Rule(
        "R09",
        "missing-header",
        "A 200 passes S3's Content-Type and ETag on",
        "Without Content-Type every payload is application/json, whatever it is; without ETag no "
        "client can ever ask whether its copy is still good.",
        _missing,
    ),
    Rule(
        "R10",
        "header-lost-on-304",
        "A 304 repeats ETag, Cache-Control and Vary",
        "A cache cannot tell which of its copies the 304 is about, or how long to keep it.",
        _not_modified,
    ),
    Rule(
        "R11",
        "false-etag",
        "The ETag is S3's own",
        "The client asks with a tag that S3 does not know: it gets the whole payload each time, or "
        "keeps an old one for ever.",
        _false_etag,
    ),
)
