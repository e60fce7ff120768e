"""A template's functions for the gateway, which needs every value.

Nothing is created, so a resource has no physical id: its `Ref` is its logical id, and its
attribute `Fn::GetAtt` is `LogicalId.Attribute`. Anything else that is not known is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, parameter_values
from readmodel_cfn.cloudformation.values import Unknown, fill

from .definition import DefinitionError, Json

PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "read-model",
    "AWS::URLSuffix": "amazonaws.com",
}
"""What the pseudo parameters stand for where the caller gives no other value."""


@dataclass(frozen=True)
class Scope:
    """A template's resources as written, loops written out, and what evaluates their functions.

    What has a condition that does not hold is left out.
    """

    evaluator: Evaluator
    resources: Mapping[str, Any]

    def resolve(self, value: object, place: str) -> Any:
        """`value` with every function evaluated; raises `DefinitionError` naming `place`."""
        return fill(self.evaluator.evaluate(value), lambda part: self._named(part, place))

    def _named(self, part: Unknown, place: str) -> str:
        if part.logical_id in self.resources:
            return part.name
        if part.name.startswith("{{"):
            return str(part)
        if part.problem:
            raise DefinitionError(f"{place}: {part.problem}")
        if not part.is_reference:
            function = part.name.partition("=")[0]
            raise DefinitionError(f"{place}: {function} cannot be evaluated without a stack")
        if part.logical_id != part.name:
            raise DefinitionError(f"{place}: there is no resource {part.logical_id}")
        raise DefinitionError(f"{place}: nothing gives {part.name} a value")


def scope_of(template: Json, given: Mapping[str, str]) -> Scope:
    """The scope of a template: the given values, else the parameters' defaults.

    Raises:
        DefinitionError: which resources there are depends on what is not known.
    """
    evaluator = Evaluator(template, parameter_values(template, {**PSEUDO_PARAMETERS, **given}))
    resources: dict[str, Any] = {}
    for name, resource in evaluator.expand(template.get("Resources") or {}).items():
        if isinstance(resource, Unknown):
            raise DefinitionError(f"{name}: {resource.problem}")
        if evaluator.condition(resource.get("Condition")) is not False:
            resources[name] = resource
    return Scope(evaluator, resources)
