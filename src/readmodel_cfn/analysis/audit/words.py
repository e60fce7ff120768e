"""Lists in sentences."""

from collections.abc import Iterable

_MOST = 9


def spoken(things: Iterable[object]) -> str:
    """`a`, `a and b`, `a, b and c`; of a long list its beginning and the number of the others."""
    words = [str(one) for one in things]
    if len(words) > _MOST:
        return f"{', '.join(words[:_MOST])} and {len(words) - _MOST} more"
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
