"""JSONPath as templates use it: names, indexes and wildcards.

API Gateway evaluates paths with Jayway's JsonPath. Of its language this knows `$.a.b`, `$['a']`,
`$.a[0]`, `$.a[-1]`, `$.*` and `$[*]`; not `..`, slices, unions, filters and functions.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

Steps = tuple[str | int | None, ...]
"""A name, an index, or None for all there is."""

_STEP = re.compile(
    r"\.(?P<name>[^\s.\[\]()*?@,:'\"]+)"
    r"|\[\s*(?P<index>-?\d+)\s*\]"
    r"""|\[\s*(?:'(?P<single>[^']+)'|"(?P<double>[^"]+)")\s*\]"""
    r"|(?P<all>\.\*|\[\*\])"
)


class JsonPathError(ValueError):
    """A path that is not understood here."""


@lru_cache(maxsize=512)
def parse(path: str) -> Steps:
    """The steps of a path; one without `$` starts there, as Jayway has it."""
    rest = path.strip()
    rest = rest[1:] if rest.startswith("$") else f".{rest}"
    steps: list[str | int | None] = []
    end = 0
    while end < len(rest):
        match = _STEP.match(rest, end)
        if match is None:
            raise JsonPathError(f"JSONPath {path}")
        index, name = match["index"], match["name"] or match["single"] or match["double"]
        steps.append(int(index) if index else name)
        end = match.end()
    return tuple(steps)


def find(value: Any, steps: Sequence[str | int | None]) -> Any:
    """What the path leads to, a list where it has wildcards; raises `LookupError` for nothing."""
    for number, step in enumerate(steps):
        if step is None:
            rest = steps[number + 1 :]
            return [found for item in _items(value) for found in _found(item, rest)]
        value = _child(value, step)
    return value


def _found(item: Any, steps: Sequence[str | int | None]) -> list[Any]:
    """What follows a wildcard, for one of its items; nested wildcards give one flat list."""
    try:
        found = find(item, steps)
    except LookupError:
        return []
    return found if None in steps else [found]


def _child(value: Any, step: str | int) -> Any:
    kind: type = dict if isinstance(step, str) else list
    if not isinstance(value, kind):
        raise LookupError(step)
    return value[step]  # type: ignore[index]


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
