"""The contract of a read model, the stack that is checked against it, and the plan of the probe."""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

from readmodel_cfn.aws.authorization import Authorize, anonymous
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.spec import MANAGED_TAG_TEXT
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.template.releases import release_key

PROBE_NAME = "readmodel-cfn-probe"
_MARGIN = 1024  # bytes above the size from which responses are compressed
_MAX_PROBE_BYTES = 1024 * 1024
_PARAMETER = r"\{\w+\+?\}"


@dataclass(frozen=True)
class PromisedRoute:
    """A route: a path such as `products/{id}`, and its key such as `products/{id}.json`."""

    path: str
    key: str

    @property
    def is_static(self) -> bool:
        """Whether the route has only one document, which clients may be reading."""
        return "{" not in self.path

    def path_of(self, value: str) -> str:
        """The path with `value`, which has no slash, in place of each parameter."""
        return re.sub(_PARAMETER, value, self.path)

    def key_of(self, value: str) -> str:
        """The key that this path serves."""
        return re.sub(_PARAMETER, value, self.key)

    def matches(self, path: str) -> bool:
        """Whether API Gateway sends the path to this route; `{name+}` matches several segments."""
        pattern = re.sub(r"\\\{\w+(\\\+)?\\\}", _segments, re.escape(self.path))
        return re.fullmatch(pattern, path) is not None


def _segments(parameter: re.Match[str]) -> str:
    return ".+" if parameter[1] else "[^/]+"


@dataclass(frozen=True)
class Contract:
    """What a stack promises its readers.

    `compress_from` is the size in bytes from which responses are compressed, or None for never;
    `cors_origins` are the origins that may read: none, `*`, or exact ones; `cors_headers` are the
    request headers that their pages may send besides the conditional ones. With `gzip_stored`
    documents are stored compressed. `missing` says how a missing document becomes a 404. `article`
    is true for the article's stack, which promises less. `auth` is what readers need, and with
    `restricts_network` their network matters, too.
    """

    routes: Sequence[PromisedRoute]
    cache_control: str = "no-cache"
    gzip_stored: bool = False
    cors_origins: tuple[str, ...] = ()
    cors_headers: tuple[str, ...] = ()
    missing: Literal["not-found", "mask"] = "not-found"
    compress_from: int | None = 1024
    article: bool = False
    auth: Literal["public", "iam", "api-key"] = "public"
    restricts_network: bool = False

    @property
    def unknown_status(self) -> int:
        """The status for an unknown path or method.

        API Gateway has one type of response for these and for a request without a signature.
        """
        return 403 if self.auth == "iam" else 404

    def in_release(self, release: str) -> Self:
        """The same contract for the documents of a release, which have other keys."""
        routes = (replace(route, key=release_key(release, route.key)) for route in self.routes)
        return replace(self, routes=tuple(routes))

    def route(self, path: str | None) -> PromisedRoute:
        """The route with this path. Without a path: a route with a parameter, if there is one.

        Raises:
            ConfigError: no route has the path.
        """
        if path is None:
            return min(self.routes, key=lambda route: route.is_static)
        for route in self.routes:
            if route.path == path.strip("/"):
                return route
        hint = f"choose one of: {', '.join(route.path for route in self.routes)}"
        raise ConfigError(f"no route has the path {path!r}", where="--route", hint=hint)


@dataclass(frozen=True)
class CheckedStack:
    """The deployed stack: its bucket, the URLs of API and CDN, and whether it has this tool's tag.

    `authorize` has the headers that authorize reads; `disabled_url` is API Gateway's own URL if the
    stack disables it.
    """

    location: StackLocation
    bucket: str
    api_url: str
    is_managed: bool
    authorize: Authorize = anonymous
    disabled_url: str | None = None
    cdn_url: str | None = None

    def require_managed(self) -> None:
        """Check that this tool created the stack.

        Raises:
            ReadModelError: it does not have the tag.
        """
        if not self.is_managed:
            what = f"it does not have the tag {MANAGED_TAG_TEXT}"
            hint = "use --not-ours to write test documents to its bucket anyway"
            raise ReadModelError(what, where=str(self.location), hint=hint)


@dataclass(frozen=True)
class ProbePlan:
    """The probed route, and the path and key of the document that is written for it.

    `token` identifies the run. `missing` is a path that has a route but no document, `unknown` a
    path without a route; None if there is no such path. `documents` are two different documents of
    the same size.
    """

    token: str
    route: PromisedRoute
    path: str
    key: str
    missing: str | None
    unknown: str | None
    documents: tuple[bytes, bytes]


def plan_probe(contract: Contract, path: str | None, token: str | None = None) -> ProbePlan:
    """The probe of the route with this path, by default of a route with a parameter.

    For a route with a parameter the key contains `token`, random by default: no reader uses it.

    Raises:
        ConfigError: no route has the path.
    """
    route = contract.route(path)
    token = token or secrets.token_hex(8)
    value = f"{PROBE_NAME}-{token}"
    candidates = [route, *contract.routes]
    missing = (each.path_of(f"{value}-none") for each in candidates if not each.is_static)
    size = (contract.compress_from or 0) + _MARGIN
    return ProbePlan(
        token=token,
        route=route,
        path=route.path_of(value),
        key=route.key_of(value),
        missing=next(missing, None),
        unknown=_unknown_path(contract.routes, value),
        documents=(_document(token, 1, size), _document(token, 2, size)),
    )


def _unknown_path(routes: Sequence[PromisedRoute], value: str) -> str | None:
    """The shortest path without a route; None if a greedy route at the root matches all paths."""
    longest = max(len(route.path.split("/")) for route in routes) + 1
    paths = ("/".join([value] * length) for length in range(1, longest + 1))
    return next((path for path in paths if not any(route.matches(path) for route in routes)), None)


def _document(token: str, number: int, size: int) -> bytes:
    """JSON that compresses well, with non-ASCII letters that a wrong encoding would corrupt."""
    content = {"probe": token, "number": number, "text": "Grüße, 世界", "filler": ""}
    short = len(json.dumps(content, ensure_ascii=False).encode())
    content["filler"] = "x" * max(0, min(size, _MAX_PROBE_BYTES) - short)
    return json.dumps(content, ensure_ascii=False).encode()
