"""The client's answer, made of the backend's: what of it reaches the client, and in which form."""

from collections.abc import Iterable

from . import content
from .compression import preferred_coding
from .content import MediaTypes
from .encoding import Encoding
from .exchange import Exchange
from .integration_response import IntegrationResponse
from .mapping import assign
from .method_response import complete
from .templates import apply, by_accept
from .types import Request, Response, S3Response


def respond(
    response: IntegrationResponse, exchange: Exchange, answer: S3Response, encoding: Encoding
) -> Response:
    """The client's answer: mapped headers only, and the template's text or the backend's body.

    The body is converted, then mapped, then compressed.
    """
    body = _body(response, exchange, answer, encoding.binary_types)
    headers = assign(response.headers, {**exchange.scope, "response": answer.headers})
    coding = _coding(exchange.request, answer, headers, len(body), encoding.minimum_size)
    return complete(exchange.request, response.status, headers, body, coding=coding)


def _body(
    response: IntegrationResponse, exchange: Exchange, answer: S3Response, binary_types: MediaTypes
) -> bytes:
    accept = exchange.request.headers.get("accept")
    content_type = answer.headers.get("content-type")
    payload = content.of_response(
        answer.body, content_type, accept, response.handling, binary_types
    )
    if not response.templates:
        return payload.body
    _, template = by_accept(response.templates, accept or "")
    return apply(template, payload, {**exchange.scope, "response": answer.headers})


def _coding(
    request: Request, answer: S3Response, headers: Iterable[str], size: int, minimum: int | None
) -> str | None:
    """The coding to compress the body with: where the API does, from its size on, and only once.

    An empty body stays one (assumed for a minimum of zero).
    """
    if minimum is None or not size or size < minimum:
        return None
    if any(name.lower() == "content-encoding" for name in (*headers, *answer.headers)):
        return None
    return preferred_coding(request.headers.get("accept-encoding", ""))
