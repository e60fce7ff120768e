"""The resources that a template declares, and the paths of its API Gateway resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.values import PartialText, join_texts, reference_of

_MAX_SEGMENTS = 100  # of a path


@dataclass(frozen=True)
class Resource:
    """One resource; `properties` are as written, and empty if they are not an object."""

    id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...]


def resources(template: Mapping[str, Any], evaluator: Evaluator) -> dict[str, Resource]:
    """The resources by logical ID, with loops expanded.

    What is not a resource, or has a condition that does not hold, is left out.
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


def api_paths(
    all_resources: Mapping[str, Resource], evaluator: Evaluator
) -> dict[PartialText, PartialText]:
    """The full path of each API Gateway resource, by what refers to it.

    Paths that are unknown are left out. The root is referred to by its API's RootResourceId.
    """
    paths: dict[PartialText, PartialText] = {}
    for resource in all_resources.values():
        if resource.type == "AWS::ApiGateway::RestApi":
            paths[evaluator.text({"Fn::GetAtt": [resource.id, "RootResourceId"]})] = "/"
        elif resource.type == "AWS::ApiGateway::Resource":
            path = _api_path(resource, all_resources, evaluator)
            if path is not None:
                paths[evaluator.text({"Ref": resource.id})] = path
    return paths


def _api_path(
    resource: Resource, all_resources: Mapping[str, Resource], evaluator: Evaluator
) -> PartialText | None:
    parts: list[PartialText] = []
    segment: Resource | None = resource
    while segment is not None and len(parts) < 2 * _MAX_SEGMENTS:
        parts = ["/", evaluator.text(segment.properties.get("PathPart")), *parts]
        parent = reference_of(evaluator.text(segment.properties.get("ParentId"))) or ""
        if parent.endswith(".RootResourceId"):
            return join_texts(parts)
        above = all_resources.get(parent)
        segment = above if above and above.type == "AWS::ApiGateway::Resource" else None
    return None
