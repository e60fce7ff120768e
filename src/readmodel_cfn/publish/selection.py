"""The keys that are published, and the names that are passed over.

One rule for directories, single files and Python values. A key is sent and, with delete_missing,
deleted only if a route serves it and no pattern excludes it. A name is passed over (neither it nor
anything below it is sent or deleted) if

- a pattern excludes it, or
- it has a segment that begins with a dot and is not part of a route's key. A `{parameter}` never
  matches a segment that begins with a dot.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from functools import lru_cache

from readmodel_cfn.publish.route_index import KeyRoute as KeyRoute
from readmodel_cfn.publish.route_index import RouteIndex


class Selection:
    """The keys that the routes serve, without those that the glob patterns exclude.

    Without routes every key is served unless it has a segment that begins with a dot. A pattern is
    compared with the whole key, as in `aws s3 sync --exclude`: `*` and `?` match slashes too
    (https://docs.aws.amazon.com/cli/latest/reference/s3/#use-of-exclude-and-include-filters).
    In addition, a pattern that matches a directory excludes everything below it.
    """

    def __init__(
        self, routes: Sequence[KeyRoute] | None = None, exclude: Iterable[str] = ()
    ) -> None:
        self._excluded = _matcher(exclude)
        self._routes = routes
        self._index = RouteIndex(routes or ())
        self._may_be_served = lru_cache(1024)(self._may_serve_at_or_below)

    @property
    def prefixes(self) -> list[str]:
        """The prefixes of all keys: one for each route, the empty one without routes."""
        if self._routes is None:
            return [""]
        return [route.key_pattern.partition("*")[0] for route in self._routes]

    def serves(self, key: str) -> bool:
        """Whether a route serves the key."""
        if self._routes is None:
            return not hidden_path(key)
        return bool(self._index.serving(key))

    def excludes(self, path: str) -> bool:
        """Whether a pattern excludes the key or directory."""
        return self._excluded(path)

    def publishes(self, key: str) -> bool:
        """Whether a document with this key is sent, and deleted if it is missing."""
        return self.serves(key) and not self.excludes(key)

    def passes_over(self, path: str) -> bool:
        """Whether the key or directory, with everything below it, is neither sent nor deleted."""
        if self.excludes(path):
            return True
        hidden = hidden_path(path)
        return bool(hidden) and not self._may_be_served(hidden)

    def _may_serve_at_or_below(self, path: str) -> bool:
        routes = self._routes or ()
        return any(route.match_key(path) or route.may_serve_below(f"{path}/") for route in routes)


def hidden_path(path: str) -> str:
    """The path up to its last segment that begins with a dot; empty if there is none.

    The segments `.` and `..` do not count.
    """
    if not path.startswith(".") and "/." not in path:
        return ""
    segments = path.split("/")
    while segments and not _is_hidden(segments[-1]):
        segments.pop()
    return "/".join(segments)


def _is_hidden(segment: str) -> bool:
    return segment.startswith(".") and segment not in (".", "..")


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """A function that returns whether a pattern matches a path or a directory above it."""
    whole = [pattern.rstrip("/") for pattern in patterns]
    expressions = [translate(glob) for pattern in whole for glob in (pattern, f"{pattern}/*")]
    compiled = re.compile("|".join(expressions))
    return lambda path: bool(whole) and compiled.match(path) is not None
