"""One answer of an operation: its status in words, its headers and what is known of its body."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from mimetypes import MimeTypes
from typing import Any

from readmodel_cfn.analysis.audit.method import Method
from readmodel_cfn.analysis.audit.response import Declared, Response

ERROR = {
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}
_TO_ERROR = {"schema": {"$ref": "#/components/schemas/Error"}}
ERROR_CONTENT = {"application/json": _TO_ERROR}
_JSON = "application/json"
_BODILESS = ("204", "205", "304")


def answer(method: Method, verb: str, declared: Declared) -> dict[str, Any]:
    """The answer that a method response declares."""
    given = [one for one in method.responses if one.status == declared.status]
    headers = {
        name: {"schema": _header(given, name)}
        for name in sorted(declared.headers)
        if name.lower() != "content-type"  # OpenAPI tells it by the content
    }
    bodiless = verb == "HEAD" or declared.status in _BODILESS or declared.status < "200"
    content = {} if bodiless else _content(method, given, declared.status)
    return {
        "description": _phrase(declared.status),
        **({"headers": headers} if headers else {}),
        **({"content": content} if content else {}),
    }


def _phrase(status: str) -> str:
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return f"Status {status}"


def _header(given: Sequence[Response], name: str) -> dict[str, str]:
    """Any text, or the one that the template writes out."""
    sources = {one.source(name) or "" for one in given}
    source = sources.pop() if len(sources) == 1 else ""
    fixed = len(source) > 1 and source[0] == source[-1] == "'"
    return {"type": "string", **({"const": source[1:-1]} if fixed else {})}


def _content(method: Method, given: Sequence[Response], status: str) -> dict[str, Any]:
    templates = {name: text for one in given for name, text in one.templates.items()}
    if templates:
        return {name: _body(text) for name, text in templates.items()}
    return {_payload_type(method, given): {}} if method.reads and status < "300" else {}


def _body(template: str) -> dict[str, Any]:
    """What a body template makes; one with variables in it can make anything."""
    try:
        value = json.loads(template)
    except ValueError:
        return {}
    is_error = isinstance(value, dict) and isinstance(value.get("message"), str)
    return {**(_TO_ERROR if is_error else {}), "example": value}


def _payload_type(method: Method, given: Sequence[Response]) -> str:
    """The media type by the key's ending; API Gateway's own where S3's is not passed on."""
    sources = {one.source("Content-Type") for one in given} - {None}
    if not sources:
        return _JSON
    kind, _ = MimeTypes().guess_type(str(method.uri.key) if method.uri else "")
    return kind or "*/*"
