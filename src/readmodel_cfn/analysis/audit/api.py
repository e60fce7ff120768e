"""An API and what belongs to it: its methods, deployments, stages and gateway responses."""

from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Json, Unreadable
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText


@dataclass(frozen=True)
class Api:
    """An API by its id; `resource` is None where another template defines it."""

    id: PartialText
    resource: Resource | None
    methods: tuple[Resource, ...]
    deployments: tuple[Resource, ...]
    stages: tuple[Resource, ...]
    gateway_responses: tuple[Resource, ...]
    evaluator: Evaluator

    @property
    def binary_types(self) -> tuple[str, ...] | None:
        """The binary media types; None where they cannot be known."""
        try:
            listed = self.evaluator.items(self._properties.get("BinaryMediaTypes"))
        except Unreadable:
            return None
        found = tuple(self.evaluator.evaluate(media_type) for _, media_type in listed)
        if self.resource is None or not all(isinstance(media_type, str) for media_type in found):
            return None
        return found

    @property
    def all_binary(self) -> bool:
        """Is every answer binary, whatever its type?"""
        return any(media_type in ("*/*", "*~1*") for media_type in self.binary_types or ())

    @property
    def compression(self) -> Any:
        """The MinimumCompressionSize as written; None where there is none."""
        return self._properties.get("MinimumCompressionSize")

    @property
    def cached(self) -> bool:
        """Does one of its stages cache answers?"""
        return any(_caches(stage, self.evaluator) for stage in self.stages)

    @property
    def _properties(self) -> Json:
        return self.resource.properties if self.resource else {}


def _caches(stage: Resource, evaluator: Evaluator) -> bool:
    if not _is_true(stage.properties.get("CacheClusterEnabled"), evaluator):
        return False
    try:
        listed = evaluator.items(stage.properties.get("MethodSettings"))
        settings = [evaluator.fields(setting) for _, setting in listed]
    except Unreadable:
        return False
    return any(_is_true(setting.get("CachingEnabled"), evaluator) for setting in settings)


def _is_true(value: Any, evaluator: Evaluator) -> bool:
    return str(evaluator.text(value)).lower() == "true"
