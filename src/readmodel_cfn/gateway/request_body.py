"""The body an integration gets: from a request template, or the client's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .definition import Json, section
from .failures import GatewayResponseError
from .templates import Templates, by_content_type, parse_all
from .types import Request

# Quotes around the name are optional: `{statusCode:200}` is in wide use.
_MOCK_STATUS = re.compile(r"""["']?\bstatusCode["']?\s*:\s*(\d{3})\b""")


@dataclass(frozen=True, slots=True)
class RequestBody:
    """How an integration gets its body; `passthrough` is its passthroughBehavior."""

    templates: Templates
    passthrough: str

    def build(self, request: Request, context: Mapping[str, str]) -> bytes:
        """The template's text for the request's Content-Type, or the request's own body.

        Raises `GatewayResponseError` (415) where passthroughBehavior keeps the body back.
        """
        content_type = request.headers.get("content-type", "")
        if template := by_content_type(self.templates, content_type):
            return template.render(request.body, context)
        if self.passthrough == "NEVER":
            raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE")
        if self.passthrough == "WHEN_NO_TEMPLATES" and self.templates:
            raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE")
        return request.body


def compile_body(integration: Json) -> RequestBody:
    """The body part of an integration's definition."""
    return RequestBody(
        templates=parse_all(section(integration, "requestTemplates")),
        passthrough=integration.get("passthroughBehavior") or "WHEN_NO_MATCH",
    )


def mock_status(body: bytes) -> int:
    """The status that a MOCK's request body asks for, as in `{"statusCode": 200}`.

    Raises `GatewayResponseError` (500) where there is no such number.
    """
    match = _MOCK_STATUS.search(body.decode(errors="replace"))
    if match is None:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return int(match[1])
