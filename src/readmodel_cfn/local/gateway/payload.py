"""Request and response bodies: binary media types, content handling and compression.

Sources: the developer guide's pages "Content type conversions in API Gateway" (its tables, and the
responses of AWS that LocalStack recorded for each of their rows, S3 behind an integration of type
AWS) and "Payload compression for REST APIs in API Gateway".
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from readmodel_cfn.local.gateway.definition import DefinitionError, Json
from readmodel_cfn.local.gateway.failures import GatewayResponseError

LARGEST = 10_485_760
"""The largest body that API Gateway accepts, and the largest minimumCompressionSize."""

_TO_BINARY = "CONVERT_TO_BINARY"  # the other handling is CONVERT_TO_TEXT
# Formats by zlib's number for them. HTTP's deflate is zlib's own format (RFC 9110).
_FORMATS = {"gzip": 31, "deflate": 15}
_LEVEL = 6
_CODING = re.compile(r"([^\s;,]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Payload:
    """A body, and whether API Gateway holds it as bytes, which no template can read."""

    body: bytes
    binary: bool


@dataclass(frozen=True, slots=True)
class MediaTypes:
    """An API's binaryMediaTypes: exact ones, `image/*`, or `*/*` for all.

    `*/png` matches nothing, not even itself, and `image/png` does not match `image/*` in an Accept
    (recorded on AWS by LocalStack).
    """

    types: frozenset[str]

    @classmethod
    def of(cls, types: Iterable[str]) -> Self:
        """The listed types; case is ignored (assumed)."""
        listed = (media_type.strip().lower() for media_type in types)
        return cls(frozenset(t for t in listed if t == "*/*" or not t.startswith("*/")))

    def match_content_type(self, header: str | None) -> bool:
        """Whether a Content-Type names a binary type.

        A request without the header counts as `application/json`: with `*/*` its empty body is
        binary ("Unable to transform request", in public reports of failing preflights). That this
        holds for a backend that sends no Content-Type is assumed.
        """
        return self._match(header or "application/json")

    def match_accept(self, header: str | None) -> bool:
        """Whether an Accept names a binary type: its first one counts, and none does not match.

        Both recorded on AWS by LocalStack.
        """
        return self._match(header or "")

    def _match(self, header: str) -> bool:
        if not self.types:
            return False
        if "*/*" in self.types:
            return True
        media_type = header.partition(",")[0].partition(";")[0].strip().lower()
        if media_type in self.types:
            return True
        kind, slash, _ = media_type.partition("/")
        return bool(slash) and f"{kind}/*" in self.types


@dataclass(frozen=True, slots=True)
class Encoding:
    """An API's binaryMediaTypes, and its minimumCompressionSize (None: nothing is compressed)."""

    binary_types: MediaTypes
    minimum_size: int | None

    @classmethod
    def of(cls, definition: Json) -> Self:
        """The settings of an API.

        Raises:
            DefinitionError: API Gateway would reject the size.
        """
        size = definition.get("minimumCompressionSize")
        if size is not None and (not isinstance(size, int) or not 0 <= size <= LARGEST):
            raise DefinitionError("minimumCompressionSize", f"{size!r} is not from 0 to {LARGEST}")
        return cls(MediaTypes.of(definition.get("binaryMediaTypes") or ()), size)


def request_payload(
    body: bytes, content_type: str | None, handling: str | None, binary_types: MediaTypes
) -> Payload:
    """The client's body for the integration; without a `handling` it is not converted."""
    binary = binary_types.match_content_type(content_type)
    return _converted(body, binary, handling == _TO_BINARY if handling else binary)


def response_payload(
    body: bytes,
    content_type: str | None,
    accept: str | None,
    handling: str | None,
    binary_types: MediaTypes,
) -> Payload:
    """The backend's body for the client; without a `handling`, Accept determines the conversion."""
    binary = binary_types.match_content_type(content_type)
    accepted = handling == _TO_BINARY if handling else binary_types.match_accept(accept)
    return _converted(body, binary, accepted)


def _converted(body: bytes, binary: bool, to_binary: bool) -> Payload:
    if to_binary:
        return Payload(body if binary else _from_base64(body), binary=True)
    return Payload(base64.b64encode(body) if binary else _utf8(body), binary=False)


def _from_base64(text: bytes) -> bytes:
    """The decoded bytes; a 500 if it is not Base64 (recorded on AWS, for example for JSON)."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise GatewayResponseError("API_CONFIGURATION_ERROR") from None


def _utf8(body: bytes) -> bytes:
    """The body read as UTF-8: each wrong sequence becomes U+FFFD (recorded for gzip)."""
    return body if body.isascii() else body.decode(errors="replace").encode()


@lru_cache(maxsize=256)
def preferred_coding(accept_encoding: str) -> str | None:
    """The coding that the client prefers, if that is gzip or deflate, else None.

    "The highest-priority content encoding must be one supported by API Gateway. If it is not,
    compression is not applied." Among equal weights the first counts: the guide's pull request
    32, from a support case, says that a `br` in front, or a malformed header, turns compression
    off. `*` is not an "explicit specification", so it has no effect.
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
    """The body in the coding `name`; equal bodies give equal bytes (no timestamp, no file name)."""
    return zlib.compress(body, _LEVEL, wbits=_FORMATS[name])


def decompressed(body: bytes, content_encoding: str) -> bytes:
    """A request's body without its Content-Encoding; API Gateway decompresses it in any API.

    Raises:
        GatewayResponseError: 415 for another coding or a body with another format, 413 if the
            decompressed body is too large (assumed).
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
