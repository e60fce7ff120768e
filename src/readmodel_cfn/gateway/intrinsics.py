"""CloudFormation's intrinsic functions, as far as an API in front of S3 needs them.

Nothing is created, so a resource has no physical id: its `Ref` is its logical id, and its
attribute `Fn::GetAtt` is `LogicalId.Attribute`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .definition import DefinitionError, Json

PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "read-model",
    "AWS::URLSuffix": "amazonaws.com",
}
"""What the pseudo parameters stand for where the caller gives no other value."""

_NO_VALUE = {"Ref": "AWS::NoValue"}
_VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")


@dataclass(frozen=True)
class Scope:
    """What the functions of a template may refer to: values by name, and logical ids."""

    values: Mapping[str, object]
    resources: Mapping[str, Any]

    def resolve(self, value: object, place: str) -> Any:
        """`value` with every function carried out; raises `DefinitionError` naming `place`."""
        if isinstance(value, list):
            return [self.resolve(item, place) for item in value if item != _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        name = next(iter(value), "")
        if len(value) == 1 and (name == "Ref" or name.startswith("Fn::")):
            return self._call(name, value[name], place)
        return {key: self.resolve(item, place) for key, item in value.items() if item != _NO_VALUE}

    def _call(self, name: str, argument: Any, place: str) -> Any:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise DefinitionError(f"{place}: {name} cannot be resolved here")
        try:
            return function(self, argument, place)
        except (AttributeError, TypeError, ValueError) as error:
            if isinstance(error, DefinitionError):
                raise
            raise DefinitionError(f"{place}: wrong argument of {name}: {argument!r}") from error

    def ref(self, name: str, place: str) -> Any:
        """The value of a parameter, or a resource's logical id."""
        if name in self.values:
            return self.values[name]
        if name in self.resources:
            return name
        raise DefinitionError(f"{place}: nothing gives {name} a value")

    def get_att(self, argument: Any, place: str) -> str:
        """`LogicalId.Attribute`, of a resource that there is."""
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = (self.resolve(part, place) for part in parts)
        if logical_id not in self.resources:
            raise DefinitionError(f"{place}: there is no resource {logical_id}")
        return f"{logical_id}.{attribute}"

    def join(self, argument: Any, place: str) -> str:
        """The texts of a list with the delimiter between them."""
        delimiter, items = argument
        return str(delimiter).join(_text(item) for item in self.resolve(items, place))

    def sub(self, argument: Any, place: str) -> str:
        """A text whose `${Name}` and `${LogicalId.Attribute}` are filled in; `${!x}` is `${x}`."""
        text, given = (argument, {}) if isinstance(argument, str) else argument
        own = self.resolve(given, place)

        def filled(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return f"${{{match[2]}}}"
            if name in own:
                return _text(own[name])
            return _text(self.get_att(name, place) if "." in name else self.ref(name, place))

        return _VARIABLE.sub(filled, text)


_FUNCTIONS: Mapping[str, Callable[[Scope, Any, str], Any]] = {
    "Ref": Scope.ref,
    "Fn::GetAtt": Scope.get_att,
    "Fn::Join": Scope.join,
    "Fn::Sub": Scope.sub,
}


def scope_of(template: Json, given: Mapping[str, str]) -> Scope:
    """The scope of a template: the given values, else the parameters' defaults."""
    declared = template.get("Parameters") or {}
    defaults = {name: own["Default"] for name, own in declared.items() if "Default" in own}
    values = {**PSEUDO_PARAMETERS, **defaults, **given}
    for name, own in declared.items():
        if name in values and "List" in str(own.get("Type")):
            values[name] = [item.strip() for item in str(values[name]).split(",")]
    return Scope(values, template.get("Resources") or {})


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"{value!r} is no text")
