"""A template read against the stack that was made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from readmodel_cfn.audit.expressions import text
from readmodel_cfn.audit.resource import Resource, resources
from readmodel_cfn.live.references import Names, inner, outer

_AG = "AWS::ApiGateway::"
# An API made of these is not made of methods alone.
_WHOLE = ("Body", "BodyS3Location", "CloneFrom")


@dataclass(frozen=True)
class Reader:
    """The resources of a template that were made, with their physical `ids`.

    `given` are the values that references to parameters stand for, `known` also those to resources.
    """

    resources: Mapping[str, Resource]
    ids: Names
    given: Names
    known: Names

    @classmethod
    def of_stack(
        cls, template: Mapping[str, Any], ids: Names, stack_id: str, parameters: Names
    ) -> Self:
        """A resource without a physical id was not made: its condition did not hold."""
        made = {name: one for name, one in resources(template).items() if name in ids}
        given = outer(template, stack_id, parameters)
        return cls(made, ids, given, given | inner(made, ids, given))

    def value(self, expression: Any) -> str:
        """What an expression comes to in the stack; tokens stand for what cannot be known."""
        return text(expression, self.known)

    def name(self, expression: Any) -> str:
        """The same with a token for every resource, such as `${Api}`."""
        return text(expression, self.given)

    def of(self, kind: str) -> list[Resource]:
        """API Gateway's resources of a kind, such as Method."""
        return [one for one in self.resources.values() if one.type == _AG + kind]

    def shows_all_of(self, api: str) -> bool:
        """Is the API in this template, and made of nothing but the resources that stand in it?"""
        own = self.resources.get(api[2:-1])
        plain = own is not None and not any(part in own.properties for part in _WHOLE)
        return plain and self.ids.keys() <= self.resources.keys()  # a transform makes others
