"""Compression on the wire: of responses by Accept-Encoding, of requests by Content-Encoding.

From the developer guide, "Payload compression for REST APIs in API Gateway" and the pages below it.
"""

import re
import zlib
from functools import lru_cache

from .failures import GatewayResponseError

LARGEST = 10_485_760
"""The largest body API Gateway takes, and the largest minimumCompressionSize."""

# Formats by zlib's number for them. HTTP's deflate is zlib's own format (RFC 9110).
_FORMATS = {"gzip": 31, "deflate": 15}
_LEVEL = 6
_CODING = re.compile(r"([^\s;,]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?", re.IGNORECASE)


@lru_cache(maxsize=256)
def preferred_coding(accept_encoding: str) -> str | None:
    """The coding for a client: the one it likes best, if that is gzip or deflate, else None.

    "The highest-priority content encoding must be one supported by API Gateway. If it is not,
    compression is not applied." Of equals the first counts: the sentence came with the remark that
    a `br` in front, or a malformed header, switches compression off (the guide's pull request 32,
    from a support case). `*` is no "explicit specification", so it asks for nothing.
    """
    weights: dict[str, float] = {}
    for entry in filter(None, (part.strip() for part in accept_encoding.split(","))):
        match = _CODING.fullmatch(entry)
        if match is None:
            return None
        weights.setdefault(match[1].lower(), float(match[2] or 1))
    best = max(weights, key=weights.__getitem__, default="")
    return best if best in _FORMATS and weights[best] else None


def compress(body: bytes, name: str) -> bytes:
    """The body in the coding `name`; equal bodies give equal bytes (no time, no file name)."""
    return zlib.compress(body, _LEVEL, wbits=_FORMATS[name])


def decompressed(body: bytes, content_encoding: str) -> bytes:
    """A request's body as its client meant it; API Gateway decompresses whatever the API's size.

    Raises `GatewayResponseError`: 415 for another coding, or where the body is not in it, 413 for
    one that grows beyond the largest body (assumed).
    """
    name = content_encoding.strip().lower()
    if not body or name in ("", "identity"):
        return body
    if name not in _FORMATS:
        raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE")
    decompressor = zlib.decompressobj(_FORMATS[name])
    try:
        plain = decompressor.decompress(body, LARGEST)
    except zlib.error:
        raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE") from None
    if not decompressor.eof:
        cut_off = len(plain) < LARGEST
        raise GatewayResponseError("UNSUPPORTED_MEDIA_TYPE" if cut_off else "REQUEST_TOO_LARGE")
    return plain
