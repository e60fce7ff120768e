"""Integration responses: what a definition lets through of the backend's answer."""

import re
from dataclasses import dataclass

from .definition import DefinitionError, Json, integration_responses, section
from .expressions import RESPONSE_SOURCES
from .mapping import Assignment, Assignments, compile_assignments
from .templates import Templates, parse_all

PREFIX = "method.response.header."
"""How the targets of a response's header mappings start."""

# Mapped, these reach the client under another name, and Transfer-Encoding not at all: developer
# guide, "Amazon API Gateway important notes", and answers that LocalStack recorded from AWS.
_REMAPPED = {
    name.lower(): f"x-amzn-Remapped-{name}"
    for name in ("Connection", "Content-Length", "Content-MD5", "Date", "Server")
}
_DROPPED = frozenset({"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """A compiled integration response; `pattern` None makes it the default one.

    `declared` tells whether the method has a method response of this status; `handling` is its
    contentHandling.
    """

    status: int
    pattern: re.Pattern[str] | None
    declared: bool
    headers: Assignments
    templates: Templates
    handling: str | None


def compile_responses(method: Json, place: str) -> tuple[IntegrationResponse, ...]:
    """A method's integration responses, in the definition's order.

    Raises `DefinitionError`, naming `place` (method and path), for a mapped header that the method
    response does not declare: AWS refuses such a mapping as an "Invalid mapping expression".
    """
    method_responses = {
        str(status): response or {}
        for status, response in section(method, "methodResponses").items()
    }
    return tuple(
        _compile(status, response, method_responses.get(str(status)), place)
        for status, response in integration_responses(section(method, "methodIntegration"), place)
    )


def _compile(
    status: int, response: Json, method_response: Json | None, place: str
) -> IntegrationResponse:
    parameters = section(response, "responseParameters")
    _check_declared(
        parameters, section(method_response or {}, "responseParameters"), f"{place}: {status}"
    )
    pattern = response.get("selectionPattern")
    return IntegrationResponse(
        status=status,
        pattern=re.compile(pattern) if pattern else None,
        declared=method_response is not None,
        headers=_client_names(compile_assignments(parameters, PREFIX, RESPONSE_SOURCES)),
        templates=parse_all(section(response, "responseTemplates")),
        handling=response.get("contentHandling"),
    )


def _check_declared(mapped: Json, declared: Json, place: str) -> None:
    for target in mapped:
        if target not in declared:
            header = target.removeprefix(PREFIX)
            raise DefinitionError(
                f"{place} maps {header}, which its method response does not declare"
            )


def _client_names(headers: Assignments) -> Assignments:
    return tuple(
        Assignment(name, header.source)
        for header in headers
        if (name := _client_name(header.target))
    )


def _client_name(header: str) -> str | None:
    """How a header reaches the client; None for one that never does."""
    return None if header.lower() in _DROPPED else _REMAPPED.get(header.lower(), header)
