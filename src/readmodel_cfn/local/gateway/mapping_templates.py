"""Mapping templates: which one a request or a response gets, and its output."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.cloudformation.rest_api.expressions import Scope, client_header
from readmodel_cfn.cloudformation.rest_api.mapping_text import Parts, Reference
from readmodel_cfn.cloudformation.rest_api.mapping_text import parse as parse_text
from readmodel_cfn.local.gateway.definition import Json
from readmodel_cfn.local.gateway.failures import GatewayResponseError
from readmodel_cfn.local.gateway.payload import Payload


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template, and the content type that it is for, as the definition has it."""

    parts: Parts
    content_type: str

    def render(self, body: bytes, scope: Scope) -> bytes:
        """The template's output, in UTF-8; `body` is UTF-8 text too.

        Raises:
            GatewayResponseError: the template reads the body as JSON, and it is not JSON.
        """
        texts = [
            part if isinstance(part, str) else _value(part, body, scope) for part in self.parts
        ]
        return "".join(texts).encode()


Templates = Mapping[str, Template]
"""Templates by content type in lower case, in the definition's order."""


def parse_all(texts: Json, *, velocity: bool = True) -> Templates:
    """The templates of a `requestTemplates` or `responseTemplates` object.

    `velocity` is False for a gateway response.
    """
    return {
        content_type.strip().lower(): Template(
            parse_text(text or "", velocity=velocity), content_type
        )
        for content_type, text in texts.items()
    }


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

    A request without Content-Type counts as `application/json` (developer guide, "Integration
    passthrough behaviors"); parameters after a `;` do not count (developer guide, "API Gateway API
    request and response data mapping reference").
    """
    return templates.get(_media_type(content_type)) or templates.get("$default")


def by_accept(templates: Templates, accept: str) -> Template:
    """The response template for the client's Accept.

    `templates` has at least one. Of several media types in Accept the first counts ("API Gateway
    only honors the first Accept media type", developer guide, "Amazon API Gateway important
    notes"), without its parameters; the next choice is `application/json`, then the first template
    (developer guide, "Data transformations in API Gateway", and LocalStack's code).
    """
    for media_type in (_media_type(accept.partition(",")[0]), "application/json"):
        if template := templates.get(media_type):
            return template
    return next(iter(templates.values()))


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower() or "application/json"


def _value(reference: Reference, body: bytes, scope: Scope) -> str:
    """The text that replaces a reference; a value that does not exist is empty (assumed)."""
    match reference.source:
        case "parameter":
            return _parameter(reference.name, scope)
        case "json":
            return _json(body, scope)
        case "body":
            return body.decode() or "{}"  # recorded on AWS by LocalStack for an empty body
        case "header":
            return scope["header"].get(client_header(reference.name), "")
        case place:
            return scope[place].get(reference.name, "")


def _parameter(name: str, scope: Scope) -> str:
    """The parameter in the path, else in the query, else in the headers.

    Header names are case-insensitive here (assumed: AWS keeps the client's spelling).
    """
    return (
        scope["path"].get(name)
        or scope["querystring"].get(name)
        or scope["header"].get(client_header(name), "")
    )


def _json(body: bytes, scope: Scope) -> str:
    """The body as compact JSON; `""` for an empty one (assumed)."""
    if not body:
        return '""'
    try:
        value = json.loads(body, parse_constant=_no_json)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        in_response = "response" in scope
        raise GatewayResponseError(
            "API_CONFIGURATION_ERROR" if in_response else "BAD_REQUEST_BODY"
        ) from None


def _no_json(constant: str) -> None:
    """Python reads NaN and Infinity, which are no JSON."""
    raise ValueError(constant)
