"""Lists in sentences."""

from collections.abc import Iterable

_MAX_ITEMS = 9


def join_words(items: Iterable[object]) -> str:
    """`a`, `a and b`, `a, b and c`; a long list is cut: `a, b ... and 4 more`."""
    words = [str(item) for item in items]
    if len(words) > _MAX_ITEMS:
        return f"{', '.join(words[:_MAX_ITEMS])} and {len(words) - _MAX_ITEMS} more"
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
