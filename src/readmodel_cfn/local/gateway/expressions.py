"""The right-hand side of a parameter mapping: where a value comes from.

The expressions are those of API Gateway's "Parameter mapping source reference for REST APIs".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["static", "header", "querystring", "path", "context", "stageVariables", "response"]

Scope = Mapping[Place, Mapping[str, str]]
"""The values that expressions read, by place; header names are lower case."""

CONTEXT_VARIABLES = frozenset(
    {
        "httpMethod",
        "path",
        "requestId",
        "stage",
        "resourcePath",
        "error.message",
        "error.messageString",
        "error.responseType",
    }
)
"""The `$context` variables this gateway knows."""

REQUEST_SOURCES: Mapping[str, Place] = {
    "method.request.header.": "header",
    "method.request.querystring.": "querystring",
    "method.request.path.": "path",
    "context.": "context",
    "stageVariables.": "stageVariables",
}
"""What a request mapping or a gateway response may read: prefix and place."""

RESPONSE_SOURCES: Mapping[str, Place] = {
    "integration.response.header.": "response",
    "context.": "context",
    "stageVariables.": "stageVariables",
}
"""What a response mapping may read: prefix and place."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed source; for the place `static`, `name` is the value itself."""

    place: Place
    name: str

    def value(self, scope: Scope) -> str | None:
        """The value in `scope`, or None where the source is missing."""
        if self.place == "static":
            return self.name
        return scope[self.place].get(self.name)


def parse(text: str, sources: Mapping[str, Place]) -> Expression | None:
    """The expression written as `text`, or None for one this gateway cannot evaluate.

    Header names are compared without case. On AWS the mapping follows the definition's spelling
    (LocalStack's code says so); S3 and HTTP/1.1 clients spell theirs as AWS's examples
    do, so the difference shows only for unusual spellings (assumed).
    """
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return Expression("static", text[1:-1])
    for prefix, place in sources.items():
        if text.startswith(prefix):
            return _named(place, text.removeprefix(prefix))
    return None


def _named(place: Place, name: str) -> Expression | None:
    if place == "context" and name not in CONTEXT_VARIABLES:
        return None
    return Expression(place, name.lower() if place in ("header", "response") else name)
