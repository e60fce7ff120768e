"""What an expression refers to."""

from collections.abc import Iterator
from typing import Any

from readmodel_cfn.cloudformation.evaluate import function_of
from readmodel_cfn.cloudformation.functions import VARIABLE
from readmodel_cfn.cloudformation.values import Text, Unknown, walk


def references(value: Any) -> Iterator[str]:
    """The name of every reference within a value, such as `Bucket` or `Role.Arn`.

    Fn::Sub's `${!Literal}` refers to nothing, and neither do the variables that it defines.
    """
    for _, found in walk(value):
        name = function_of(found)
        if name == "Ref" and isinstance(found[name], str):
            yield found[name]
        elif name == "Fn::GetAtt":
            parts = found[name] if isinstance(found[name], list) else [found[name]]
            if parts and all(isinstance(part, str) for part in parts):
                yield ".".join(parts)
        elif name == "Fn::Sub":
            yield from _substituted(found[name])
        elif isinstance(found, Unknown):
            yield from [found.name] if found.is_reference else []
        elif isinstance(found, Text):
            yield from (
                part.name for part in found.parts if isinstance(part, Unknown) and part.is_reference
            )


def _substituted(argument: Any) -> Iterator[str]:
    text, own = argument, {}
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], dict):
        text, own = argument
    if isinstance(text, str):
        names = (match[2].strip() for match in VARIABLE.finditer(text) if not match[1])
        yield from (name for name in names if name not in own)
