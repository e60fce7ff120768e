"""Finds the routes that serve a key, without asking each of thousands of routes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar


class KeyRoute(Protocol):
    """The part of a route that is about keys."""

    @property
    def path(self) -> str:
        """Path of the URL, such as products/{id}."""

    @property
    def key_pattern(self) -> str:
        """The key, with `*` for each parameter."""

    @property
    def schema(self) -> str | None:
        """File with the JSON Schema of its documents."""

    @property
    def version_field(self) -> str | None:
        """Field of its documents that has their version."""

    def match_key(self, key: str) -> bool:
        """Whether the route serves the key."""

    def may_serve_below(self, directory: str) -> bool:
        """Whether the route may serve a key below the directory, which ends with a slash."""


RouteT = TypeVar("RouteT", bound=KeyRoute)
_Lengths = tuple[int, int] | None
_Shape = tuple[_Lengths, ...]


class RouteIndex(Generic[RouteT]):
    """Routes by the text of their keys.

    A segment of a key is text, or text around parameters. Its shape is None, or the lengths of the
    texts before the first and after the last parameter. All routes with keys of one shape are found
    by one look-up. A key with a greedy parameter has any number of segments, so it is one segment
    here.
    """

    def __init__(self, routes: Sequence[RouteT]) -> None:
        self._of: dict[_Shape, dict[tuple[str, ...], list[RouteT]]] = {}
        self._by_count: dict[int, list[_Shape]] = defaultdict(list)
        self._whole: list[_Shape] = []
        for route in routes:
            self._add(route)

    def _add(self, route: RouteT) -> None:
        is_greedy = route.path.endswith("+}")
        segments = [route.key_pattern] if is_greedy else route.key_pattern.split("/")
        shape = tuple(map(_lengths, segments))
        if is_greedy:
            shape = (*shape, None)  # no key with one segment has this shape
        if shape not in self._of:
            self._of[shape] = {}
            (self._whole if is_greedy else self._by_count[len(segments)]).append(shape)
        self._of[shape].setdefault(_texts(segments, shape), []).append(route)

    def serving(self, key: str) -> list[RouteT]:
        """The routes that serve the key."""
        return [route for route in self._candidates(key) if route.match_key(key)]

    def _candidates(self, key: str) -> list[RouteT]:
        segments = key.split("/")
        found: list[RouteT] = []
        for shape in self._by_count.get(len(segments), ()):
            found += self._of[shape].get(_texts(segments, shape), ())
        for shape in self._whole:
            found += self._of[shape].get(_texts((key,), shape), ())
        return found


def _lengths(segment: str) -> _Lengths:
    if "*" not in segment:
        return None
    return segment.index("*"), len(segment) - segment.rindex("*") - 1


def _texts(segments: Sequence[str], shape: _Shape) -> tuple[str, ...]:
    """The text of each segment that a route with this shape must have."""
    texts = [
        segment
        if lengths is None
        else f"{segment[: lengths[0]]}*{segment[len(segment) - lengths[1] :]}"
        for segment, lengths in zip(segments, shape, strict=False)
    ]
    return tuple(texts)
