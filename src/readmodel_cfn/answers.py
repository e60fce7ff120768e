"""Every answer of the API, in one place: what a client gets for each of S3's, and how.

Nothing of S3's answer reaches a client unless it is declared and mapped. The article maps the
status 200 and no header, so that a reader never sees an ETag, and every error is a 500. Here every
status keeps its class, and what nobody foresaw is a 502, never a 200.

The patterns are disjoint and enumerate statuses: API Gateway documents neither the regex dialect,
nor whether patterns are anchored, nor which of two that match is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from troposphere import apigateway as ag

from readmodel_cfn.options import given

Missing = Literal["not-found", "mask"]


@dataclass(frozen=True)
class Answer:
    """What the client gets where S3's status matches `pattern`; None is all that no other does.

    `passed` are S3's headers that the client gets; `message` is that of a JSON body, None passes
    S3's body.
    """

    status: str
    pattern: str | None
    passed: Sequence[str] = ()
    message: str | None = None


@dataclass(frozen=True)
class Style:
    """What all answers of an API share.

    `fixed` are headers of one value for every answer, `cached` those for payloads and 304 alone.
    `binary` says that payloads are bytes that API Gateway must not touch.
    """

    fixed: Mapping[str, str] = field(default_factory=dict)
    cached: Mapping[str, str] = field(default_factory=dict)
    binary: bool = False


_VALIDATORS = ("ETag", "Last-Modified", "Cache-Control")


def answers(missing: Missing, style: Style) -> tuple[Answer, ...]:
    """The answers to GET and HEAD, by S3's status.

    S3 says 403 for a missing object to a role that may not list; "mask" answers it as 404.
    """
    encoding = ("Content-Encoding",) if style.binary else ()
    absent = Answer("404", "403|404" if missing == "mask" else "404", message="Not Found")
    forbidden = () if missing == "mask" else (Answer("403", "403", message="Forbidden"),)
    return (
        Answer("200", "200", ("Content-Type", *encoding, *_VALIDATORS)),
        Answer("304", "304", _VALIDATORS),
        Answer("400", "40[0-2]|40[5-9]|4[1-9][0-9]", message="Bad Request"),
        *forbidden,
        absent,
        Answer("500", "50[0-2]|50[4-9]|5[1-9][0-9]", message="Internal Server Error"),
        Answer("503", "503", message="Service Unavailable"),
        Answer("502", None, message="Bad Gateway"),
    )


def without_bodies(found: Sequence[Answer]) -> tuple[Answer, ...]:
    """The same answers to HEAD, which has no body."""
    return tuple(Answer(one.status, one.pattern, one.passed) for one in found)


def rule(answer: Answer, style: Style) -> ag.IntegrationResponse:
    """The integration response that gives the answer."""
    passed = {name: f"integration.response.header.{name}" for name in answer.passed}
    fixed = {name: literal(value) for name, value in _fixed(answer, style).items()}
    return ag.IntegrationResponse(
        StatusCode=answer.status,
        **given(SelectionPattern=answer.pattern, ContentHandling=_handling(answer, style)),
        **_parameters({**passed, **fixed}),
        **_body(answer),
    )


def declaration(answer: Answer, style: Style) -> ag.MethodResponse:
    """The method response, without which API Gateway refuses the rule; False is "not required"."""
    names = [*answer.passed, *_fixed(answer, style)]
    return ag.MethodResponse(StatusCode=answer.status, **_parameters(dict.fromkeys(names, False)))


def error_body(message: str) -> str:
    """The one shape of all errors, which is also that of API Gateway's own."""
    return f'{{"message":"{message}"}}'


def literal(value: str) -> str:
    """A fixed value, in the single quotes that API Gateway's mappings ask for."""
    return f"'{value}'"


def _fixed(answer: Answer, style: Style) -> dict[str, str]:
    return {**style.fixed, **(style.cached if answer.passed else {})}


def _parameters(headers: Mapping[str, Any]) -> dict[str, Any]:
    targets = {f"method.response.header.{name}": value for name, value in headers.items()}
    return {"ResponseParameters": targets} if targets else {}


def _body(answer: Answer) -> dict[str, Any]:
    if answer.message is None:
        return {}
    return {"ResponseTemplates": {"application/json": error_body(answer.message)}}


def _handling(answer: Answer, style: Style) -> str | None:
    """Compressed payloads pass as bytes; the errors beside them are made as text."""
    if not style.binary:
        return None
    if answer.message:
        return "CONVERT_TO_TEXT"
    return "CONVERT_TO_BINARY" if answer.status == "200" else None
