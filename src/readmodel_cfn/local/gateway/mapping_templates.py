"""Mapping templates: literal text with references to `$context`, `$input`, `$stageVariables`.

On AWS the templates of integrations are written in Velocity (VTL). This gateway evaluates only
plain references: `$context.stage`, `$stageVariables.name`, `$input.body`, `$input.json('$')` and
`$input.params('name')`, each also as `${...}` and as `$!...`. A method whose template uses more
answers 501; only `not_supported` decides this, and lists what is used.

Gateway responses are "a non-VTL mapping template" (developer guide, "Gateway responses"): a `#`
has no meaning in them, and they have no `$input`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.local.gateway.definition import Json
from readmodel_cfn.local.gateway.failures import GatewayResponseError
from readmodel_cfn.local.gateway.parameter_mapping import CONTEXT_VARIABLES
from readmodel_cfn.local.gateway.payload import Payload
from readmodel_cfn.local.gateway.types import Scope

Source = Literal["context", "stageVariables", "body", "json", "parameter"]

# A reference with its properties, calls and indexes.
_REFERENCE = re.compile(
    r"\$!?(?:\{(?P<formal>[^}]*)\}"
    r"|(?P<name>[A-Za-z][\w-]*(?:\.[A-Za-z_][\w-]*|\([^)]*\)|\[[^\]]*\])*))"
)
_DIRECTIVE = re.compile(
    r"#\{?(?:set|if|elseif|else|end|foreach|break|stop|include|parse|macro|define|evaluate|return)\b\}?"
    r"|##|#\*|#\[\[|#@?[A-Za-z]\w*\(|\\[$#]"
)
_USED = re.compile(f"{_DIRECTIVE.pattern}|{_REFERENCE.pattern}")
_PLAIN = re.compile(
    r"context\.(?P<context>.+)"
    r"|stageVariables\.(?P<stageVariables>\w+)"
    r"|input\.(?P<body>body)"
    r"|input\.(?P<json>json)\((?:'\$'|\"\$\")\)"
    r"""|input\.params\((?P<quote>['"])(?P<parameter>[^'"$#]+)(?P=quote)\)"""
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A plain reference: the source of its value, and the name in this source."""

    source: Source
    name: str

    def value(self, body: bytes, scope: Scope) -> str:
        """The text that replaces it; a value that does not exist is empty (assumed)."""
        match self.source:
            case "context" | "stageVariables":
                return scope[self.source].get(self.name, "")
            case "parameter":
                return _parameter(self.name, scope)
            case "json":
                return _json(body, scope)
        return body.decode() or "{}"  # recorded on AWS by LocalStack for an empty body


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template."""

    parts: tuple[str | Reference, ...]

    def render(self, body: bytes, scope: Scope) -> bytes:
        """The template's output, in UTF-8; `body` is UTF-8 text too.

        Raises:
            GatewayResponseError: the template reads the body as JSON, and it is not JSON.
        """
        texts = [part if isinstance(part, str) else part.value(body, scope) for part in self.parts]
        return "".join(texts).encode()


Templates = Mapping[str, Template]
"""Templates by content type, in the definition's order."""


def parse(text: str, *, velocity: bool = True) -> Template:
    """Parse a template; unsupported references are kept as text.

    `velocity` is False for a gateway response.
    """
    parts: list[str | Reference] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        if reference := _plain(match, velocity):
            parts += [text[end : match.start()], reference]
            end = match.end()
    return Template((*parts, text[end:]))


def not_supported(text: str, *, velocity: bool = True) -> list[str]:
    """Each directive, variable and call in `text` that is not supported, without duplicates.

    `velocity` is False for a gateway response.
    """
    used = (_USED if velocity else _REFERENCE).finditer(text)
    return list(dict.fromkeys(match[0] for match in used if not _plain(match, velocity)))


def _plain(match: re.Match[str], velocity: bool) -> Reference | None:
    plain = _PLAIN.fullmatch(match["formal"] or match["name"] or "")
    if plain is None:
        return None
    source: Source = plain.lastgroup  # type: ignore[assignment]  # the groups have these names
    if source == "context" and plain[source] not in CONTEXT_VARIABLES:
        return None
    if source not in ("context", "stageVariables") and not velocity:
        return None
    return Reference(source, plain[source])


def _parameter(name: str, scope: Scope) -> str:
    """The parameter in the path, else in the query, else in the headers.

    Header names are case-insensitive here (assumed: AWS keeps the client's spelling).
    """
    return (
        scope["path"].get(name)
        or scope["querystring"].get(name)
        or scope["header"].get(name.lower(), "")
    )


def _json(body: bytes, scope: Scope) -> str:
    """The body as compact JSON; `""` for an empty one (assumed)."""
    if not body:
        return '""'
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        in_response = "response" in scope
        raise GatewayResponseError(
            "API_CONFIGURATION_ERROR" if in_response else "BAD_REQUEST_BODY"
        ) from None


def parse_all(texts: Json) -> Templates:
    """The templates of a `requestTemplates` or `responseTemplates` object."""
    return {content_type: parse(text or "") for content_type, text in texts.items()}


def apply(template: Template, payload: Payload, scope: Scope) -> bytes:
    """The body after mapping; an empty template does not change it.

    Raises:
        GatewayResponseError: 500, if the body is binary (recorded on AWS).
    """
    if template.parts == ("",):
        return payload.body
    if payload.binary:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return template.render(payload.body, scope)


def by_content_type(templates: Templates, content_type: str) -> Template | None:
    """The request template for a Content-Type, else the template named `$default`.

    A request without Content-Type counts as `application/json` (as in LocalStack's code);
    parameters after a `;` are ignored (assumed).
    """
    media_type = content_type.partition(";")[0].strip().lower() or "application/json"
    return templates.get(media_type) or templates.get("$default")


def by_accept(templates: Templates, accept: str) -> tuple[str, Template]:
    """The response template for the client's Accept, and its content type.

    `templates` has at least one. Accept is compared as a whole; the next choice is
    `application/json`, then the first template (developer guide, "Data transformations in API
    Gateway", and LocalStack's code).
    """
    for content_type in (accept, "application/json"):
        if template := templates.get(content_type):
            return content_type, template
    return next(iter(templates.items()))
