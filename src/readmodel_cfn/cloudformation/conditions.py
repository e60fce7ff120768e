"""The conditions of a template: each is true, false, or unknown (None)."""

from collections.abc import Callable, Mapping
from typing import Any

from readmodel_cfn.cloudformation.values import as_text, is_known

_MAX_LEVELS = 20  # of nested conditions


class Conditions:
    """The Conditions section of a template; `evaluate` evaluates the values that they compare.

    `assumed` are the results of conditions that the template does not decide.
    """

    def __init__(
        self,
        declared: Mapping[str, Any],
        evaluate: Callable[[Any], Any],
        assumed: Mapping[str, bool] | None = None,
    ) -> None:
        self._declared = declared
        self._evaluate = evaluate
        self._assumed = assumed or {}
        self._results: dict[str, bool | None] = {}
        self._levels = 0

    def assuming(self, name: str, result: bool, evaluate: Callable[[Any], Any]) -> "Conditions":
        """These conditions, with an assumed result of one more."""
        return Conditions(self._declared, evaluate, {**self._assumed, name: result})

    def holds(self, name: Any) -> bool | None:
        """Whether the condition with this name is true; None if it is unknown."""
        if isinstance(name, str) and name in self._assumed:
            return self._assumed[name]
        if not isinstance(name, str) or name not in self._declared:
            return None
        if name not in self._results:
            self._results[name] = None  # for a condition that depends on itself
            self._results[name] = self._expression(self._declared[name])
        return self._results[name]

    def _expression(self, value: Any) -> bool | None:
        if not isinstance(value, Mapping) or len(value) != 1 or self._levels >= _MAX_LEVELS:
            return None
        self._levels += 1
        try:
            ((name, argument),) = value.items()
            return self._function(name, argument)
        finally:
            self._levels -= 1

    def _function(self, name: Any, argument: Any) -> bool | None:
        if name == "Condition":
            return self.holds(argument)
        if not isinstance(argument, list):
            return None
        if name == "Fn::Equals":
            return self._equal(argument)
        operands = [self._expression(operand) for operand in argument]
        return _logic(str(name), operands)

    def _equal(self, operands: list[Any]) -> bool | None:
        if len(operands) != 2:
            return None
        first, second = (self._evaluate(operand) for operand in operands)
        if not is_known(first) or not is_known(second):
            return True if first == second else None
        if isinstance(first, (Mapping, list)) or isinstance(second, (Mapping, list)):
            return bool(first == second)
        return as_text(first) == as_text(second)


def _logic(name: str, operands: list[bool | None]) -> bool | None:
    if name == "Fn::Not" and len(operands) == 1:
        return None if operands[0] is None else not operands[0]
    if name == "Fn::And":
        return False if False in operands else None if None in operands else True
    if name == "Fn::Or":
        return True if True in operands else None if None in operands else False
    return None
