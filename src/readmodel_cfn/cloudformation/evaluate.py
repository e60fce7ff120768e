"""Evaluation of intrinsic functions with the values that the template and the caller provide.

An unknown value becomes `Unknown`, or a `Text` with unknown parts; nothing is guessed. An
expression that CloudFormation would reject is an `Unknown` with a `problem`. `Evaluator.evaluate`
never raises, whatever the template contains.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from collections.abc import Mapping
from copy import copy
from typing import Any, Self

from readmodel_cfn.cloudformation import functions
from readmodel_cfn.cloudformation.conditions import Conditions
from readmodel_cfn.cloudformation.foreach import LOOP, Budget, expand
from readmodel_cfn.cloudformation.values import (
    MAX_LEVELS,
    PartialText,
    Text,
    Unknown,
    as_text,
    fill,
    is_known,
    unknown_function,
)

Json = Mapping[str, Any]
NO_VALUE = {"Ref": "AWS::NoValue"}
_TOO_DEEP = Unknown("Fn::Nested", "nested too deeply")


class Unreadable(Exception):
    """A part of a template whose structure is unknown, or not what CloudFormation expects."""


class Evaluator:
    """Evaluates the functions of one template.

    `values` are the values of references by name: parameters, pseudo parameters (`AWS::Region`),
    resources (`Bucket`) and their attributes (`Role.Arn`). All other references are unknown.
    `parameter_values` returns the values of the parameters.
    """

    def __init__(self, template: Json, values: Mapping[str, Any] | None = None) -> None:
        self.values: Mapping[str, Any] = values or {}
        self.mappings: Mapping[str, Any] = _section(template, "Mappings")
        self.types: dict[str, str] = {}
        self._budget = Budget()
        self._conditions = Conditions(_section(template, "Conditions"), self.evaluate)
        self._defaults = parameter_values(template, {})
        self.types = {
            name: str(resource.get("Type"))
            for name, resource in self.expand(_section(template, "Resources")).items()
            if isinstance(resource, Mapping)
        }

    def assuming(self, condition: str, result: bool) -> Self:
        """This evaluator, with an assumed result of a condition that the template leaves open."""
        found = copy(self)
        found._conditions = self._conditions.assuming(condition, result, found.evaluate)
        return found

    def with_defaults(self) -> Self:
        """This evaluator, with the defaults of the parameters as their values."""
        found = copy(self)
        found.values = {**self._defaults, **self.values}
        return found

    def evaluate(self, value: Any) -> Any:
        """The value with every function evaluated, without the parts that are AWS::NoValue.

        None if the value itself is AWS::NoValue.
        """
        found = self.evaluate_at(value, 0)
        return None if found == NO_VALUE else found

    def evaluate_at(self, value: Any, level: int) -> Any:
        """As `evaluate`, at a level of nesting; AWS::NoValue is returned unchanged."""
        if isinstance(value, str):
            return functions.dynamic_references(value)
        if not isinstance(value, (Mapping, list)):
            return value
        if level > MAX_LEVELS // 2:
            return _TOO_DEEP
        if isinstance(value, list):
            return self._list(value, level + 1)
        if function_of(value):
            return self._call(value, level + 1)
        return self._object(value, level + 1)

    def condition(self, name: Any) -> bool | None:
        """Whether a condition is true; None if it is unknown."""
        return self._conditions.holds(name)

    def text(self, value: Any) -> PartialText:
        """An expression as text; empty for None and AWS::NoValue."""
        return as_text(self.evaluate(value))

    def literal(self, value: Any) -> str:
        """The text of an expression that must be known.

        Raises:
            Unreadable: a part of it is unknown.
        """
        found = self.text(value)
        if isinstance(found, Text):
            raise Unreadable
        return found

    def fields(self, value: Any) -> dict[str, Any]:
        """An object's fields, not evaluated; those without a value are left out.

        Raises:
            Unreadable: it is not an object, or it is the result of an unknown function.
        """
        found = self.chosen(value)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise Unreadable
        found = self.expand(found)
        if any(not isinstance(name, str) or name.startswith("Fn::") for name in found):
            raise Unreadable
        return {name: below for name, below in found.items() if not self._is_absent(below)}

    def items(self, value: Any) -> list[tuple[int, Any]]:
        """A list's items by index, not evaluated; those without a value are left out.

        Raises:
            Unreadable: it is not a list, or it is the result of an unknown function.
        """
        found = self.chosen(value)
        if found is None:
            return []
        if not isinstance(found, list):
            raise Unreadable
        return [(index, below) for index, below in enumerate(found) if not self._is_absent(below)]

    def one_or_more(self, value: Any) -> list[Any]:
        """The items of a policy element, which may be a single value or a list; not evaluated."""
        try:
            found = self.chosen(value)
        except Unreadable:
            found = value
        if isinstance(found, list):
            return [item for _, item in self.items(found)]
        return [] if found is None else [found]

    def texts(self, value: Any) -> dict[str, PartialText]:
        """An object's fields as texts.

        Raises:
            Unreadable: it is not an object, or it is the result of an unknown function.
        """
        return {name: self.text(below) for name, below in self.fields(value).items()}

    def expand(self, value: Json, level: int = 0) -> Json:
        """An object with its Fn::ForEach loops expanded, except unknown ones."""
        if not any(str(name).startswith(LOOP) for name in value):
            return value
        return expand(value, lambda below: self._collection(below, level), self._budget)

    def _collection(self, value: Any, level: int) -> Any:
        """A loop's collection; that of a parameter is its default."""
        found = self.evaluate_at(value, level)
        return found if is_known(found) else self.with_defaults().evaluate_at(value, level)

    def chosen(self, value: Any) -> Any:
        """The value after its outer Fn::If is evaluated; the parts of the value are not evaluated.

        Raises:
            Unreadable: the condition is unknown.
        """
        for _ in range(MAX_LEVELS):
            name = function_of(value)
            if name == "Fn::If":
                branch = self._branch(value[name])
                if branch is None:
                    raise Unreadable
                (value,) = branch
            elif name:
                return self.evaluate(value)
            else:
                return value
        raise Unreadable

    def _branch(self, argument: Any) -> tuple[Any] | None:
        """The branch that Fn::If selects, in a tuple; None if it is unknown."""
        if not isinstance(argument, list) or len(argument) != 3:
            return None
        holds = self.condition(argument[0])
        return None if holds is None else (argument[1 if holds else 2],)

    def _is_absent(self, value: Any) -> bool:
        if value is None or value == NO_VALUE:
            return True
        try:
            return function_of(value) == "Fn::If" and self.chosen(value) is None
        except Unreadable:
            return False

    def _list(self, value: list[Any], level: int) -> list[Any]:
        found = (self.evaluate_at(item, level) for item in value)
        return [item for item in found if item != NO_VALUE]

    def _object(self, value: Json, level: int) -> Any:
        value = self.expand(value, level)
        if name := next((name for name in value if str(name).startswith("Fn::")), None):
            return unknown_function(str(name), value[name])
        found = {name: self.evaluate_at(below, level) for name, below in value.items()}
        return {name: below for name, below in found.items() if below != NO_VALUE}

    def _call(self, value: Json, level: int) -> Any:
        ((name, argument),) = value.items()
        if value == NO_VALUE:
            return value
        if name == "Fn::If":
            return self._if(argument, level)
        return functions.call(self, name, argument, level)

    def _if(self, argument: Any, level: int) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            return unknown_function("Fn::If", argument, "Fn::If needs a condition and two values")
        if branch := self._branch(argument):
            return self.evaluate_at(branch[0], level)
        branches = [self.evaluate_at(below, level) for below in argument[1:]]
        if branches[0] == branches[1]:
            return branches[0]
        return unknown_function("Fn::If", [argument[0], *branches])


def function_of(value: Any) -> str | None:
    """The name of the function that a value calls, or None."""
    if isinstance(value, Mapping) and len(value) == 1:
        name = next(iter(value))
        if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
            return None if name.startswith(LOOP) else name
    return None


def parameter_values(template: Json, given: Mapping[str, str]) -> dict[str, Any]:
    """The values of a template's parameters, and the other given values, such as AWS::Region.

    The value of a parameter is the given one, else its Default; a list type has a list. Parameters
    of Systems Manager types are left out: their value is only the name in the Parameter Store.
    """
    found: dict[str, Any] = dict(given)
    for name, declared in _section(template, "Parameters").items():
        if not isinstance(declared, Mapping):
            continue
        kind, value = str(declared.get("Type")), given.get(name, declared.get("Default"))
        if value is None or kind.startswith("AWS::SSM::"):
            found.pop(name, None)
        elif "List" in kind:
            found[name] = [item.strip() for item in str(as_text(value)).split(",")]
        else:
            found[name] = as_text(value)
    return found


def show(value: Any) -> Any:
    """A value to print, with functions in the notation of Fn::Sub: `${DataStore.Arn}/a.json`."""
    return fill(Evaluator({}).evaluate(value), str)


def _section(template: Json, name: str) -> dict[str, Any]:
    found = template.get(name)
    return dict(found) if isinstance(found, Mapping) else {}
