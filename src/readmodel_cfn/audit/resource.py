"""A template's resources, as far as they are plainly written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.audit.reading import Json, Unreadable, fields


@dataclass(frozen=True)
class Resource:
    """One resource; `properties` are empty where they are not written out."""

    id: str
    type: str
    properties: Json
    depends_on: tuple[str, ...]


def resources(template: Mapping[str, Any]) -> dict[str, Resource]:
    """The resources by logical id; what is no resource is left out."""
    found = template.get("Resources")
    if not isinstance(found, Mapping):
        return {}
    return {
        name: Resource(name, one["Type"], _properties(one), _depends_on(one))
        for name, one in found.items()
        if isinstance(name, str) and isinstance(one, Mapping) and isinstance(one.get("Type"), str)
    }


def _properties(resource: Json) -> Json:
    try:
        return fields(resource.get("Properties"))
    except Unreadable:
        return {}


def _depends_on(resource: Json) -> tuple[str, ...]:
    found = resource.get("DependsOn")
    names = found if isinstance(found, list) else [found]
    return tuple(one for one in names if isinstance(one, str))
