"""What a Velocity template uses that is not evaluated, found in its parsed elements."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from ..expressions import CONTEXT_VARIABLES
from . import jsonpath, values
from .engine import TemplateSyntaxError, compile_template
from .semantics import Element, elements
from .variables import OWN

Part = Any
"""A name or a call of a reference, None for an index."""

# These mean something to Velocity, and nothing or something else to airspeed.
_UNREAD = re.compile(r"#\{?(?:break|return|evaluate|include|parse)\b|#\[\[|#@\w|\\[$#]|#\$")
_OVERRIDES = ("requestOverride", "responseOverride")


def findings(text: str) -> list[str]:
    """A line for each construct, variable, method and JSONPath that is not evaluated."""
    return list(dict.fromkeys(_all(text)))


def _all(text: str) -> Iterator[str]:
    yield from (match[0] for match in _UNREAD.finditer(text))
    try:
        compiled = compile_template(text)
    except TemplateSyntaxError as error:
        yield f"syntax: {error}"
        return
    except ModuleNotFoundError:
        yield "Velocity (the distribution airspeed-ext is not installed)"
        return
    found = list(elements(compiled.template.root_element, compiled.operators._Element))
    macros = {e.function_name.lower() for e in found if type(e).__name__ == "MacroDefinition"}
    for element in sorted(found, key=lambda element: element.start):
        yield from _of(element, macros)


def _of(element: Element, macros: set[str]) -> Iterator[str]:
    match type(element).__name__:
        case "MacroCall" if element.macro_name not in macros:
            yield f"#{element.macro_name}()"
        case "FormalReference" if element.alternate:
            yield element.my_text()
        case "FormalReference" if element.expression:
            yield from _of_reference(list(_parts(element.expression)))


def _parts(reference: Element) -> Iterator[Part]:
    """The names and calls of a reference, None for an index: `$a.b()[0].c` has a, b, None, c."""
    below = reference
    while below:
        part = getattr(below, "part", None)
        yield part
        if part and part.index is not None:
            yield None
        below = below.subexpression
        if below and hasattr(below.expression, "part"):
            below = below.expression


def _of_reference(parts: list[Part]) -> Iterator[str]:
    head, *rest = parts
    if head.name == "stageVariables":
        yield "$stageVariables"
    elif head.name == "context":
        yield from _of_context(rest)
    elif head.name in OWN and rest and rest[0]:
        own, *rest = rest
        if own.name not in OWN[head.name][1]:
            yield f"${head.name}.{own.name}"
        elif own.name in ("json", "path"):
            yield from _of_path(own)
    for part in rest:
        if part and part.parameters is not None and part.name not in values.NAMES:
            yield f"{part.name}()"


def _of_context(parts: list[Part]) -> Iterator[str]:
    """A variable that has no value here; methods and indexes on it are none of its names."""
    properties = takewhile(lambda part: part is not None and part.parameters is None, parts)
    names = [part.name for part in properties]
    if names and names[0] not in _OVERRIDES and ".".join(names) not in CONTEXT_VARIABLES:
        yield f"$context.{'.'.join(names)}"


def _of_path(call: Element) -> Iterator[str]:
    """A JSONPath that is not understood, where it is written out."""
    arguments = getattr(call.parameters and call.parameters.values, "values", [])
    if arguments and type(arguments[0].expression).__name__.endswith("StringLiteral"):
        try:
            jsonpath.parse(arguments[0].expression.value)
        except jsonpath.JsonPathError as error:
            yield str(error)
