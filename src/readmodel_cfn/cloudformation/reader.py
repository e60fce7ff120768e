"""Reads templates in JSON or YAML, and finds the line of each part.

    template = read_template(text, "template.yaml")
    where = locate(text, "template.yaml", ("Resources", "Bucket"))

`where` is then, for example, `template.yaml:12: Resources.Bucket`.

JSON is read without loading PyYAML.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json.decoder import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from readmodel_cfn.cloudformation.json_limits import integer, limit_of_json
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.files import read_text
from readmodel_cfn.limits import TEMPLATE_BYTES, TEMPLATE_FILE_BYTES, TEMPLATE_RESOURCES

_NO_TEMPLATE = "use a CloudFormation template in JSON or YAML"
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder()


class HasToDict(Protocol):
    """A template as an object: troposphere's Template, or a ReadModel."""

    def to_dict(self) -> Any:
        """The template as plain values."""


TemplateSource = str | Path | Mapping[str, Any] | HasToDict
"""A template: a text in JSON or YAML, a file, a mapping, a troposphere Template or a ReadModel."""


def template_content(source: TemplateSource) -> Mapping[str, Any]:
    """A template as a value.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
        TypeError: `source` has another type.
    """
    return content_and_text(source)[0]


def content_and_text(source: TemplateSource) -> tuple[Mapping[str, Any], str | None]:
    """A template as a value, and the text if `source` is a text or a file, which is read once.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
        TypeError: `source` has another type.
    """
    if isinstance(source, str | Path):
        text = template_text(source)
        return read_template(text, str(source) if isinstance(source, Path) else "template"), text
    if isinstance(source, Mapping):
        return source, None
    if not hasattr(source, "to_dict"):
        raise TypeError(f"a {type(source).__name__} is not a template")
    content: Mapping[str, Any] = source.to_dict()
    return content, None


def template_text(source: TemplateSource) -> str:
    """A template as text; the text of a file, or a given text, is not changed.

    Raises:
        ConfigError: a file that cannot be read.
        TypeError: a value that is not a template.
    """
    if isinstance(source, str):
        return source
    if isinstance(source, Path):
        return read_text(source, TEMPLATE_FILE_BYTES)
    return json.dumps(template_content(source), indent=2, default=str)


class Position(NamedTuple):
    """A place in a file; both numbers start at 1."""

    line: int
    column: int


class BeyondLimit(ConfigError):
    """A text that is too large, too deep or too long to be read as a template."""


class _RepeatedKeyError(ValueError):
    pass


def read_template(text: str, name: str) -> dict[str, Any]:
    """A template's text as a value. Short forms such as `!Sub x` become `{"Fn::Sub": "x"}`.

    `name` is the name of the text in messages, usually the file's.

    Raises:
        ConfigError: the text is neither JSON nor YAML, repeats a key, exceeds a limit, or is not a
            template: an object that has an object Resources.
    """
    template = _read(text.removeprefix("\ufeff"), name)
    if not isinstance(template, dict):
        raise ConfigError("is not an object", where=name, hint=_NO_TEMPLATE)
    resources = template.get("Resources")
    if not isinstance(resources, Mapping):
        where = locate(text, name, ("Resources",)) if "Resources" in template else name
        what = "is not an object" if "Resources" in template else "has no Resources"
        raise ConfigError(what, where=where, hint=_NO_TEMPLATE)
    if len(resources) > TEMPLATE_RESOURCES:
        what = f"{len(resources):,} resources are more than the {TEMPLATE_RESOURCES} of a stack"
        raise BeyondLimit(what, where=name, hint="use several templates")
    return template


def exceeded_limit(text: str) -> str | None:
    """The limit that a template's text exceeds, if any; whether it is a template is not checked."""
    try:
        read_template(text, "template")
    except BeyondLimit as error:
        return error.what
    except ConfigError:
        return None
    return None


def read_json(text: str, name: str) -> Any:
    """A JSON text as a value, whatever the value is.

    Raises:
        ConfigError: the text is not JSON, repeats a key, or exceeds a limit.
    """
    try:
        return _parse_json(text, name)
    except ValueError as error:
        raise _not_json(error, name) from error


def locate(text: str, name: str, path: Sequence[str | int]) -> str:
    """Where a part of a template is: `template.yaml:12: Resources.Bucket`.

    `path` has the keys and list indexes of the part. The line is left out if the text does not
    contain the part.
    """
    found = position(text, path)
    dotted = ".".join(map(str, path))
    return f"{name}:{found.line}: {dotted}" if found else f"{name}: {dotted}"


def position(text: str, path: Sequence[str | int]) -> Position | None:
    """The position of a part: of its key, or of the item in a list. None if there is none."""
    return positions(text, [path]).get(tuple(map(str, path)))


def positions(text: str, paths: Iterable[Sequence[str | int]]) -> dict[tuple[str, ...], Position]:
    """The position of each part that the text contains, by its path; the text is read once."""
    keys = [tuple(map(str, path)) for path in paths]
    try:
        offsets = _Offsets(text)
        found = {path: offsets.of(path) for path in keys}
    except (ValueError, IndexError, RecursionError):  # it is YAML
        from readmodel_cfn.cloudformation.yaml_reader import yaml_positions

        return yaml_positions(text, keys)
    return {path: _position(text, at) for path, at in found.items() if at is not None}


def _read(text: str, name: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return _parse_json(text, name)
        except ValueError as error:
            return _read_yaml(text, name, error)
    return _read_yaml(text, name)


def _parse_json(text: str, name: str) -> Any:
    if limit := limit_of_json(text):
        raise BeyondLimit(limit, where=name)
    return json.loads(
        text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=integer
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedKeyError("a key is repeated")
    return found


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _read_yaml(text: str, name: str, not_json: ValueError | None = None) -> Any:
    """The text as YAML; if it is not, the message is about JSON if the text looks like JSON.

    YAML in flow style starts with a brace too. The YAML reader also finds the line of a repeated
    key in JSON.
    """
    from readmodel_cfn.cloudformation.yaml_reader import YamlError, YamlLimit, read_yaml

    if len(text) > TEMPLATE_BYTES:  # which takes seconds to read
        what = f"YAML of more than {TEMPLATE_BYTES:,} characters"
        raise BeyondLimit(what, where=name)
    try:
        return read_yaml(text)
    except YamlLimit as error:
        raise BeyondLimit(error.what, where=_at(name, error.line)) from error
    except YamlError as error:
        if not_json is None or isinstance(not_json, _RepeatedKeyError):
            raise ConfigError(error.what, where=_at(name, error.line)) from error
        raise _not_json(not_json, name) from not_json


def _not_json(error: ValueError, name: str) -> ConfigError:
    if isinstance(error, JSONDecodeError):
        return ConfigError(f"is not valid JSON: {error.msg}", where=_at(name, error.lineno))
    return ConfigError(f"is not valid JSON: {error}", where=name)


def _at(name: str, line: int | None) -> str:
    return f"{name}:{line}" if line else name


class _Offsets:
    """The offsets of the parts of a JSON text; each object and list is read once.

    Raises:
        ValueError, IndexError: the text is not JSON.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._root = _skip(text, 0)
        self._read: dict[int, dict[str, tuple[int, int]]] = {}
        if text[self._root] != "{":
            raise ValueError("not a JSON object")

    def of(self, path: Sequence[str]) -> int | None:
        """The offset of the key or item at a path; None if the text does not contain it."""
        value = key = self._root
        for step in path:
            entries = self._entries(value)
            if step not in entries:
                return None
            key, value = entries[step]
        return key

    def _entries(self, at: int) -> dict[str, tuple[int, int]]:
        if at not in self._read:
            self._read[at] = dict(_entries(self._text, at))
        return self._read[at]


def _entries(text: str, at: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The entries of the object or list at an offset: the offsets of each key and value."""
    if text[at] not in "{[":
        return
    is_object, index = text[at] == "{", 0
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        key, name = at, str(index)
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)  # past the colon
        yield name, (key, at)
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
        index += 1


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _position(text: str, offset: int) -> Position:
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
