"""Compression on the wire: from 1024 bytes on, for clients that name gzip or deflate first."""

from collections.abc import Mapping

from second_opinion.cases.shared import NOT_FOUND
from second_opinion.steps import ABSENT, Ask, Publish, Step


def _of(size: int) -> Publish:
    """A document of that many bytes."""
    return Publish("payload.json", b'"' + b"x" * (size - 2) + b'"')


_SMALL, _LARGE = _of(1023), _of(1024)
_GZIP = {"Accept-Encoding": "gzip"}
_VARIES = {"vary": "Accept-Encoding"}


def _compressed(accepted: str, coding: str) -> Ask:
    """The body is compared as the client reads it."""
    gives = _VARIES | {"content-encoding": coding}
    headers = {"Accept-Encoding": accepted}
    return Ask(f"large, {accepted}", "/samples", 200, headers=headers, gives=gives)


def _plain(name: str, document: Publish, headers: Mapping[str, str]) -> Ask:
    gives = _VARIES | {"content-encoding": ABSENT}
    return Ask(name, "/samples", 200, headers=headers, body=document.body, gives=gives)


COMPRESSION: tuple[Step, ...] = (
    _SMALL,
    _plain("small, gzip", _SMALL, _GZIP),
    _LARGE,
    _compressed("gzip", "gzip"),
    _compressed("deflate", "deflate"),
    _compressed("gzip, deflate, br, zstd", "gzip"),
    _plain("large, nothing accepted", _LARGE, {}),
    _plain("large, identity", _LARGE, {"Accept-Encoding": "identity"}),
    _plain("large, br", _LARGE, {"Accept-Encoding": "br"}),
    _plain("large, gzip refused", _LARGE, {"Accept-Encoding": "gzip;q=0"}),
    Ask("missing object, gzip", "/products/missing", 404, headers=_GZIP, body=NOT_FOUND),
    Ask(
        "large, gzip, If-None-Match, same",
        "/samples",
        304,
        headers=_GZIP | {"If-None-Match": _LARGE.etag},
        body=b"",
        gives=_VARIES | {"etag": _LARGE.etag, "content-encoding": ABSENT},
    ),
    Ask("large, gzip, HEAD", "/samples", 200, "HEAD", _GZIP, b"", _VARIES),
)
