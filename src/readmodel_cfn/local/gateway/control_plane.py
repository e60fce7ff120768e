"""CloudFormation's resources and methods in the shape that API Gateway's control plane gives."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .definition import DefinitionError, Json

# Of the control plane's names, the one that is not CloudFormation's with a small first letter.
_RENAMED = {"IntegrationHttpMethod": "httpMethod"}


Resources = Mapping[str, Json]
"""The properties of resources by logical id."""


def required(properties: Json, name: str, logical_id: str) -> str:
    """A text that the resource needs; raises `DefinitionError` naming both."""
    value = properties.get(name)
    if not isinstance(value, str | int) or value == "":
        raise DefinitionError(f"{logical_id}: {name} is {value!r}, not a text")
    return str(value)


def plane(properties: Json) -> dict[str, Any]:
    """Properties under the control plane's names; what they hold stays as it is."""
    return {
        _RENAMED.get(name, name[:1].lower() + name[1:]): value for name, value in properties.items()
    }


def resources(own: Resources, methods: Resources, root: str) -> Iterator[dict[str, Any]]:
    """The API's resources with full paths and methods, the root first.

    Raises `DefinitionError`, naming the resource, where one leads to no root or a method to no
    resource, and for a second method of the same name.
    """
    paths = {root: "/"} | {logical_id: _path(logical_id, own, root) for logical_id in own}
    by_resource: dict[str, dict[str, Any]] = {logical_id: {} for logical_id in paths}
    for logical_id, properties in methods.items():
        resource = required(properties, "ResourceId", logical_id)
        name = required(properties, "HttpMethod", logical_id)
        if resource not in paths:
            raise DefinitionError(f"{logical_id}: there is no resource {resource}")
        if name in by_resource[resource]:
            raise DefinitionError(f"{logical_id}: {resource} has another {name} method")
        by_resource[resource][name] = _method(properties, logical_id)
    for logical_id, path in paths.items():
        yield {"id": logical_id, "path": path, "resourceMethods": by_resource[logical_id]}


def _path(logical_id: str, own: Resources, root: str) -> str:
    """The resource's full path, from its parents up to the root."""
    parts: list[str] = []
    parent = logical_id
    while parent != root:
        if parent not in own or len(parts) > len(own):
            raise DefinitionError(f"{logical_id}: its parents do not lead to {root}")
        parts.insert(0, required(own[parent], "PathPart", parent))
        parent = required(own[parent], "ParentId", parent)
    return "/" + "/".join(parts)


def _method(properties: Json, logical_id: str) -> dict[str, Any]:
    integration = properties.get("Integration")
    return plane(properties) | {
        "methodResponses": _by_status(properties.get("MethodResponses"), logical_id),
        "methodIntegration": integration and _integration(integration, logical_id),
    }


def _integration(properties: Json, logical_id: str) -> dict[str, Any]:
    responses = _by_status(properties.get("IntegrationResponses"), logical_id)
    return plane(properties) | {"integrationResponses": responses}


def _by_status(responses: Sequence[Json] | None, logical_id: str) -> Mapping[str, Any]:
    by_status: dict[str, Any] = {}
    for response in responses or ():
        status = str(response.get("StatusCode"))
        if status in by_status:
            raise DefinitionError(f"{logical_id}: two responses with the status {status}")
        by_status[status] = plane(response)
    return by_status
