"""Reads the definition of an API, in the format of API Gateway's API (camelCase)."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

Json = Mapping[str, Any]
"""One object of a definition: camelCase keys, values of any JSON type."""


class DefinitionError(ValueError):
    """A definition that API Gateway would reject, or that this gateway cannot read.

    `place` is the method and path (`GET /things`), the resource or the setting. `what` is the
    error, `hint` what to do. `path` is the path to the part of the template, if it is known.
    """

    def __init__(
        self, place: str, what: str, path: tuple[str | int, ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.place: str = place
        self.what: str = what
        self.path: tuple[str | int, ...] = path
        self.hint: str | None = hint

    @classmethod
    def of_resource(
        cls, logical_id: str, what: str, *keys: str | int, hint: str | None = None
    ) -> Self:
        """The error of a resource of a template; `keys` are the path to one of its properties."""
        path = ("Resources", logical_id, *(("Properties", *keys) if keys else ()))
        return cls(logical_id, what, path, hint)


def section(holder: Json, name: str) -> Json:
    """The object `holder[name]`; empty if it is absent or null."""
    return holder.get(name) or {}


def status_code(value: object, place: str) -> int:
    """An HTTP status that is written as a number or a text.

    Raises:
        DefinitionError: it is not an HTTP status.
    """
    try:
        status = int(str(value))
    except ValueError:
        status = 0
    if not 100 <= status <= 599:
        raise DefinitionError(place, f"{value!r} is not an HTTP status")
    return status


def resources(definition: Json) -> Iterator[tuple[Json, str, Json]]:
    """Each resource with its full path, and its methods by HTTP method.

    Raises:
        DefinitionError: a resource has no full path.
    """
    for resource in definition.get("resources") or ():
        path = resource.get("path")
        if not isinstance(path, str) or not path.startswith("/"):
            raise DefinitionError(f"resource {resource.get('id')}", f"{path!r} is not a full path")
        yield resource, path, section(resource, "resourceMethods")


def methods(definition: Json) -> Iterator[tuple[str, Json]]:
    """Each method with its HTTP method and path, such as `GET /things`."""
    for _, path, by_name in resources(definition):
        for name, method in by_name.items():
            yield f"{name} {path}", method or {}


def integration_responses(integration: Json, place: str) -> Iterator[tuple[int, Json]]:
    """Each integration response with the status that the client gets.

    Raises:
        DefinitionError: a status is not an HTTP status.
    """
    for key, response in section(integration, "integrationResponses").items():
        response = response or {}
        yield status_code(response.get("statusCode") or key, place), response
