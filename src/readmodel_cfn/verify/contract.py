"""What a stack promises its readers, as a value; the command line makes it of readmodel.toml."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_VARIABLE = r"\{\w+\+?\}"


@dataclass(frozen=True)
class Promised:
    """One route: a path such as `products/{id}` and a key such as `products/{id}.json`."""

    path: str
    key: str

    @property
    def is_static(self) -> bool:
        """Is there one document, which readers may be reading?"""
        return "{" not in self.path

    def path_of(self, value: str) -> str:
        """The path with one value, of one segment, for each parameter."""
        return re.sub(_VARIABLE, value, self.path)

    def key_of(self, value: str) -> str:
        """The key that this path serves."""
        return re.sub(_VARIABLE, value, self.key)

    def takes(self, path: str) -> bool:
        """Would API Gateway send this path to the route? `{name+}` takes all that is left."""
        pattern = re.sub(r"\\\{\w+(\\\+)?\\\}", _any, re.escape(self.path))
        return re.fullmatch(pattern, path) is not None


def _any(variable: re.Match[str]) -> str:
    return ".+" if variable[1] else "[^/]+"


@dataclass(frozen=True)
class Contract:
    """What is promised.

    `compress_from` are the bytes from which an answer is compressed, None is never; `cors_origin`
    is None where no other origin may read. `gzip_stored` says that documents are kept compressed,
    `missing` how a missing document becomes a 404. `article` says that the stack is the
    article's, which promised less than is looked for.
    """

    routes: Sequence[Promised]
    cache_control: str = "no-cache"
    gzip_stored: bool = False
    cors_origin: str | None = None
    missing: Literal["not-found", "mask"] = "not-found"
    compress_from: int | None = 1024
    article: bool = False
