"""Parameter mappings, which set each target to the value of a source expression."""

from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.cloudformation.rest_api.expressions import (
    Expression,
    Place,
    Scope,
    parse_expression,
)
from readmodel_cfn.local.gateway.definition import Json


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
