"""The body an integration gets: from a request template, or the client's own."""

import re
from dataclasses import dataclass

from . import content
from .compression import decompressed
from .content import MediaTypes
from .definition import Json, section
from .expressions import Scope
from .failures import GatewayResponseError
from .templates import Templates, apply, by_content_type, parse_all
from .types import Request

# Quotes around the name are optional: `{statusCode:200}` is in wide use.
_MOCK_STATUS = re.compile(r"""["']?\bstatusCode["']?\s*:\s*(\d{3})\b""")


@dataclass(frozen=True, slots=True)
class RequestBody:
    """How an integration gets its body; `passthrough` is its passthroughBehavior.

    `handling` is its contentHandling, None for an undefined one.
    """

    templates: Templates
    passthrough: str
    handling: str | None

    def build(self, request: Request, scope: Scope, binary_types: MediaTypes) -> bytes:
        """The template's text for the request's Content-Type, or the request's own body.

        The body is decompressed, then converted, then mapped. Raises `GatewayResponseError` where
        passthroughBehavior keeps it back (415), and where one of the three steps fails.
        """
        headers = request.headers
        content_type = headers.get("content-type")
        template = by_content_type(self.templates, content_type or "")
        if template is None:
            self._check_passthrough()
            if not request.body:
                return b""
        body = decompressed(request.body, headers.get("content-encoding", ""))
        payload = content.of_request(body, content_type, self.handling, binary_types)
        return apply(template, payload, scope) if template else payload.body

    def _check_passthrough(self) -> None:
        if self.passthrough == "NEVER":
            raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE")
        if self.passthrough == "WHEN_NO_TEMPLATES" and self.templates:
            raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE")


def compile_body(integration: Json) -> RequestBody:
    """The body part of an integration's definition."""
    return RequestBody(
        templates=parse_all(section(integration, "requestTemplates")),
        passthrough=integration.get("passthroughBehavior") or "WHEN_NO_MATCH",
        handling=integration.get("contentHandling"),
    )


def mock_status(body: bytes) -> int:
    """The status that a MOCK's request body asks for, as in `{"statusCode": 200}`.

    Raises `GatewayResponseError` (500) where there is no such number.
    """
    match = _MOCK_STATUS.search(body.decode(errors="replace"))
    if match is None:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return int(match[1])
