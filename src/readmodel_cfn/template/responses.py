"""The responses of the API: how each status of S3 is mapped for the client.

API Gateway passes S3's statuses and headers to the client only if they are declared and mapped. The
article maps the status 200 and no header: clients never get an ETag, and every error is a 500. Here
every status keeps its class, and an unexpected one is a 503, never a 200.

Each response is repeated in GET and HEAD of every route, and costs up to 660 bytes of the template
there. So there is one for each reaction of a client: use the document, keep it, treat it as
missing, give up, try again later.

The selection patterns are disjoint lists of statuses: API Gateway documents neither the dialect of
these regular expressions, nor whether they are anchored, nor which pattern it uses if two match.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from troposphere import apigateway as ag

from readmodel_cfn.template.options import without_none

Missing = Literal["not-found", "mask"]


@dataclass(frozen=True)
class Response:
    """What the client gets if S3's status matches `pattern`; None matches every other status.

    `headers` are the headers of S3's response to pass on. `message` is the message of a JSON body;
    None passes the body of S3's response.
    """

    status: str
    pattern: str | None
    headers: Sequence[str] = ()
    message: str | None = None


@dataclass(frozen=True)
class ResponseSettings:
    """Settings that all responses of an API share.

    `headers` are headers of every response, with their fixed values; `document_headers` those of
    documents, 304 and, with `origin_by_s3`, 404. `origin_by_s3` says that these responses take
    Access-Control-Allow-Origin from S3, which has it for an allowed origin only. `mapped` are
    headers of every response with the sources of their values, such as a stage variable. `binary`
    says that API Gateway must not decode or encode documents.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    document_headers: Mapping[str, str] = field(default_factory=dict)
    mapped: Mapping[str, str] = field(default_factory=dict)
    origin_by_s3: bool = False
    binary: bool = False


_HEADERS = ("ETag", "Last-Modified", "Cache-Control")
# What a 304 must repeat; Last-Modified only without an ETag:
# https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
_HEADERS_OF_304 = ("ETag", "Cache-Control")


def read_responses(missing: Missing, settings: ResponseSettings) -> tuple[Response, ...]:
    """The responses to GET and HEAD, one for each group of S3 statuses.

    For a role that may not list the bucket, S3 returns 403 for a missing object; "mask" maps that
    to 404. S3 has the CORS headers of an allowed origin in its 304 and 404 too (assumed), and a
    header that S3's response lacks is omitted (assumed).
    """
    origin = ("Access-Control-Allow-Origin",) if settings.origin_by_s3 else ()
    encoding = ("Content-Encoding",) if settings.binary else ()
    masked = missing == "mask"
    others = "40[0-25-9]|4[1-9][0-9]" if masked else "40[0-35-9]|4[1-9][0-9]"
    return (
        Response("200", "200", ("Content-Type", *encoding, *_HEADERS, *origin)),
        Response("304", "304", (*_HEADERS_OF_304, *origin)),
        Response("404", "403|404" if masked else "404", origin, message="Not Found"),
        Response("403", others, message="Forbidden"),
        Response("503", None, message="Service Unavailable"),
    )


def without_bodies(responses: Sequence[Response]) -> tuple[Response, ...]:
    """The same responses to HEAD, which has no body."""
    return tuple(
        Response(response.status, response.pattern, response.headers) for response in responses
    )


def integration_response(response: Response, settings: ResponseSettings) -> ag.IntegrationResponse:
    """The mapping of S3's response."""
    passed = {name: f"integration.response.header.{name}" for name in response.headers}
    fixed = {name: quoted(value) for name, value in _fixed(response, settings).items()}
    return ag.IntegrationResponse(
        StatusCode=response.status,
        **without_none(
            SelectionPattern=response.pattern, ContentHandling=_handling(response, settings)
        ),
        **_parameters({**passed, **fixed, **settings.mapped}),
        **_body(response),
    )


def method_response(response: Response, settings: ResponseSettings) -> ag.MethodResponse:
    """The declaration that the mapping requires; False: the response may omit the header."""
    names = [*response.headers, *_fixed(response, settings), *settings.mapped]
    return ag.MethodResponse(StatusCode=response.status, **_parameters(dict.fromkeys(names, False)))


def error_body(message: str) -> str:
    """The body of every error, in the form of API Gateway's own errors."""
    return f'{{"message":"{message}"}}'


def quoted(value: str) -> str:
    """A fixed value, in the single quotes that API Gateway's mappings need."""
    return f"'{value}'"


def _fixed(response: Response, settings: ResponseSettings) -> dict[str, str]:
    """The headers with fixed values: those that are not S3's."""
    fixed = {**settings.headers, **(settings.document_headers if response.headers else {})}
    return {name: value for name, value in fixed.items() if name not in response.headers}


def _parameters(headers: Mapping[str, Any]) -> dict[str, Any]:
    targets = {f"method.response.header.{name}": value for name, value in headers.items()}
    return {"ResponseParameters": targets} if targets else {}


def _body(response: Response) -> dict[str, Any]:
    if response.message is None:
        return {}
    return {"ResponseTemplates": {"application/json": error_body(response.message)}}


def _handling(response: Response, settings: ResponseSettings) -> str | None:
    """Compressed documents pass as bytes; the errors of the same method are text."""
    if not settings.binary:
        return None
    if response.message:
        return "CONVERT_TO_TEXT"
    return "CONVERT_TO_BINARY" if response.status == "200" else None
