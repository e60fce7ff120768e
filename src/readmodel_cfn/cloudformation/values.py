"""The values that functions return: known, unknown, or text that is partly known.

A known value is a plain JSON value. `Unknown` stands for a value that only CloudFormation
knows, such as a parameter without a default or an attribute of a resource. `Text` is a text with
unknown parts. Both print in the notation of Fn::Sub: `arn:${AWS::Partition}:s3:::${Bucket}`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any

MAX_LEVELS = 100
"""Levels of nesting at which `walk` stops; real templates have about 20."""
_MAX_NAME = 300  # characters of an unknown function's arguments in its name
UNKNOWN_MARK = "\ufdd0"
"""Stands for an unknown part in a match; Unicode reserves this character for such uses."""
_QUOTED = re.compile("'(?P<content>.*)'", re.DOTALL)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only CloudFormation knows.

    `name` is a reference (`Bucket`, `Role.Arn`, `AWS::Region`), a function with its arguments
    (`Fn::ImportValue=base-bucket`), or a dynamic reference (`{{resolve:ssm:/name}}`). Equal
    expressions have equal names. `problem` says what is wrong if CloudFormation would refuse
    the expression.
    """

    name: str
    problem: str = field(default="", compare=False)

    @property
    def is_reference(self) -> bool:
        """Whether it is the value of a Ref or an Fn::GetAtt."""
        return not self.name.startswith(("Fn::", "{{"))

    @property
    def logical_id(self) -> str:
        """The logical ID in the reference, without the attribute; empty for anything else."""
        return self.name.partition(".")[0] if self.is_reference else ""

    def __str__(self) -> str:
        return self.name if self.name.startswith("{{") else f"${{{self.name}}}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text with at least one unknown part; the literal parts between are not empty."""

    parts: tuple[str | Unknown, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


PartialText = str | Text
"""A text that is known (`str`), or has unknown parts (`Text`)."""


def parts_of(text: PartialText) -> tuple[str | Unknown, ...]:
    """The literal and the unknown parts of a text."""
    return (text,) if isinstance(text, str) else text.parts


def join_texts(parts: Iterable[PartialText | Unknown]) -> PartialText:
    """The parts as one text."""
    flat = [
        piece
        for part in parts
        for piece in (part.parts if isinstance(part, Text) else (part,))
        if piece != ""
    ]
    merged: list[str | Unknown] = []
    for is_literal, pieces in groupby(flat, lambda piece: isinstance(piece, str)):
        if is_literal:
            merged.append("".join(map(str, pieces)))
        else:
            merged.extend(pieces)
    if any(isinstance(piece, Unknown) for piece in merged):
        return Text(tuple(merged))
    return "".join(map(str, merged))


def as_text(value: Any) -> PartialText:
    """An evaluated value as text: empty for None, unknown for an object or a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, Text)):
        return value
    if isinstance(value, Unknown):
        return Text((value,))
    if isinstance(value, (Mapping, list)):
        return Text((unknown_function("Fn::Text", value, "an object or a list is not a text"),))
    return str(value)


def unknown_function(name: str, argument: Any, problem: str = "") -> Unknown:
    """The unknown result of a function. Its name holds the arguments, or a hash of long ones."""
    shown = ",".join(_leaves(argument))
    if len(shown) > _MAX_NAME:
        shown = f"{shown[:_MAX_NAME]}...{sha256(shown.encode(errors='replace')).hexdigest()[:16]}"
    return Unknown(f"{name}={shown}", problem)


def _leaves(argument: Any) -> Iterator[str]:
    for path, value in walk(argument):
        if not isinstance(value, (Mapping, list)) or not value:
            keys = [step for step in path if not step.isdigit()]
            empty = isinstance(value, (Mapping, list))
            yield "=".join([*keys, str(value) if empty else str(as_text(value))])


def reference_of(value: Any) -> str | None:
    """The name if the value is a reference (`Api`, `Role.Arn`), else None."""
    if isinstance(value, Text) and len(value.parts) == 1:
        value = value.parts[0]
    return value.name if isinstance(value, Unknown) and value.is_reference else None


def unknowns_in(text: PartialText) -> tuple[Unknown, ...]:
    """The unknown parts of a text."""
    return tuple(part for part in parts_of(text) if isinstance(part, Unknown))


def is_known(value: Any) -> bool:
    """Whether nothing within a value is unknown."""
    return not any(isinstance(found, (Unknown, Text)) for _, found in walk(value))


def fill(value: Any, replace: Callable[[Unknown], Any]) -> Any:
    """The value with every unknown part replaced by what `replace` returns for it."""
    if isinstance(value, Unknown):
        return replace(value)
    if isinstance(value, Text):
        parts = (replace(part) if isinstance(part, Unknown) else part for part in value.parts)
        return join_texts(map(as_text, parts))
    if isinstance(value, Mapping):
        return {name: fill(below, replace) for name, below in value.items()}
    if isinstance(value, list):
        return [fill(below, replace) for below in value]
    return value


def units(text: PartialText) -> Sequence[str | Unknown]:
    """A text as a sequence of characters and unknown parts."""
    if isinstance(text, str):
        return text
    return [unit for part in text.parts for unit in (part if isinstance(part, str) else (part,))]


def match_text(pattern: re.Pattern[str], text: PartialText) -> dict[str, PartialText] | None:
    """The named groups that matched, or None if the pattern does not match the whole text.

    An unknown part counts as one character that is not a letter, digit or punctuation.
    """
    unknown = unknowns_in(text)
    literal = "".join(map(_marked, parts_of(text)))
    match = pattern.fullmatch(literal)
    if match is None or literal.count(UNKNOWN_MARK) != len(unknown):
        return None
    found: dict[str, PartialText] = {}
    for name, group in match.groupdict().items():
        if group is not None:
            first = literal.count(UNKNOWN_MARK, 0, match.start(name))
            inside = iter(unknown[first:])
            pieces = re.split(f"({UNKNOWN_MARK})", group)
            found[name] = join_texts(
                next(inside) if piece == UNKNOWN_MARK else piece for piece in pieces
            )
    return found


def _marked(part: str | Unknown) -> str:
    return part if isinstance(part, str) else UNKNOWN_MARK


def substitute(
    pattern: re.Pattern[str], text: PartialText, replace: Callable[[re.Match[str]], Any]
) -> PartialText:
    """The text with each match in its literal parts replaced by what `replace` returns for it."""

    def pieces() -> Iterator[PartialText | Unknown]:
        for part in parts_of(text):
            if isinstance(part, Unknown):
                yield part
                continue
            end = 0
            for match in pattern.finditer(part):
                yield part[end : match.start()]
                yield replace(match)
                end = match.end()
            yield part[end:]

    return join_texts(pieces())


def walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """Each value within `value`, itself first, with its keys and indexes."""
    left: list[tuple[Path, Any]] = [((), value)]
    while left:
        path, found = left.pop()
        yield path, found
        if len(path) < MAX_LEVELS:
            below = [((*path, name), child) for name, child in _children(found)]
            left += reversed(below)


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(name), child) for name, child in value.items())
    elif isinstance(value, list):
        yield from ((str(index), child) for index, child in enumerate(value))


def unquoted(text: PartialText) -> PartialText | None:
    """The content of a text in single quotes, or None.

    API Gateway's parameter mappings write static values in single quotes.
    """
    found = match_text(_QUOTED, text)
    return None if found is None else found["content"]
