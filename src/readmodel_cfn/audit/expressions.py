"""CloudFormation's expressions as text: what is literal stays, what is not becomes a token.

A token is written as Fn::Sub writes it: `${DataStore}`, `${ApiGatewayRole.Arn}`,
`${AWS::Region}`. Ref, Fn::GetAtt, Fn::Join and Fn::Sub that say the same give the same text. Of
any other function the token holds its name and its arguments, so that equal expressions are equal.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from readmodel_cfn.audit.walk import walk

TOKEN = re.compile(r"\$\{([^{}]*)\}")
_DEEPEST = 40  # functions within functions
_MOST_LEAVES = 30  # of an unknown function's arguments, in its token

Known = Mapping[str, str]
"""The text that stands for a reference, by its name, such as `DataStore` or `DataStore.Arn`."""


def text(value: Any, known: Known, depth: int = 0) -> str:
    """The expression's text; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (Mapping, list)):
        return str(value)
    name = function_of(value) or ""
    read = {"Ref": _ref, "Fn::GetAtt": _get_att, "Fn::Join": _join, "Fn::Sub": _sub}.get(name)
    if read is None or depth > _DEEPEST or not isinstance(value, Mapping):
        return _opaque(value)
    found = read(value[name], known, depth + 1)
    return _opaque(value) if found is None else found


def function_of(value: Any) -> str | None:
    """The name of the function that a value calls, if it does."""
    if isinstance(value, Mapping) and len(value) == 1:
        name = next(iter(value))
        if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
            return name
    return None


def references(value: Any) -> Iterator[str]:
    """The name of every reference within a value, such as `DataStore` or `DataStore.Arn`."""
    for _, found in walk(value):
        name = function_of(found)
        if name in ("Ref", "Fn::GetAtt", "Fn::Sub"):
            yield from TOKEN.findall(text(found, {}))


def _ref(name: Any, known: Known, _: int) -> str | None:
    return known.get(name, f"${{{name}}}") if isinstance(name, str) else None


def _get_att(argument: Any, known: Known, _: int) -> str | None:
    parts = argument if isinstance(argument, list) else [argument]
    if not all(isinstance(part, str) for part in parts):
        return None
    return _ref(".".join(parts), known, 0)


def _join(argument: Any, known: Known, depth: int) -> str | None:
    if not (isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list)):
        return None
    return str(argument[0]).join(text(one, known, depth) for one in argument[1])


def _sub(argument: Any, known: Known, depth: int) -> str | None:
    parts = argument if isinstance(argument, list) else [argument, {}]
    if len(parts) != 2 or not isinstance(parts[0], str) or not isinstance(parts[1], Mapping):
        return None
    own = {name: text(one, known, depth) for name, one in parts[1].items()}
    return TOKEN.sub(lambda match: _variable(match[1], {**known, **own}), parts[0])


def _variable(name: str, known: Known) -> str:
    return known.get(name, f"${{{name.removeprefix('!')}}}")


def _opaque(value: Any) -> str:
    leaves = (
        f"{'.'.join(path)}={one}"
        for path, one in walk(value)
        if not isinstance(one, (Mapping, list))
    )
    content = ",".join(islice(leaves, _MOST_LEAVES))
    return "${Fn:" + re.sub(r"[^A-Za-z0-9_.,=-]+", ":", content) + "}"
