"""Declaration of options: `option(...)` for each field, and the checks of their values.

The checks, the keys of readmodel.toml and the JSON Schema for editors come from the same
declaration. The types are those that readmodel.toml needs: strings, integers, booleans, a
choice of strings, and lists and tables of strings.
"""

import re
from collections.abc import Iterator
from dataclasses import Field, field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.printable import shown

_LARGEST = 2**63 - 1  # of TOML
_UNIONS = (UnionType, Union)  # X | None is a UnionType, X | Literal[...] a Union


class OptionError(ConfigError):
    """A value that an option does not allow; `key` is a dotted key, as in TOML."""

    def __init__(self, key: str, value: object, allowed: str) -> None:
        what = "no value is set" if value is None else f"{shown(value)} is not allowed"
        super().__init__(what, where=key, hint=f"use {allowed}")
        self.key: str = key
        self.value: object = value
        self.allowed: str = allowed


def option(
    default: Any,
    doc: str,
    *,
    pattern: str | None = None,
    allowed: str | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    example: Any = None,
    of_resource: bool = False,
    in_template: bool = True,
) -> Any:
    """Declare an option: its default, its meaning, and the values that it allows.

    `pattern` must match the whole string (each string of a list or a table); `allowed` describes it
    in words. The default `dict` is an empty table. `example` is shown if there is no default.
    `of_resource` marks a setting of the bucket, role or API itself: `add_read_model` refuses it for
    an existing one, because it would have no effect. `in_template` is False for an option that the
    template does not depend on.
    """
    rules = {"pattern": pattern, "allowed": allowed, "minimum": minimum, "maximum": maximum}
    uses = {"of_resource": of_resource, "in_template": in_template}
    metadata = {"doc": doc, **uses, "example": example, **rules}
    if default is dict:
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@cache
def _types(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def options_of(cls: type) -> Iterator[tuple[Field[Any], Any]]:
    """The fields of a section's class that were declared with `option`, each with its type."""
    for declared in fields(cls):
        if "doc" in declared.metadata:
            yield declared, _types(cls)[declared.name]


def check_options(value: Any, table: str) -> None:
    """Check each option of `value`; called from `__post_init__`.

    Raises:
        OptionError: it names `table`, the key, the value and the allowed values.
    """
    for declared, annotation in options_of(type(value)):
        current = getattr(value, declared.name)
        if not fits(current, annotation, declared.metadata):
            allowed = describe(annotation, declared.metadata)
            raise OptionError(f"{table}.{declared.name}", current, allowed)


def fits(value: object, annotation: Any, rules: Any) -> bool:
    """Whether `value` has the type and satisfies the rules. A bool is never a number."""
    origin = get_origin(annotation)
    if origin in _UNIONS:
        return any(fits(value, member, rules) for member in get_args(annotation))
    if origin is Literal:
        return isinstance(value, str) and value in get_args(annotation)
    if origin is tuple:
        kind = get_args(annotation)[0]
        return isinstance(value, tuple) and all(fits(item, kind, rules) for item in value)
    if origin is dict:
        texts = [*value, *value.values()] if isinstance(value, dict) else [None]
        return all(fits(text, str, rules) for text in texts)
    return type(value) is annotation and _within(value, rules)


def _within(value: object, rules: Any) -> bool:
    if isinstance(value, str):
        pattern = rules["pattern"]  # \d is 0-9, as in JSON Schema, and no digit of another script
        return pattern is None or re.fullmatch(pattern, value, re.ASCII) is not None
    if isinstance(value, int):
        low, high = rules["minimum"], rules["maximum"]
        is_in_range = (low is None or value >= low) and (high is None or value <= high)
        return is_in_range and value <= _LARGEST
    return True


def describe(annotation: Any, rules: Any) -> str:
    """The values that an option allows, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in _UNIONS:
        lists = [
            kind for kind in arguments if get_args(kind)[:1] and get_args(kind)[0] in arguments
        ]
        others = [kind for kind in arguments if kind is not NoneType and kind not in lists]
        words = " or ".join(describe(kind, rules) for kind in others)
        return f"{words}, or a list of these" if lists else words
    if origin is Literal:
        words = ", ".join(repr(word) for word in arguments)
        return f"one of {words}" if len(arguments) > 1 else words
    if origin is tuple:
        return f"a list, each {describe(arguments[0], rules).removeprefix('a list, each ')}"
    if rules["allowed"]:
        return str(rules["allowed"])
    if origin is dict:
        return "a table of strings"
    return {str: "a string", int: _range(rules), bool: "true or false"}[annotation]


def _range(rules: Any) -> str:
    low, high = rules["minimum"], rules["maximum"]
    bounds = [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
    return ", ".join(["a whole number", *bounds])


def without_none(**properties: Any) -> dict[str, Any]:
    """The properties that have a value; a resource omits the others."""
    return {name: value for name, value in properties.items() if value is not None}
