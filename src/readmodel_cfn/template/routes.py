"""Route: a path of the API and the S3 key that it serves.

    samples              payload.json                 one document
    products/{id}        products/{id}.json           one document for each id, one path segment
    assets/{path+}       assets/{path}                one document for each path below assets/

The allowed characters are those that API Gateway, its S3 integration and S3 leave unchanged; AWS's
documentation contradicts itself about spaces, `+`, `%` and non-ASCII characters.
"""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import (
    API_RESOURCES,
    FEWER_ROUTES,
    OBJECT_KEY_BYTES,
    TEMPLATE_RESOURCES,
    THROTTLE_BURST,
    THROTTLE_RATE,
)
from readmodel_cfn.template.options import OptionError, check_options, option

READ_METHODS = ("GET", "HEAD")
"""The methods of every route."""

CONDITIONAL_HEADERS = ("If-None-Match", "If-Modified-Since")
"""The request headers that API Gateway forwards to S3, which may then return 304."""

_SEGMENTS = API_RESOURCES - 1  # the root is one of them
_MOST_ROUTES = TEMPLATE_RESOURCES // len(READ_METHODS)

_CHARACTER = r"[A-Za-z0-9._-]"
_LITERAL = rf"{_CHARACTER}+"
_VALUE = string.ascii_letters + string.digits + "._-"  # of a plain parameter
_VARIABLE = r"\{[A-Za-z][A-Za-z0-9_]*\}"
_GREEDY = r"\{[A-Za-z][A-Za-z0-9_]*\+\}"
_PATH = rf"({_LITERAL}|{_VARIABLE})(/({_LITERAL}|{_VARIABLE}))*(/{_GREEDY})?|{_GREEDY}"
_KEY = rf"({_CHARACTER}|{_VARIABLE})+(/({_CHARACTER}|{_VARIABLE})+)*"


@dataclass(frozen=True)
class Route:
    """One path of the API, without a leading slash, and the key of the document that it serves.

    The path and the key have the same parameters. `{name+}`, at the end of a path, matches the rest
    of the path; the key contains it as `{name}`. In Python, `schema` is a path from the working
    directory.

    Raises:
        OptionError: a path or key that API Gateway or S3 does not support.
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
        "Key of the S3 object to serve, such as products/{id}.json.",
        pattern=_KEY,
        allowed="text of A-Z a-z 0-9 . _ - / and {parameters}, with no slash at either end",
    )

    throttle_rate: int | None = option(
        None,
        "Throttling: requests per second for this route. By default the stage's setting applies.",
        minimum=0,
        maximum=THROTTLE_RATE,
        example=100,
    )
    throttle_burst: int | None = option(
        None,
        "Throttling: burst of requests for this route. By default the stage's setting applies.",
        minimum=0,
        maximum=THROTTLE_BURST,
        example=50,
    )
    schema: str | None = option(
        None,
        "File with the JSON Schema of the route's documents, relative to this file. publish checks "
        "documents against it, and openapi contains it; the template does not (default none).",
        pattern=r"[^\x00-\x1f]+",
        allowed="the path of a file, such as product.schema.json",
        example="product.schema.json",
        in_template=False,
    )
    version_field: str | None = option(
        None,
        "Field of the route's documents that has their version, a whole number or a time such as "
        "2026-01-31T12:00:00Z. publish then never replaces a document by an older one, and the "
        "writer may also read the documents (default none).",
        pattern=r"[^\x00-\x1f]{1,255}",
        allowed="the name of a field, such as updated_at",
        example="updated_at",
    )

    def __post_init__(self) -> None:
        check_options(self, "routes")
        if self.path.count("/") >= _SEGMENTS:
            raise OptionError("routes.path", self.path, f"at most {_SEGMENTS} segments")
        self._check_parameters()
        for key, text in (("path", self.path), ("key", self.key)):
            if _has_dot_segment(text):
                raise OptionError(f"routes.{key}", text, "segments other than . and ..")
        if len(self.key) > OBJECT_KEY_BYTES:
            raise OptionError("routes.key", self.key, f"at most {OBJECT_KEY_BYTES} bytes")

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
    def example(self) -> "Route":
        """The path and the key of one of its documents, with 1 for each parameter."""
        path, key = (re.sub(r"\{\w+\+?\}", "1", text) for text in (self.path, self.key))
        return Route(path, key)

    @property
    def paths(self) -> list[str]:
        """The path and its parents, shortest first: the API resources that it needs."""
        parts = self.path.split("/")
        return ["/".join(parts[: end + 1]) for end in range(len(parts))]

    @property
    def key_pattern(self) -> str:
        """The key as a pattern for ARNs, with `*` for each parameter.

        In a resource ARN `*` matches slashes too (as IAM documents it), so `products/*.json` also
        grants `products/a/b.json`.
        """
        return re.sub(r"\{\w+\}", "*", self.key)

    def match_key(self, key: str) -> bool:
        """Whether this route serves `key`. A plain parameter is one segment, a greedy one several.

        A parameter is never a segment that begins with a dot: otherwise, publishing a
        folder would make files such as `.vscode/settings.json` public. A key with a literal dot is
        served: `.well-known/{name}.json`.
        """
        if self._expression:
            fits = self._expression.fullmatch(key) is not None
        else:
            fits = self._matches_in_one_pass(key)
        return fits and len(key) <= OBJECT_KEY_BYTES and not _has_dot_segment(key)

    @cached_property
    def _expression(self) -> re.Pattern[str] | None:
        """A regular expression for the key; None if a segment has several parameters.

        Then it would try every way to divide the segment.
        """
        if any(segment.count("{") > 1 for segment in self.key.split("/")):
            return None
        pattern, *others = self._parts
        expression = re.escape(pattern)
        for characters, literal in zip(others[::2], others[1::2], strict=True):
            segment = f"{_CHARACTER}+"
            rest = rf"(?:/(?!\.){segment})*" if "/" in characters else ""
            begins = rf"(?!\.){segment}" if pattern == "" or pattern.endswith("/") else segment
            expression += begins + rest + re.escape(literal)
            pattern = literal
        return re.compile(expression)

    def _matches_in_one_pass(self, key: str) -> bool:
        first, *others = self._parts
        ends = {len(first)} if key.startswith(first) else set()
        for characters, literal in zip(others[::2], others[1::2], strict=True):
            ends = _after_literal(literal, key, _after_parameter(characters, key, ends))
        return len(key) in ends

    def path_of_key(self, key: str) -> str | None:
        """The path at which clients read the document with this key; None if it is not served."""
        if not self.match_key(key):
            return None
        greedy = set(re.findall(r"\{(\w+)\+\}", self.path))
        parts = re.split(r"\{(\w+)\}", self.key)
        pattern = "".join(map(re.escape, parts[:1]))
        seen: set[str] = set()
        for name, literal in zip(parts[1::2], parts[2::2], strict=True):
            value = f"(?P<{name}>{'.+' if name in greedy else '[^/]+'})"
            pattern += (f"(?P={name})" if name in seen else value) + re.escape(literal)
            seen.add(name)
        found = re.fullmatch(pattern, key)
        if not found:  # two values for one parameter
            return None
        return re.sub(r"\{(\w+)\+?\}", lambda parameter: found[parameter[1]], self.path)

    def key_at(self, path: str) -> str | None:
        """The key of the document at the path of a request; None if this route has no such path.

        API Gateway ignores slashes at both ends, and decodes `%XX`.
        """
        given = [
            unquote(part) for part in re.split("[?#]", path, maxsplit=1)[0].strip("/").split("/")
        ]
        own = self.path.split("/")
        if own[-1].endswith("+}"):
            given[len(own) - 1 :] = ["/".join(given[len(own) - 1 :])]
        if len(given) != len(own):
            return None
        values: dict[str, str] = {}
        for part, value in zip(own, given, strict=True):
            if part.startswith("{"):
                values[part.strip("{+}")] = value
            elif part != value:
                return None
        key = re.sub(r"\{(\w+)\}", lambda parameter: values[parameter[1]], self.key)
        return key if self.match_key(key) else None

    def may_serve_below(self, directory: str) -> bool:
        """Whether it can serve a key that begins with `directory`, which ends with a slash."""
        ends = {0}
        for number, part in enumerate(self._parts):
            if number % 2:
                ends = _after_parameter(part, directory, ends)
                if "/" in part and len(directory) - 1 in ends:
                    return True  # a greedy parameter can match the last slash and more
            else:
                if any(part.startswith(directory[at:]) for at in ends):
                    return True
                ends = _after_literal(part, directory, ends)
        return False

    @cached_property
    def _parts(self) -> list[str]:
        """Literal text and the characters that a parameter allows, alternating; text is last."""
        greedy = set(re.findall(r"\{(\w+)\+\}", self.path))
        parts = re.split(r"\{(\w+)\}", self.key)
        parts[1::2] = [_VALUE + "/" if name in greedy else _VALUE for name in parts[1::2]]
        return parts


def find_route(routes: Iterable[Route], path: str) -> tuple[Route, str] | None:
    """The route that API Gateway chooses for the path of a request, and the document's key.

    At each segment text has precedence over `{name}`, and that over `{name+}`.
    """
    found = [(route, key) for route in routes if (key := route.key_at(path)) is not None]
    return min(found, key=lambda entry: _precedence(entry[0]), default=None)


def serving_route(routes: Iterable[Route], key: str) -> tuple[Route, str] | None:
    """The route that serves the document with this key, and the path of the request for it.

    None if no request gets the document: no route has the key, or another route has the path.
    """
    every = list(routes)
    for route in every:
        if not key.startswith(_text(route.key)):
            continue  # cheaper than a match of the whole key
        path = route.path_of_key(key)
        if path is None:
            continue
        others = (other for other in every if path.startswith(_text(other.path)))
        if find_route(others, path) == (route, key):
            return route, path
    return None


def _text(template: str) -> str:
    """The text of a path or key before its first parameter."""
    return template.partition("{")[0]


def _precedence(route: Route) -> list[int]:
    return [part.startswith("{") + part.endswith("+}") for part in route.path.split("/")]


def _after_parameter(characters: str, key: str, starts: set[int]) -> set[int]:
    """The positions where a parameter can end that begins at one of `starts`.

    Its segments are not empty and do not begin with a dot. One pass is enough for any number of
    parameters: a regular expression would try every way to divide the key.
    """
    ends, inside = set(), False
    for at in range(min(starts, default=len(key)), len(key)):
        begins = at in starts and key[at] != "/"
        continues = inside and key[at - 1 : at + 1] != "//"
        inside = (begins or continues) and key[at] in characters and not _begins_hidden(key, at)
        if inside and key[at] != "/":
            ends.add(at + 1)
    return ends


def _begins_hidden(key: str, at: int) -> bool:
    """Whether the character at this position is a dot that begins a segment."""
    return key[at] == "." and (at == 0 or key[at - 1] == "/")


def _after_literal(literal: str, key: str, starts: set[int]) -> set[int]:
    return {at + len(literal) for at in starts if key.startswith(literal, at)}


def _has_dot_segment(text: str) -> bool:
    """Whether a segment is . or .., which clients resolve before they send a request."""
    may_have = text.endswith(".") or "./" in text
    return may_have and any(part in (".", "..") for part in text.split("/"))


ROUTES_ALLOWED = 'a list of Route objects: [Route("products/{id}", "products/{id}.json")]'


def check_routes(routes: Sequence[Route]) -> None:
    """Check that the routes do not conflict with each other.

    Raises:
        ConfigError: there are more than fit any stack.
        OptionError: an item is no Route, two routes have the same path, or different parameter
            names at the same position, which API Gateway refuses ("a sibling of this resource
            already has a variable path part").
    """
    if not routes:
        raise OptionError("routes", [], "at least one route")
    if len(routes) > _MOST_ROUTES:
        what = f"{len(routes):,} routes are more than {_MOST_ROUTES}, of two methods each,"
        what += f" among the {TEMPLATE_RESOURCES} resources of a stack"
        raise ConfigError(what, where="routes", hint=FEWER_ROUTES)
    seen: set[str] = set()
    for route in routes:
        if not isinstance(route, Route):
            raise OptionError("routes", route, ROUTES_ALLOWED)
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
