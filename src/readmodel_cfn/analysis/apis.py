"""REST APIs and their parts."""

from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Json, Unreadable
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText


@dataclass(frozen=True)
class Api:
    """A REST API and its parts; `resource` is None if the API is not in the template."""

    id: PartialText
    resource: Resource | None
    methods: tuple[Resource, ...]
    deployments: tuple[Resource, ...]
    stages: tuple[Resource, ...]
    gateway_responses: tuple[Resource, ...]
    evaluator: Evaluator

    @property
    def binary_types(self) -> tuple[str, ...] | None:
        """The binary media types; None if they are unknown."""
        try:
            items = self.evaluator.items(self._properties.get("BinaryMediaTypes"))
        except Unreadable:
            return None
        types = tuple(self.evaluator.evaluate(media_type) for _, media_type in items)
        if self.resource is None or not all(isinstance(media_type, str) for media_type in types):
            return None
        return types

    @property
    def all_binary(self) -> bool:
        """Whether every response is binary, whatever its media type."""
        return any(media_type in ("*/*", "*~1*") for media_type in self.binary_types or ())

    @property
    def compression(self) -> Any:
        """The MinimumCompressionSize as written; None if it is not set."""
        return self._properties.get("MinimumCompressionSize")

    @property
    def default_endpoint_disabled(self) -> bool:
        """Whether API Gateway's own URL is disabled; a parameter counts with its default."""
        value = self._properties.get("DisableExecuteApiEndpoint")
        return str(self.evaluator.with_defaults().text(value)).lower() == "true"

    @property
    def has_cache(self) -> bool:
        """Whether a stage caches responses."""
        return any(_has_cache(stage, self.evaluator) for stage in self.stages)

    @property
    def _properties(self) -> Json:
        return self.resource.properties if self.resource else {}


def _has_cache(stage: Resource, evaluator: Evaluator) -> bool:
    if not _is_true(stage.properties.get("CacheClusterEnabled"), evaluator):
        return False
    try:
        items = evaluator.items(stage.properties.get("MethodSettings"))
        settings = [evaluator.fields(setting) for _, setting in items]
    except Unreadable:
        return False
    return any(_is_true(setting.get("CachingEnabled"), evaluator) for setting in settings)


def _is_true(value: Any, evaluator: Evaluator) -> bool:
    return str(evaluator.text(value)).lower() == "true"
