"""An API and what belongs to it: its paths, deployments, stages and gateway responses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.audit.reading import Json, Text, Unreadable, fields, items
from readmodel_cfn.audit.resource import Resource

_DEEPEST = 100  # segments of a path


@dataclass(frozen=True)
class Api:
    """An API by the text of its id; `resource` is None where another template defines it."""

    id: str
    resource: Resource | None
    methods: tuple[Resource, ...]
    deployments: tuple[Resource, ...]
    stages: tuple[Resource, ...]
    gateway_responses: tuple[Resource, ...]

    @property
    def binary_types(self) -> tuple[str, ...] | None:
        """The binary media types; None where they cannot be known."""
        try:
            found = [one for _, one in items(self._properties.get("BinaryMediaTypes"))]
        except Unreadable:
            return None
        if self.resource is None or not all(isinstance(one, str) for one in found):
            return None
        return tuple(found)

    @property
    def all_binary(self) -> bool:
        """Is every answer binary, whatever its type?"""
        return any(one in ("*/*", "*~1*") for one in self.binary_types or ())

    @property
    def compression(self) -> Any:
        """The MinimumCompressionSize as written; None where there is none."""
        return self._properties.get("MinimumCompressionSize")

    @property
    def cached(self) -> bool:
        """Does one of its stages cache answers?"""
        return any(map(_caches, self.stages))

    @property
    def _properties(self) -> Json:
        return self.resource.properties if self.resource else {}


def _caches(stage: Resource) -> bool:
    if str(stage.properties.get("CacheClusterEnabled")).lower() != "true":
        return False
    try:
        settings = [fields(one) for _, one in items(stage.properties.get("MethodSettings"))]
    except Unreadable:
        return False
    return any(str(one.get("CachingEnabled")).lower() == "true" for one in settings)


def paths(resources: Mapping[str, Resource], text: Text) -> dict[str, str]:
    """The full path of every API resource, by the text that refers to it.

    Those whose path cannot be known are left out; the root's is known by its attribute.
    """
    found: dict[str, str] = {}
    for one in resources.values():
        if one.type == "AWS::ApiGateway::RestApi":
            found[f"${{{one.id}.RootResourceId}}"] = "/"
        elif one.type == "AWS::ApiGateway::Resource":
            path = _path(one, resources, text)
            if path is not None:
                found[f"${{{one.id}}}"] = path
    return found


def _path(resource: Resource, resources: Mapping[str, Resource], text: Text) -> str | None:
    parts: list[str] = []
    one: Resource | None = resource
    while one is not None and len(parts) < _DEEPEST:
        parts.insert(0, text(one.properties.get("PathPart")))
        parent = text(one.properties.get("ParentId")).removeprefix("${").removesuffix("}")
        if parent.endswith(".RootResourceId"):
            return "/" + "/".join(parts)
        above = resources.get(parent)
        one = above if above and above.type == "AWS::ApiGateway::Resource" else None
    return None
