"""A template read against the stack that was made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.resources import Resource, resources
from readmodel_cfn.cloudformation.values import PartialText, reference_of
from readmodel_cfn.deploy.live.references import Names, inner, outer

_AG = "AWS::ApiGateway::"
# An API made of these is not made of methods alone.
_WHOLE = ("Body", "BodyS3Location", "CloneFrom")


@dataclass(frozen=True)
class Reader:
    """The resources of a template that were made, with their physical `ids`.

    `by_name` evaluates expressions with the values of parameters, `by_id` also with the physical
    ids of resources.
    """

    resources: Mapping[str, Resource]
    ids: Names
    by_name: Evaluator
    by_id: Evaluator

    @classmethod
    def of_stack(
        cls, template: Mapping[str, Any], ids: Names, stack_id: str, parameters: Names
    ) -> Self:
        """A resource without a physical id was not made: its condition did not hold."""
        given = outer(template, stack_id, parameters)
        by_name = Evaluator(template, given)
        declared = resources(template, by_name)
        made = {name: resource for name, resource in declared.items() if name in ids}
        return cls(made, ids, by_name, Evaluator(template, given | inner(made, ids, given)))

    def value(self, expression: Any) -> PartialText:
        """What an expression comes to in the stack, with unknown parts where that is not known."""
        return self.by_id.text(expression)

    def name(self, expression: Any) -> PartialText:
        """The same with an unknown part for every resource, such as `${Api}`."""
        return self.by_name.text(expression)

    def of(self, kind: str) -> list[Resource]:
        """API Gateway's resources of a kind, such as Method."""
        return [resource for resource in self.resources.values() if resource.type == _AG + kind]

    def shows_all_of(self, api: PartialText) -> bool:
        """Is the API in this template, and made of nothing but the resources that stand in it?"""
        own = self.resources.get(reference_of(api) or "")
        plain = own is not None and not any(part in own.properties for part in _WHOLE)
        return plain and self.ids.keys() <= self.resources.keys()  # a transform makes others
