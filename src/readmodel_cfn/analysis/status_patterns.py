"""The statuses of S3 that a selection pattern matches."""

import re
import warnings
from functools import lru_cache

STATUSES = range(100, 600)
_MAX_PATTERN = 300  # characters


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern; None if it is not a valid regular expression."""
    if len(pattern) > _MAX_PATTERN:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # re warns of unusual but valid patterns
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None


@lru_cache(maxsize=256)
def matched(pattern: str) -> frozenset[int]:
    """The statuses that the pattern matches as a whole."""
    regex = compiled(pattern)
    if regex is None:
        return frozenset()
    return frozenset(status for status in STATUSES if regex.fullmatch(str(status)))


@lru_cache(maxsize=256)
def contained(pattern: str) -> frozenset[int]:
    """The statuses that contain a match of the pattern."""
    regex = compiled(pattern)
    if regex is None:
        return frozenset()
    return frozenset(status for status in STATUSES if regex.search(str(status)))
