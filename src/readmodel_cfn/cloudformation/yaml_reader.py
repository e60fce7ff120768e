"""Reads YAML templates from PyYAML's events, so that every limit applies while reading.

CloudFormation reads YAML 1.1 with short forms of its functions:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
An alias stands for a copy, so a short text can expand to a huge value; the size is checked
before the expansion.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from readmodel_cfn.cloudformation.json_limits import TOO_DEEP, TOO_LONG, TOO_MANY
from readmodel_cfn.cloudformation.reader import Position
from readmodel_cfn.limits import NUMBER_DIGITS, TEMPLATE_LEVELS, TEMPLATE_VALUES
from readmodel_cfn.printable import shortened

MAX_EXPANSION = 500_000
"""The maximum number of values and characters that the aliases of a template may add."""
MAX_TAG_DIRECTIVES = 100
"""The maximum number of %TAG directives, which PyYAML compares with each other."""

_BARE = ("Ref", "Condition")  # the short forms whose function has no Fn:: in front
_CORE = "tag:yaml.org,2002:"
_PLAIN = {f"{_CORE}{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map")}
# Types of YAML 1.1 that a template uses as text, such as a policy's Version, which is a date.
_TEXTS = {f"{_CORE}{kind}" for kind in ("timestamp", "merge", "value")}
_NUMBERS = {f"{_CORE}int", f"{_CORE}float"}
_MERGE = "<<"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """What is wrong with a text, and its line (from 1) if it is known."""

    def __init__(self, what: str, mark: Any = None) -> None:
        super().__init__(what)
        self.what = what
        self.line: int | None = mark.line + 1 if mark else None


class YamlLimit(YamlError):
    """A text that exceeds a limit."""


@dataclass
class _Open:
    """A list or an object that is being read; `key` is the one whose value comes next."""

    value: Any
    tag: str | None
    anchor: str | None
    size: int = 1
    values: int = 1
    levels: int = 1
    key: str | None = None
    key_mark: Any = None
    is_merge: bool = False
    merged: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class _Part:
    """A finished value; its size, its values and its levels with all aliases expanded."""

    value: Any
    size: int
    values: int = 1
    levels: int = 0


def read_yaml(text: str) -> Any:
    """The value that the text describes; None for an empty text.

    Raises:
        YamlError: the text is not YAML, or not YAML that a template can have.
    """
    return _Builder().build(text)


def yaml_positions(text: str, paths: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], Position]:
    """The positions of parts of a YAML text: of their keys, or of the items in lists."""
    builder = _Builder(paths)
    with suppress(YamlError):
        builder.build(text)
    return {path: Position(mark.line + 1, mark.column + 1) for path, mark in builder.found.items()}


class _Builder:
    """Builds the value of one text; `found` has the marks of the parts at `paths`."""

    def __init__(self, paths: Sequence[tuple[str, ...]] = ()) -> None:
        self.found: dict[tuple[str, ...], Any] = {}
        self._paths = set(paths)
        self._last_steps = {path[-1] for path in paths if path}
        self._open: list[_Open] = []
        self._anchors: dict[str, _Part | None] = {}
        self._expansion = 0
        self._values = 0
        self._scalars: Any = yaml.SafeLoader("")
        self._root: Any = None

    def build(self, text: str) -> Any:
        if text.count("%TAG") > MAX_TAG_DIRECTIVES:
            raise YamlLimit(f"more than {MAX_TAG_DIRECTIVES} %TAG directives")
        try:
            for event in yaml.parse(text, Loader=_Loader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            what = " ".join(str(error.problem or error.context).split())
            raise YamlError(f"is not valid YAML: {what}", error.problem_mark) from error
        except (yaml.YAMLError, UnicodeError) as error:
            raise YamlError(f"is not valid YAML: {' '.join(str(error).split())}") from error
        return self._root

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent() if self._root is not None:
                raise YamlError("has more than one YAML document", event.start_mark)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._add(self._aliased(event), event.start_mark)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end(self._open.pop())

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        parent = self._open[-1] if self._open else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            self._begin_entry(parent, event)
            return
        self._count(1, event.start_mark)
        value = self._value_of(event)
        part = _Part(value, 1 + len(event.value))
        self._remember(event.anchor, part)
        self._add(part, event.start_mark)

    def _value_of(self, event: yaml.ScalarEvent) -> Any:
        function = _function(event.tag)
        if function:
            return {function: event.value}
        tag = self._tag(event)
        if tag == f"{_CORE}str" or (tag in _TEXTS and event.implicit[0]):
            return event.value
        _check_plain(tag, event.start_mark)
        # YAML 1.1 has numbers like 1:30:00, which are read in quadratic time.
        if tag in _NUMBERS and len(event.value) > NUMBER_DIGITS:
            raise YamlLimit(TOO_LONG, event.start_mark)
        try:
            return self._scalars.construct_object(yaml.ScalarNode(tag, event.value))
        except (yaml.YAMLError, ValueError, KeyError, OverflowError) as error:
            what = f"{event.value[:40]!r} is not a value of {tag.removeprefix(_CORE)}"
            raise YamlError(what, event.start_mark) from error

    def _tag(self, event: yaml.ScalarEvent) -> str:
        if event.tag and event.tag != "!":
            return str(event.tag)
        return str(self._scalars.resolve(yaml.ScalarNode, event.value, event.implicit))

    def _begin_entry(self, parent: _Open, event: yaml.ScalarEvent) -> None:
        """Start an entry; its key is always a text, also if it looks like a number."""
        if _function(event.tag):
            raise YamlError("a key cannot be a function", event.start_mark)
        is_merge = event.value == _MERGE and event.implicit[0]
        if not is_merge and event.value in parent.value:
            raise YamlError(f"{self._dotted(event.value)} is repeated", event.start_mark)
        self._remember(event.anchor, _Part(event.value, 1 + len(event.value)))
        parent.size += len(event.value)
        parent.key, parent.key_mark, parent.is_merge = event.value, event.start_mark, is_merge
        if not is_merge:
            parent.value[event.value] = None  # keeps its place; the value follows
            self._note(event.value, event.start_mark)

    def _begin(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent) -> None:
        parent = self._open[-1] if self._open else None
        if parent and isinstance(parent.value, dict) and parent.key is None:
            raise YamlError("a key must be a text", event.start_mark)
        if len(self._open) >= TEMPLATE_LEVELS:
            raise YamlLimit(TOO_DEEP, event.start_mark)
        self._count(1, event.start_mark)
        if not _function(event.tag) and event.tag not in (None, "!"):
            _check_plain(event.tag, event.start_mark)
        if event.anchor:
            self._anchors[event.anchor] = None  # known, but not finished
        if parent and isinstance(parent.value, list):
            self._note(str(len(parent.value)), event.start_mark)
        value: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self._open.append(_Open(value, event.tag, event.anchor))

    def _end(self, ended: _Open) -> None:
        for below in ended.merged:
            for name, value in below.items():
                ended.value.setdefault(name, value)
        function = _function(ended.tag)
        value = {function: ended.value} if function else ended.value
        part = _Part(value, ended.size, ended.values, ended.levels)
        self._remember(ended.anchor, part)
        self._add(part, None)

    def _aliased(self, event: yaml.AliasEvent) -> _Part:
        if event.anchor not in self._anchors:
            raise YamlError(
                f"the alias *{shortened(str(event.anchor))} has no anchor", event.start_mark
            )
        part = self._anchors[event.anchor]
        if part is None:
            what = f"the alias *{shortened(str(event.anchor))} contains itself"
            raise YamlError(what, event.start_mark)
        self._expansion += part.size
        if self._expansion > MAX_EXPANSION:
            what = f"its aliases expand to more than {MAX_EXPANSION:,} characters and values"
            raise YamlLimit(what, event.start_mark)
        if len(self._open) + part.levels > TEMPLATE_LEVELS:
            raise YamlLimit(TOO_DEEP, event.start_mark)
        self._count(part.values, event.start_mark)
        return part

    def _count(self, values: int, mark: Any) -> None:
        self._values += values
        if self._values > TEMPLATE_VALUES:
            raise YamlLimit(TOO_MANY, mark)

    def _remember(self, anchor: str | None, part: _Part) -> None:
        if anchor:
            self._anchors[anchor] = part

    def _add(self, part: _Part, mark: Any) -> None:
        """Add a finished value to its parent; `mark` is None if its position was noted before."""
        if not self._open:
            self._root = part.value
            return
        parent = self._open[-1]
        parent.size += part.size
        parent.values += part.values
        parent.levels = max(parent.levels, part.levels + 1)
        if isinstance(parent.value, list):
            if mark:
                self._note(str(len(parent.value)), mark)
            parent.value.append(part.value)
        elif parent.key is None:
            raise YamlError("a key must be a text", mark)
        else:
            self._put(parent, part.value)

    def _put(self, parent: _Open, value: Any) -> None:
        key, parent.key = parent.key, None
        if not parent.is_merge:
            parent.value[key] = value
            return
        merged = value if isinstance(value, list) else [value]
        if not all(isinstance(below, dict) for below in merged):
            raise YamlError("<< needs an object", parent.key_mark)
        parent.merged += merged

    def _steps(self) -> Iterator[str]:
        """The keys and indexes of the current position."""
        for level in self._open:
            if function := _function(level.tag):
                yield function
            if isinstance(level.value, list):
                yield str(len(level.value))
            elif level.key is not None:
                yield level.key

    def _dotted(self, name: str) -> str:
        return shortened(".".join([*self._steps(), name]), 200)

    def _note(self, step: str, mark: Any) -> None:
        """Keep the mark of a key or an item if it is at a requested path."""
        if step in self._last_steps and (path := tuple(self._steps())) in self._paths:
            self.found.setdefault(path, mark)


def _function(tag: str | None) -> str | None:
    """The function for a short form's tag: Fn::Sub for !Sub."""
    if tag is None or not tag.startswith("!") or tag == "!":
        return None
    name = tag[1:]
    return name if name in _BARE else f"Fn::{name}"


def _check_plain(tag: str, mark: Any) -> None:
    if tag not in _PLAIN:
        name = shortened(tag.removeprefix(_CORE))
        raise YamlError(f"the type {name} is not allowed in a template", mark)
