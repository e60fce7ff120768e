"""The values of a template: JSON's types, written as Java writes them, with Java's methods."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

MOST_ITERATIONS = 1000
"""API Gateway's quota for a #foreach."""


def text(value: Any) -> str:
    """A value as it shows in the output; nothing is empty.

    An object of a payload shows as `{a=1, b=[{"c":5}]}`: a Java map, lists inside it as JSON
    (as in LocalStack's code).
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | range):
        return json_text(list(value))
    return json_text(value) if isinstance(value, bool | int | float) else ""


def json_text(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def equal(left: Any, right: Any) -> bool:
    """Velocity's `==`: values of different types are equal where their texts are."""
    return bool(left == right) or text(left) == text(right)


def add(left: Any, right: Any) -> Any:
    """Velocity's `+`: joins texts where one side is no number."""
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    return left + right if numbers else text(left) + text(right)


def iterated(value: Any) -> list[Any]:
    """What #foreach goes through: a list's items, a map's values, nothing for anything else."""
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | range):
        value = ()
    if len(value) > MOST_ITERATIONS:
        raise ValueError(f"#foreach goes through more than {MOST_ITERATIONS} values")
    return list(value)


def item(value: Any, index: Any) -> Any:
    """`$value[index]`, nothing where there is none."""
    if isinstance(value, Mapping):
        return value.get(text(index))
    if isinstance(value, list) and isinstance(index, int) and 0 <= index < len(value):
        return value[index]
    return None


def call(holder: Any, name: str, arguments: list[Any]) -> Any:
    """`$holder.name(arguments)`; nothing where the holder's type has no such method."""
    for kind, methods in METHODS.items():
        if isinstance(holder, kind) and name in methods:
            return methods[name](holder, *arguments)
    return _ANY[name](holder, *arguments) if name in _ANY else None


Methods = Mapping[str, Callable[..., Any]]

_ANY: Methods = {"toString": text, "equals": lambda self, other: bool(self == other)}

_STRING: Methods = {
    "concat": lambda self, other: self + other,
    "contains": lambda self, other: other in self,
    "endsWith": str.endswith,
    "equalsIgnoreCase": lambda self, other: self.lower() == other.lower(),
    "indexOf": str.find,
    "isEmpty": lambda self: not self,
    "lastIndexOf": str.rfind,
    "length": len,
    "matches": lambda self, pattern: bool(re.fullmatch(pattern, self)),
    "replace": str.replace,
    "replaceAll": lambda self, pattern, new: re.sub(pattern, _replacement(new), self),
    "split": lambda self, pattern: re.split(pattern, self),
    "startsWith": str.startswith,
    "substring": lambda self, start, end=None: self[start:end],
    "toLowerCase": str.lower,
    "toUpperCase": str.upper,
    "trim": str.strip,
}
_LIST: Methods = {
    "add": lambda self, value: self.append(value) or True,
    "contains": lambda self, value: value in self,
    "get": lambda self, index: self[index],
    "isEmpty": lambda self: not self,
    "size": len,
}


def _put(self: dict[str, Any], key: str, value: Any) -> Any:
    before = self.get(key)
    self[key] = value
    return before


_MAP: Methods = {
    "containsKey": lambda self, key: key in self,
    "entrySet": lambda self: [{"key": key, "value": value} for key, value in self.items()],
    "get": lambda self, key: self.get(key),
    "isEmpty": lambda self: not self,
    "keySet": list,
    "put": _put,
    "putAll": dict.update,
    "remove": lambda self, key: self.pop(key, None),
    "size": len,
    "values": lambda self: list(self.values()),
}
METHODS: Mapping[type, Methods] = {str: _STRING, list: _LIST, dict: _MAP}
"""The methods by the type that has them."""

NAMES = frozenset(_ANY).union(*METHODS.values())
"""All methods that a template may call on a value."""


def _replacement(java: str) -> str:
    """A Java replacement text for Python: `$1` is a group, a backslash quotes what follows."""
    return re.sub(r"\\(.)|\$(\d)", _python_replacement, java, flags=re.DOTALL)


def _python_replacement(found: re.Match[str]) -> str:
    quoted, group = found.groups()
    return rf"\g<{group}>" if group else quoted.replace("\\", r"\\")
