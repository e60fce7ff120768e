"""The resources of a template, the references in an expression, and the paths of API resources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable, function_of
from readmodel_cfn.cloudformation.functions import VARIABLE
from readmodel_cfn.cloudformation.values import (
    PartialText,
    Text,
    Unknown,
    join_texts,
    reference_of,
    walk,
)

_MAX_SEGMENTS = 100  # of a path


@dataclass(frozen=True)
class Resource:
    """One resource; `properties` are as written, and empty if they are not an object.

    `condition` is the name of the condition under which it exists, or None if it always does.
    """

    id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...]
    condition: str | None = None

    def existing(self, evaluator: Evaluator) -> Evaluator:
        """The evaluator for what the resource describes: where it exists, its condition holds."""
        if self.condition is None or evaluator.condition(self.condition) is not None:
            return evaluator
        return evaluator.assuming(self.condition, True)


def resources(template: Mapping[str, Any], evaluator: Evaluator) -> dict[str, Resource]:
    """The resources by logical ID, with loops expanded.

    What is not a resource, or has a condition that does not hold, is left out.
    """
    declared = template.get("Resources")
    if not isinstance(declared, Mapping):
        return {}
    return {
        name: Resource(
            name,
            described["Type"],
            _properties(described, evaluator),
            _depends_on(described),
            _condition(described),
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


def _condition(resource: Mapping[str, Any]) -> str | None:
    name = resource.get("Condition")
    return name if isinstance(name, str) else None


def _depends_on(resource: Mapping[str, Any]) -> tuple[str, ...]:
    found = resource.get("DependsOn")
    names = found if isinstance(found, list) else [found]
    return tuple(name for name in names if isinstance(name, str))


def api_paths(
    all_resources: Mapping[str, Resource], evaluator: Evaluator
) -> dict[PartialText, PartialText]:
    """The full path of each API Gateway resource, by the reference to the resource.

    Unknown paths are left out. The reference to the root is the API's RootResourceId.
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


def references(value: Any) -> Iterator[str]:
    """The name of every reference within a value, such as `Bucket` or `Role.Arn`.

    Fn::Sub's `${!Literal}` and the variables that it defines are not references.
    """
    for _, found in walk(value):
        name = function_of(found)
        if name == "Ref" and isinstance(found[name], str):
            yield found[name]
        elif name == "Fn::GetAtt":
            parts = found[name] if isinstance(found[name], list) else [found[name]]
            if parts and all(isinstance(part, str) for part in parts):
                yield ".".join(parts)
        elif name == "Fn::Sub":
            yield from _substituted(found[name])
        elif isinstance(found, Unknown):
            yield from [found.name] if found.is_reference else []
        elif isinstance(found, Text):
            yield from (
                part.name for part in found.parts if isinstance(part, Unknown) and part.is_reference
            )


def _substituted(argument: Any) -> Iterator[str]:
    text, own = argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
        text, own = argument
    if isinstance(text, str):
        names = (match[2].strip() for match in VARIABLE.finditer(text) if not match[1])
        yield from (name for name in names if name not in own)
