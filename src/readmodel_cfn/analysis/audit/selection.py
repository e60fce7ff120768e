"""Selection: which integration response each status of S3 leads to.

API Gateway documents neither the dialect of selection patterns, nor whether they are anchored, nor
which of two that match is taken. Here a pattern must match a whole status, and the first one
counts; the rules on patterns tell where that matters.
"""

import re
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol, TypeVar

STATUSES = range(100, 600)
_LONGEST = 300  # characters of a pattern that are read


class _HasPattern(Protocol):
    @property
    def pattern(self) -> str | None: ...


One = TypeVar("One", bound=_HasPattern)


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None where it cannot be read."""
    if len(pattern) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on odd patterns
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None


@lru_cache(maxsize=256)
def matched(pattern: str) -> frozenset[int]:
    """The statuses that the pattern matches as a whole."""
    found = compiled(pattern)
    if found is None:
        return frozenset()
    return frozenset(one for one in STATUSES if found.fullmatch(str(one)))


@lru_cache(maxsize=256)
def contained(pattern: str) -> frozenset[int]:
    """The statuses in which the pattern is found somewhere."""
    found = compiled(pattern)
    if found is None:
        return frozenset()
    return frozenset(one for one in STATUSES if found.search(str(one)))


def answers(responses: Iterable[One]) -> Mapping[int, One | None]:
    """The response for each status; None where no pattern matches and there is no default."""
    listed = list(responses)
    default = next((one for one in listed if not one.pattern), None)
    found = dict.fromkeys(STATUSES, default)
    for one in reversed(listed):
        if one.pattern:
            found |= dict.fromkeys(matched(one.pattern), one)
    return found
