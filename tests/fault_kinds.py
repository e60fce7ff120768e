"""The kinds of faults: responses that replace those of AWS, or that change them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from fault_http import SILENCE, Answer, Request
from fault_pages import ANY_LIST, EVENTS, LISTS, PAGES

FOREVER = 1_000_000
ANY = "*"
SLOW = 0.3
"""Seconds by which a slow response is delayed."""

# botocore retries these: a single fault has no effect on the command.
RETRIED = {
    "throttled",
    "500",
    "503",
    "500 though done",
    "HTML of a gateway",
    "reset before",
    "answer lost",
    "answer and token lost",
    "body cut off",
    "silence",
    "silence though done",
}


@dataclass(frozen=True)
class Fault:
    """A kind of fault, for some of the calls of an action: `times` of them from the `first` on.

    The action ANY counts all calls together.
    """

    kind: str
    action: str = ANY
    first: int = 1
    times: int = 1

    def __post_init__(self) -> None:
        assert self.kind in KINDS, f"no such kind of fault: {self.kind}"

    def hits(self, action: str, nth: int) -> bool:
        """Whether the nth call of the action has this fault."""
        same = self.action in (ANY, action)
        return same and self.first <= nth < self.first + self.times

    @property
    def unnoticed(self) -> bool:
        """Whether the command must end as without the fault."""
        by_sdk = not self.action.startswith(" ")  # `verify` sends its reads itself, without a retry
        return self.kind in HARMLESS or (self.kind in RETRIED and self.times == 1 and by_sdk)

    def __str__(self) -> str:
        which = {1: f"call {self.first}", FOREVER: f"from call {self.first} on"}
        calls = which.get(self.times, f"calls {self.first} to {self.first + self.times - 1}")
        return f"{self.kind}: {'any' if self.action == ANY else self.action}, {calls}"


def _throttled(request: Request) -> Answer:
    what = "Rate exceeded"
    match request.protocol:
        case "s3":
            return _error(request, 503, "SlowDown", "Please reduce your request rate.")
        case "query":
            return _error(request, 400, "Throttling", what)
    return _error(request, 429, "TooManyRequestsException", what)


def _failed(request: Request) -> Answer:
    what = "We encountered an internal error. Please try again."
    return _error(request, 500, "InternalError", what)


def _unavailable(request: Request) -> Answer:
    return _error(request, 503, "ServiceUnavailable", "Service is unable to handle request.")


def _expired(request: Request) -> Answer:
    code = "ExpiredTokenException" if request.protocol == "json" else "ExpiredToken"
    return _error(request, 403, code, "The security token included in the request is expired")


def _denied(request: Request) -> Answer:
    code = "AccessDeniedException" if request.protocol == "json" else "AccessDenied"
    return _error(request, 403, code, "User is not authorized to perform this action")


def _gateway(_: Request) -> Answer:
    page = "<html><head><title>502 Bad Gateway</title></head><body><hr>proxy</body></html>"
    return Answer.of(502, "text/html", page)


def _portal_instead(_: Request) -> Answer:
    return _PORTAL


def _reset(_: Request) -> None:
    """No answer at all: the connection is reset."""


def _silent(_: Request) -> Answer:
    return SILENCE


_PORTAL = Answer.of(200, "text/html", "<html><body>Welcome! <br> Log in to continue</body></html>")
# Answered in AWS's place, which never receives the call.
INSTEAD: dict[str, Callable[[Request], Answer | None]] = {
    "throttled": _throttled,
    "500": _failed,
    "503": _unavailable,
    "expired token": _expired,
    "denied": _denied,
    "HTML of a gateway": _gateway,
    "HTML of a portal instead": _portal_instead,
    "reset before": _reset,
    "silence": _silent,
}

# Answered in AWS's place, which has done what was asked.
THOUGH_DONE: dict[str, Callable[[Request], Answer | None]] = {
    "500 though done": _failed,
    "silence though done": _silent,
    "answer lost": _reset,
    "answer and token lost": _reset,
}


def _portal(_: Answer) -> Answer:
    return _PORTAL


_ETAG = re.compile(rb"(<ETag>(?:&quot;|\")?)[0-9a-f]{32}")


def _with_etag(answer: Answer, etag: str | None) -> Answer:
    """The same answer with another ETag in the headers and the body, or with none."""
    kept = [header for header in answer.headers if header[0].lower() != "etag"]
    if etag and len(kept) < len(answer.headers):
        kept.append(("ETag", f'"{etag}"'))
    body = _ETAG.sub(rb"\g<1>" + etag.encode(), answer.body) if etag else answer.body
    if etag is None:
        body = re.sub(rb"<ETag>.*?</ETag>", b"", body)
    return replace(answer, headers=tuple(kept)).saying(body)


def _without_result(answer: Answer) -> Answer:
    """XML of the right kind, with nothing in it."""
    return answer.saying(re.sub(rb"(?s)<\w+Result>.*</\w+Result>", b"", answer.body))


def _busy(answer: Answer) -> Answer:
    """The stack's operation seems to be in progress, though it has ended."""
    status = rb"(<StackStatus>\w+)_(?:COMPLETE|FAILED)(</StackStatus>)"
    return answer.saying(re.sub(status, rb"\1_IN_PROGRESS\2", answer.body))


# AWS did what was asked, and this becomes of its answer.
AFTERWARDS: dict[str, Callable[[Answer], Answer]] = {
    "body cut off": lambda answer: replace(answer, cut=len(answer.body) // 2),
    "empty body": lambda answer: answer.saying(b""),
    "half a body": lambda answer: answer.saying(answer.body[: len(answer.body) // 2]),
    "garbage": lambda answer: answer.saying(b"\x00\xff\xfe{not: xml}"),
    "HTML of a portal": _portal,
    "no result": _without_result,
    "slow": lambda answer: answer,
    "still in progress": _busy,
    "wrong ETag": lambda answer: _with_etag(answer, "0123456789abcdef" * 2),
    "no ETag": lambda answer: _with_etag(answer, None),
}
# The test acts while the call is held, before or after AWS gets it; there is no response.
HELD = ("held before", "held after")
KINDS = {*INSTEAD, *THOUGH_DONE, *AFTERWARDS, *PAGES, *HELD}
HARMLESS = {"slow", *PAGES}
# AWS has done what was asked, or may have, and its answer does not say so.
UNKNOWN_AFTER = {*THOUGH_DONE, *AFTERWARDS} - {"slow", "still in progress"}


def kinds_for(action: str) -> list[str]:
    """The kinds of faults that a call of the action can meet."""
    found = [*INSTEAD, *THOUGH_DONE, *AFTERWARDS]
    if action != "DescribeStacks":
        found.remove("still in progress")
    if not action.startswith("s3 "):
        found.remove("wrong ETag")
        found.remove("no ETag")
    if action.startswith("s3 HEAD") and action.endswith(".building.json"):
        found.remove("wrong ETag")  # which says that the release is published again
    if action in LISTS:
        found += ANY_LIST
    if action == "DescribeStackEvents":
        found += EVENTS
    return found


def _error(request: Request, status: int, code: str, message: str) -> Answer:
    """An error in the format of the service."""
    errors = {"s3": _s3_error, "query": _query_error, "json": _json_error}
    return errors[request.protocol](status, code, message)


def _json_error(status: int, code: str, message: str) -> Answer:
    """An error of API Gateway and of services with a JSON protocol.

    https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
    """
    answer = Answer.of(status, "application/json", json.dumps({"message": message}))
    return replace(answer, headers=(*answer.headers, ("x-amzn-ErrorType", code)))


def _query_error(status: int, code: str, message: str) -> Answer:
    """An error of the query protocol:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
    """
    kind = "Sender" if status < 500 else "Receiver"
    inner = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    name = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
    body = f'<ErrorResponse xmlns="{name}">{inner}<RequestId>fault</RequestId></ErrorResponse>'
    return Answer.of(status, "text/xml", body)


def _s3_error(status: int, code: str, message: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer.of(status, "application/xml", body)
