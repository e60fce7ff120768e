"""The kinds of faults: responses that replace those of AWS, or that change them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from fault_http import Answer, Request
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
        return self.kind in HARMLESS or (self.kind in RETRIED and self.times == 1)

    def __str__(self) -> str:
        which = {1: f"call {self.first}", FOREVER: f"from call {self.first} on"}
        calls = which.get(self.times, f"calls {self.first} to {self.first + self.times - 1}")
        return f"{self.kind}: {'any' if self.action == ANY else self.action}, {calls}"


def _throttled(request: Request) -> Answer:
    if request.service == "s3":
        return _s3_error(503, "SlowDown", "Please reduce your request rate.")
    return _query_error(400, "Throttling", "Rate exceeded")


def _failed(request: Request) -> Answer:
    what = "We encountered an internal error. Please try again."
    return (_s3_error if request.service == "s3" else _query_error)(500, "InternalError", what)


def _unavailable(request: Request) -> Answer:
    error = _s3_error if request.service == "s3" else _query_error
    return error(503, "ServiceUnavailable", "Service is unable to handle request.")


def _expired(request: Request) -> Answer:
    error = _s3_error if request.service == "s3" else _query_error
    return error(403, "ExpiredToken", "The security token included in the request is expired")


def _denied(request: Request) -> Answer:
    error = _s3_error if request.service == "s3" else _query_error
    return error(403, "AccessDenied", "User is not authorized to perform this action")


def _gateway(_: Request) -> Answer:
    page = "<html><head><title>502 Bad Gateway</title></head><body><hr>proxy</body></html>"
    return Answer.of(502, "text/html", page)


def _reset(_: Request) -> None:
    """No answer at all: the connection is reset."""


# Answered in AWS's place, which never receives of the call.
INSTEAD: dict[str, Callable[[Request], Answer | None]] = {
    "throttled": _throttled,
    "500": _failed,
    "503": _unavailable,
    "expired token": _expired,
    "denied": _denied,
    "HTML of a gateway": _gateway,
    "reset before": _reset,
}


def _portal(_: Answer) -> Answer:
    return Answer.of(200, "text/html", "<html><body>Welcome! <br> Log in to continue</body></html>")


def _without_result(answer: Answer) -> Answer:
    """XML of the right kind, with nothing in it."""
    return answer.saying(re.sub(rb"(?s)<\w+Result>.*</\w+Result>", b"", answer.body))


def _busy(answer: Answer) -> Answer:
    """The stack's operation seems to be in progress, though it has ended."""
    status = rb"(<StackStatus>\w+)_(?:COMPLETE|FAILED)(</StackStatus>)"
    return answer.saying(re.sub(status, rb"\1_IN_PROGRESS\2", answer.body))


# AWS did what was asked, and this becomes of its answer; None is a reset connection.
AFTERWARDS: dict[str, Callable[[Answer], Answer | None]] = {
    "answer lost": lambda _: None,
    "answer and token lost": lambda _: None,
    "500 though done": lambda _: _query_error(500, "InternalFailure", "An internal error."),
    "body cut off": lambda answer: replace(answer, cut=len(answer.body) // 2),
    "empty body": lambda answer: answer.saying(b""),
    "half a body": lambda answer: answer.saying(answer.body[: len(answer.body) // 2]),
    "garbage": lambda answer: answer.saying(b"\x00\xff\xfe{not: xml}"),
    "HTML of a portal": _portal,
    "no result": _without_result,
    "slow": lambda answer: answer,
    "still in progress": _busy,
}
# The test acts while the call is held, before or after AWS gets it; there is no response.
HELD = ("held before", "held after")
KINDS = {*INSTEAD, *AFTERWARDS, *PAGES, *HELD}
HARMLESS = {"slow", *PAGES}


def kinds_for(action: str) -> list[str]:
    """The kinds of faults that a call of the action can meet."""
    found = [*INSTEAD, *AFTERWARDS]
    if action != "DescribeStacks":
        found.remove("still in progress")
    if action in LISTS:
        found += ANY_LIST
    if action == "DescribeStackEvents":
        found += EVENTS
    return found


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
