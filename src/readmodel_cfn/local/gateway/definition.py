"""Reading an API's definition, in the shape that API Gateway's own control plane gives."""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
"""One object of a definition: camelCase keys, values of any JSON type."""


class DefinitionError(ValueError):
    """A definition that API Gateway would refuse; the text names method, path and part."""


def section(holder: Json, name: str) -> Json:
    """The object `holder[name]`; an absent or null one is empty."""
    return holder.get(name) or {}


def status_code(value: object, place: str) -> int:
    """A status given as a number or text; raises `DefinitionError` naming `place` for others."""
    try:
        status = int(str(value))
    except ValueError:
        status = 0
    if not 100 <= status <= 599:
        raise DefinitionError(f"{place}: {value!r} is no HTTP status")
    return status


def resources(definition: Json) -> Iterator[tuple[str, Json]]:
    """Each resource's full path with its methods by HTTP method."""
    for resource in definition.get("resources") or ():
        path = resource.get("path")
        if not isinstance(path, str) or not path.startswith("/"):
            raise DefinitionError(f"resource {resource.get('id')}: {path!r} is no full path")
        yield path, section(resource, "resourceMethods")


def methods(definition: Json) -> Iterator[tuple[str, str, Json]]:
    """Each method as path, HTTP method and definition."""
    for path, by_name in resources(definition):
        for name, method in by_name.items():
            yield path, name, method or {}


def integration_responses(integration: Json, place: str) -> Iterator[tuple[int, Json]]:
    """Each integration response with the status it gives the client."""
    for key, response in section(integration, "integrationResponses").items():
        response = response or {}
        yield status_code(response.get("statusCode") or key, place), response
