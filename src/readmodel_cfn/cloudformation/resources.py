"""The resources that a template declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable


@dataclass(frozen=True)
class Resource:
    """One resource; `properties` are as written, and empty where they are not an object."""

    id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...]


def resources(template: Mapping[str, Any], evaluator: Evaluator) -> dict[str, Resource]:
    """The resources by logical id, loops written out.

    What is not a resource is left out, and what has a condition that does not hold.
    """
    declared = template.get("Resources")
    if not isinstance(declared, Mapping):
        return {}
    return {
        name: Resource(
            name, described["Type"], _properties(described, evaluator), _depends_on(described)
        )
        for name, described in evaluator.expand(declared).items()
        if isinstance(name, str)
        and isinstance(described, Mapping)
        and isinstance(described.get("Type"), str)
        and evaluator.condition(described.get("Condition")) is not False
    }


def _properties(resource: Mapping[str, Any], evaluator: Evaluator) -> Mapping[str, Any]:
    try:
        return evaluator.fields(resource.get("Properties"))
    except Unreadable:
        return {}


def _depends_on(resource: Mapping[str, Any]) -> tuple[str, ...]:
    found = resource.get("DependsOn")
    names = found if isinstance(found, list) else [found]
    return tuple(name for name in names if isinstance(name, str))
