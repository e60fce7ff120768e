"""Route: a path of the API and the key of the data store that it serves.

    samples              payload.json                 one document
    products/{id}        products/{id}.json           one for each id, a single path segment
    assets/{path+}       assets/{path}                one for each path below, slashes included

The characters are those that travel unchanged through API Gateway, its S3 integration and S3; how
a space, `+`, `%` and non-ASCII travel is contradictory in AWS's own documents.
"""

import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from readmodel_cfn.options import OptionError, check_options, option

_CHARACTER = r"[A-Za-z0-9._-]"
_LITERAL = rf"{_CHARACTER}+"
_TAKEN = string.ascii_letters + string.digits + "._-"  # by a plain parameter
_VARIABLE = r"\{[A-Za-z][A-Za-z0-9_]*\}"
_GREEDY = r"\{[A-Za-z][A-Za-z0-9_]*\+\}"
_PATH = rf"({_LITERAL}|{_VARIABLE})(/({_LITERAL}|{_VARIABLE}))*(/{_GREEDY})?|{_GREEDY}"
_KEY = rf"({_CHARACTER}|{_VARIABLE})+(/({_CHARACTER}|{_VARIABLE})+)*"
_LONGEST_KEY = 1024  # bytes, S3's limit


@dataclass(frozen=True)
class Route:
    """One path of the API, without a leading slash, and the key of the payload it serves.

    Every parameter of the path stands in the key, and the reverse. `{name+}`, last in a path,
    takes the rest of it; the key writes it `{name}`.

    Raises:
        OptionError: a path or key that API Gateway or S3 could not carry.
    """

    path: str = option(
        "samples",
        "Path below the stage, such as products/{id}.",
        pattern=_PATH,
        allowed="segments of A-Z a-z 0-9 . _ - or one {parameter} each, joined by single slashes, "
        "with {name+} only as the last",
    )
    key: str = option(
        "payload.json",
        "Key of the S3 object that it serves, such as products/{id}.json.",
        pattern=_KEY,
        allowed="text of A-Z a-z 0-9 . _ - / and {parameters}, with no slash at either end",
    )

    throttle_rate: int | None = option(
        None,
        "Requests a second of this route; the stage's own limit without.",
        minimum=0,
        maximum=10_000,
        example=100,
    )
    throttle_burst: int | None = option(
        None, "Requests at once beyond that rate.", minimum=0, maximum=5_000, example=50
    )

    def __post_init__(self) -> None:
        check_options(self, "routes")
        self._check_parameters()
        for key, text in (("path", self.path), ("key", self.key)):
            if _has_dot_segment(text):
                raise OptionError(f"routes.{key}", text, "no segment that is . or ..")
        if len(self.key) > _LONGEST_KEY:
            raise OptionError("routes.key", self.key, f"at most {_LONGEST_KEY} bytes")

    def _check_parameters(self) -> None:
        names = self.parameters
        if len(set(names)) < len(names):
            raise OptionError("routes.path", self.path, "each {parameter} once")
        if sorted(names) != sorted(set(re.findall(r"\{(\w+)\}", self.key))):
            own = ", ".join(f"{{{name}}}" for name in names) or "none"
            raise OptionError("routes.key", self.key, f"the parameters of its path: {own}")

    @property
    def parameters(self) -> list[str]:
        """The names of the path's parameters, in order, without braces or plus."""
        return re.findall(r"\{(\w+)\+?\}", self.path)

    @property
    def paths(self) -> list[str]:
        """The path and those it lies below, shortest first: the API resources it needs."""
        parts = self.path.split("/")
        return ["/".join(parts[: end + 1]) for end in range(len(parts))]

    @property
    def key_pattern(self) -> str:
        """The key as an ARN pattern: the narrowest that IAM can say.

        `*` in a resource ARN crosses slashes (IAM's documented wildcard), so `products/*.json`
        also grants `products/a/b.json`.
        """
        return re.sub(r"\{\w+\}", "*", self.key)

    def match_key(self, key: str) -> bool:
        """Does this route serve `key`? A plain parameter takes a segment, a greedy one several.

        A parameter never takes a segment that begins with a dot, or publishing a folder would make
        files such as `.vscode/settings.json` public. A key that spells the dot does:
        `.well-known/{name}.json`.
        """
        first, *others = self._parts
        ends = {len(first)} if key.startswith(first) else set()
        for takes, literal in zip(others[::2], others[1::2], strict=True):
            ends = _followed_by(literal, key, _taken(takes, key, ends))
        fits = len(key) in ends and len(key) <= _LONGEST_KEY
        return fits and not _has_dot_segment(key)

    def may_serve_below(self, directory: str) -> bool:
        """Can this route serve a key that begins with `directory`, which ends with a slash?"""
        ends = {0}
        for number, part in enumerate(self._parts):
            if number % 2:
                ends = _taken(part, directory, ends)
                if "/" in part and len(directory) - 1 in ends:
                    return True  # a greedy parameter takes the last slash and more
            else:
                if any(part.startswith(directory[at:]) for at in ends):
                    return True
                ends = _followed_by(part, directory, ends)
        return False

    @cached_property
    def _parts(self) -> list[str]:
        """The key as text, what a parameter takes, text, and so on; it ends with text."""
        greedy = set(re.findall(r"\{(\w+)\+\}", self.path))
        parts = re.split(r"\{(\w+)\}", self.key)
        parts[1::2] = [_TAKEN + "/" if name in greedy else _TAKEN for name in parts[1::2]]
        return parts


def _taken(takes: str, key: str, starts: set[int]) -> set[int]:
    """Where a parameter may end that begins at one of these places.

    It takes no empty segment, and none that begins with a dot. In one pass, however many
    parameters there are: a regular expression would try all their splits.
    """
    ends, inside = set(), False
    for at in range(min(starts, default=len(key)), len(key)):
        begins = at in starts and key[at] != "/"
        goes_on = inside and key[at - 1 : at + 1] != "//"
        inside = (begins or goes_on) and key[at] in takes and not _begins_hidden(key, at)
        if inside and key[at] != "/":
            ends.add(at + 1)
    return ends


def _begins_hidden(key: str, at: int) -> bool:
    """Is this the dot that begins a segment?"""
    return key[at] == "." and (at == 0 or key[at - 1] == "/")


def _followed_by(literal: str, key: str, starts: set[int]) -> set[int]:
    return {at + len(literal) for at in starts if key.startswith(literal, at)}


def _has_dot_segment(text: str) -> bool:
    """Is there a segment that every client would resolve before it asks?"""
    return any(part in (".", "..") for part in text.split("/"))


def check_routes(routes: Sequence[Route]) -> None:
    """Check what only shows between routes.

    Raises:
        OptionError: two routes on one path, or two parameters at one place: API Gateway allows one
            variable a level ("a sibling of this resource already has a variable path part").
    """
    if not routes:
        raise OptionError("routes", [], "at least one route")
    seen: set[str] = set()
    for route in routes:
        if route.path in seen:
            raise OptionError("routes.path", route.path, "each path once")
        seen.add(route.path)
    variables: dict[str, str] = {}
    for parent, part in _variables(routes):
        if variables.setdefault(parent, part) != part:
            place = f"after {parent!r}" if parent else "first in the path"
            other = variables[parent]
            raise OptionError("routes.path", part, f"the one name {other} {place} in all routes")


def _variables(routes: Sequence[Route]) -> Iterator[tuple[str, str]]:
    for path in (path for route in routes for path in route.paths):
        parent, _, part = path.rpartition("/")
        if part.startswith("{"):
            yield parent, part
