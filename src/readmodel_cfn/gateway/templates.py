"""The body templates of integrations: static ones, and Velocity where one needs it."""

import re
from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from .content import Payload
from .definition import Json
from .expressions import Scope
from .failures import GatewayResponseError
from .rendered import Rendered
from .static_template import parse_static, unknown_variables

_DIRECTIVE = re.compile(
    r"#\{?(?:set|if|elseif|else|end|foreach|break|stop|include|parse|macro|define|evaluate|return)\b"
    r"|##|#\*|#\[\[|#@|#\$|\\[$#]"
)

T = TypeVar("T")


class Template(Protocol):
    """A compiled template."""

    @property
    def passes_on(self) -> bool:
        """Whether the body stays as it is."""

    def render(self, body: bytes, scope: Scope) -> Rendered:
        """The text in UTF-8 that replaces `body`, a text too."""


Templates = Mapping[str, Template]
"""Templates by content type, in the definition's order."""


def parse_all(texts: Json) -> Templates:
    """The templates of a `requestTemplates` or `responseTemplates` object."""
    return {content_type: _parse(text or "") for content_type, text in texts.items()}


def _parse(text: str) -> Template:
    if not _needs_velocity(text):
        return parse_static(text)
    from . import vtl

    return vtl.compile_template(text)


def _needs_velocity(text: str) -> bool:
    return bool(_DIRECTIVE.search(text)) or any(unknown_variables(text))


def findings(text: str) -> Iterator[str]:
    """What an integration's template uses that is not evaluated."""
    if _needs_velocity(text):
        from . import vtl

        yield from vtl.findings(text)


def apply(template: Template, payload: Payload, scope: Scope) -> Rendered:
    """The body after its template; a template for a binary body is a 500 (recorded)."""
    if template.passes_on:
        return Rendered(payload.body)
    if payload.binary:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return template.render(payload.body, scope)


def by_content_type(templates: Templates, content_type: str) -> Template | None:
    """The request template for a request's Content-Type, else the one named `$default`.

    A request without Content-Type counts as `application/json` (as in LocalStack's code); what
    follows a `;` is left out (assumed).
    """
    media_type = content_type.partition(";")[0].strip().lower() or "application/json"
    return templates.get(media_type) or templates.get("$default")


def by_accept(templates: Mapping[str, T], accept: str) -> tuple[str, T]:
    """The response template for the client's Accept, with its content type.

    `templates` has at least one. Accept is compared as a whole; the next choice is
    `application/json`, then the first template (developer guide, "Data transformations in API
    Gateway", and LocalStack's code).
    """
    for content_type in (accept, "application/json"):
        if template := templates.get(content_type):
            return content_type, template
    return next(iter(templates.items()))
