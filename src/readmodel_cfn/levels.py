"""How deeply lists and objects are nested, without recursion."""

from collections.abc import Iterable
from typing import Any


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects in a value are nested more deeply."""
    level: list[Iterable[Any]] = [[value]]
    for _ in range(levels + 1):
        level = [
            each.values() if isinstance(each, dict) else each
            for found in level
            for each in found
            if isinstance(each, dict | list)
        ]
        if not level:
            return False
    return True
