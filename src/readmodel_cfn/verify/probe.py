"""Which route is looked at, under which key, and which paths lead nowhere."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.verify.contract import Contract, Promised

NAME = "readmodel-cfn-probe"
_MARGIN = 1024  # bytes beyond those from which answers are compressed
_LARGEST = 1024 * 1024  # bytes that a probe is worth


@dataclass(frozen=True)
class Probe:
    """The route, and the path and key of the document that is written for it.

    `missing` is a path of a route without a document, `unknown` one that no route takes; None where
    there is no such path. `documents` are two, of one size, that differ.
    """

    route: Promised
    path: str
    key: str
    missing: str | None
    unknown: str | None
    documents: tuple[bytes, bytes]


def choose(contract: Contract, asked: str | None, token: str) -> Probe:
    """The probe of the route that is asked for, else of one where it disturbs nobody.

    `token` is the run's own: a route with a parameter gets a key that nobody reads.

    Raises:
        ConfigError: no route has the path that is asked for.
    """
    route = _route(contract.routes, asked)
    value = f"{NAME}-{token}"
    with_parameter = [route, *contract.routes]
    missing = (one.path_of(f"{value}-none") for one in with_parameter if not one.is_static)
    size = (contract.compress_from or 0) + _MARGIN
    return Probe(
        route=route,
        path=route.path_of(value),
        key=route.key_of(value),
        missing=next(missing, None),
        unknown=_unknown(contract.routes, value),
        documents=(_document(token, 1, size), _document(token, 2, size)),
    )


def _route(routes: Sequence[Promised], asked: str | None) -> Promised:
    if asked is None:
        return min(routes, key=lambda one: one.is_static)
    for one in routes:
        if one.path == asked.strip("/"):
            return one
    known = ", ".join(one.path for one in routes)
    raise ConfigError(f"no route has the path {asked!r}", where="--route", hint=f"known: {known}")


def _unknown(routes: Sequence[Promised], value: str) -> str | None:
    """The shortest path that no route takes; a greedy one at the root takes them all."""
    longest = max(len(one.path.split("/")) for one in routes) + 1
    paths = ("/".join([value] * length) for length in range(1, longest + 1))
    return next((path for path in paths if not any(one.takes(path) for one in routes)), None)


def _document(token: str, number: int, size: int) -> bytes:
    """JSON that compresses well, with letters beyond ASCII, which a wrong encoding would harm."""
    content = {"probe": token, "number": number, "text": "Grüße, 世界", "filler": ""}
    short = len(json.dumps(content, ensure_ascii=False).encode())
    content["filler"] = "x" * max(0, min(size, _LARGEST) - short)
    return json.dumps(content, ensure_ascii=False).encode()
