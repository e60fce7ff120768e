"""Parameter mappings, which set each target to the value of a source expression.

The expressions are those of API Gateway's "Parameter mapping source reference for REST APIs".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.local.gateway.definition import Json
from readmodel_cfn.local.gateway.types import Place, Scope

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
"""The `$context` variables that this gateway supports."""

REQUEST_SOURCES: Mapping[str, Place] = {
    "method.request.header.": "header",
    "method.request.querystring.": "querystring",
    "method.request.path.": "path",
    "context.": "context",
    "stageVariables.": "stageVariables",
}
"""The sources of request mappings and gateway responses: prefix and place."""

RESPONSE_SOURCES: Mapping[str, Place] = {
    "integration.response.header.": "response",
    "context.": "context",
    "stageVariables.": "stageVariables",
}
"""The sources of response mappings: prefix and place."""

REQUEST_TARGETS = {
    "header": "integration.request.header.",
    "path": "integration.request.path.",
    "querystring": "integration.request.querystring.",
}
"""The targets of request mappings: kind and prefix."""

RESPONSE_TARGET = "method.response.header."
"""The prefix of the targets of a response's header mappings."""

GATEWAY_RESPONSE_TARGET = "gatewayresponse.header."
"""The prefix of the targets of a gateway response's header mappings."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed source; for the place `static`, `name` is the value itself."""

    place: Place
    name: str

    def value(self, scope: Scope) -> str | None:
        """The value in `scope`, or None if the source is missing."""
        if self.place == "static":
            return self.name
        return scope[self.place].get(self.name)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One mapping: the parameter `target` gets the value of `source`."""

    target: str
    source: Expression


Assignments = tuple[Assignment, ...]


def compile_assignments(parameters: Json, prefix: str, sources: Mapping[str, Place]) -> Assignments:
    """The mappings in `parameters` whose targets start with `prefix`, without that prefix.

    A source that cannot be evaluated is left out here and listed by `unsupported`.
    """
    return tuple(
        Assignment(target.removeprefix(prefix), source)
        for target, text in parameters.items()
        if target.startswith(prefix) and (source := parse_expression(text, sources))
    )


def assign(assignments: Assignments, scope: Scope) -> dict[str, str]:
    """The mapped parameters; a missing or empty source sets no target (empty: assumed)."""
    return {item.target: value for item in assignments if (value := item.source.value(scope))}


def parse_expression(text: str, sources: Mapping[str, Place]) -> Expression | None:
    """Parse an expression; None if this gateway cannot evaluate it.

    Header names are case-insensitive here. On AWS they must have the definition's spelling
    (LocalStack's code); S3 and HTTP/1.1 clients spell them as AWS's examples do, so only unusual
    spellings differ (assumed).
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
