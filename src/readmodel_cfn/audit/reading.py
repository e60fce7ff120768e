"""Reading the structure of a template: what is not written out plainly is `Unreadable`.

A list or an object that a function makes (Fn::If, Fn::FindInMap) cannot be known, nor what hangs
on it. Whoever reads a part of a template gives that part up as a whole.
"""

from collections.abc import Callable, Mapping
from typing import Any

from readmodel_cfn.audit.expressions import TOKEN, function_of

Json = Mapping[str, Any]
Text = Callable[[Any], str]
"""How an expression becomes a text (expressions.py)."""

_NO_VALUE = {"Ref": "AWS::NoValue"}


class Unreadable(Exception):
    """A part whose structure is not written out, or is not what CloudFormation expects."""


def fields(value: Any) -> Json:
    """An object's fields, those without a value left out; none where the object is absent."""
    if value is None or value == _NO_VALUE:
        return {}
    if not isinstance(value, Mapping):
        raise Unreadable
    if any(not isinstance(name, str) or name.startswith("Fn::") for name in value):
        raise Unreadable
    if function_of(value):
        raise Unreadable
    return {name: one for name, one in value.items() if one is not None and one != _NO_VALUE}


def items(value: Any) -> list[tuple[int, Any]]:
    """A list's items by index, those without a value left out; none where the list is absent."""
    if value is None or value == _NO_VALUE:
        return []
    if not isinstance(value, list):
        raise Unreadable
    return [(index, one) for index, one in enumerate(value) if one is not None and one != _NO_VALUE]


def one_or_more(value: Any) -> list[Any]:
    """What policies write as one value or as a list."""
    if isinstance(value, list):
        return [one for _, one in items(value)]
    return [] if value is None or value == _NO_VALUE else [value]


def literal(value: Any, text: Text) -> str:
    """The text of a value that must be known.

    Raises:
        Unreadable: it depends on something else.
    """
    found = text(value)
    if TOKEN.search(found):
        raise Unreadable
    return found


def texts(value: Any, text: Text) -> dict[str, str]:
    """An object's fields as texts."""
    return {name: text(one) for name, one in fields(value).items()}
