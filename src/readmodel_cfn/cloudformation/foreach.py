"""Expands Fn::ForEach, the loops of the AWS::LanguageExtensions transform.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.values import MAX_LEVELS, Unknown, as_text, is_known

LOOP = "Fn::ForEach::"
"""The prefix of a loop's key."""
MAX_VALUES = 500_000
"""The maximum number of values that the loops of one template may produce."""

_MAX_LOOPS = 10  # nested; CloudFormation allows 5

Evaluate = Callable[[Any], Any]


@dataclass
class Budget:
    """How many values the loops of a template may still produce."""

    left: int = MAX_VALUES


class _UnknownLoopError(Exception):
    """A loop whose entries are unknown; the message is the reason."""


def expand(value: Mapping[str, Any], evaluate: Evaluate, budget: Budget) -> dict[str, Any]:
    """The object with its loops expanded.

    A loop whose entries are unknown keeps its key, with `Unknown` as the value.
    """
    return _expanded(value, evaluate, budget, 0)


def _expanded(
    value: Mapping[str, Any], evaluate: Evaluate, budget: Budget, level: int
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, below in value.items():
        if not isinstance(key, str) or not key.startswith(LOOP):
            found[key] = below
            continue
        try:
            found |= _loop_entries(below, evaluate, budget, level)
        except _UnknownLoopError as error:
            found[key] = Unknown(key, str(error))
    return found


def _loop_entries(loop: Any, evaluate: Evaluate, budget: Budget, level: int) -> dict[str, Any]:
    """The entries that a loop produces."""
    if not isinstance(loop, list) or len(loop) != 3 or not isinstance(loop[2], Mapping):
        raise _UnknownLoopError("it needs an identifier, a collection and an object")
    identifier, collection, body = loop[0], evaluate(loop[1]), loop[2]
    if not isinstance(identifier, str) or not isinstance(collection, list):
        raise _UnknownLoopError("its collection is unknown")
    if not is_known(collection) or level >= _MAX_LOOPS:
        raise _UnknownLoopError("its collection is unknown")
    entries: dict[str, Any] = {}
    for item in collection:
        replaced = _Replacement(identifier, str(as_text(item)), budget).within(body, 0)
        entries |= _expanded(replaced, evaluate, budget, level + 1)
    return entries


class _Replacement:
    """Replaces a loop's identifier by an item: `${Name}`, `&{Name}` and a Ref to it."""

    def __init__(self, identifier: str, item: str, budget: Budget) -> None:
        self._identifier = identifier
        self._item = item
        self._budget = budget
        self._pattern = re.compile(rf"([$&])\{{{re.escape(identifier)}\}}")

    def within(self, value: Any, level: int) -> Any:
        self._budget.left -= 1
        if self._budget.left < 0:
            raise _UnknownLoopError(f"the template's loops produce more than {MAX_VALUES:,} values")
        if isinstance(value, str):
            return self._pattern.sub(self._replacement_of, value)
        if level > MAX_LEVELS:
            return Unknown("Fn::Nested", "nested too deeply")
        if isinstance(value, list):
            return [self.within(item, level + 1) for item in value]
        if not isinstance(value, Mapping):
            return value
        if dict(value) == {"Ref": self._identifier}:
            return self._item
        return {
            self.within(key, level) if isinstance(key, str) else key: self.within(below, level + 1)
            for key, below in value.items()
        }

    def _replacement_of(self, match: re.Match[str]) -> str:
        """The item; for `&{Name}` only the characters that a logical ID can have."""
        return self._item if match[1] == "$" else re.sub("[^A-Za-z0-9]", "", self._item)
