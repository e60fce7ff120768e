"""Going through values of any depth without recursion."""

from collections.abc import Iterator, Mapping
from typing import Any

_DEEPEST = 100  # levels; no template of use comes near it

Path = tuple[str, ...]


def walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """Each value within `value`, itself first, with the keys and indexes that lead to it."""
    left: list[tuple[Path, Any]] = [((), value)]
    while left:
        path, found = left.pop()
        yield path, found
        if len(path) < _DEEPEST:
            below = [((*path, name), one) for name, one in children(found)]
            left += reversed(below)


def children(value: Any) -> Iterator[tuple[str, Any]]:
    """The values right below a mapping or a list."""
    if isinstance(value, Mapping):
        yield from ((str(name), one) for name, one in value.items())
    elif isinstance(value, list):
        yield from ((str(index), one) for index, one in enumerate(value))
