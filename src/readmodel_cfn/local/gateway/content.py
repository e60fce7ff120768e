"""Content handling: bodies as text or bytes, converted between both by Base64.

From the tables in the developer guide, "Content type conversions in API Gateway", and the answers
of AWS that LocalStack recorded for each of their rows (S3 behind an integration of type AWS).
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from .failures import GatewayResponseError

_TO_BINARY = "CONVERT_TO_BINARY"  # the other handling is CONVERT_TO_TEXT


@dataclass(frozen=True, slots=True)
class Payload:
    """A body, and whether API Gateway holds it as bytes, which no template can read."""

    body: bytes
    binary: bool


@dataclass(frozen=True, slots=True)
class MediaTypes:
    """An API's binaryMediaTypes: exact ones, `image/*`, or `*/*` for all."""

    types: frozenset[str]

    @classmethod
    def of(cls, types: Iterable[str]) -> Self:
        """The listed types; case does not count (assumed)."""
        return cls(frozenset(media_type.strip().lower() for media_type in types))

    def match(self, header: str | None) -> bool:
        """Whether a Content-Type or Accept names a binary type.

        Of several types in an Accept only the first counts. A request without the header counts as
        `application/json`: with `*/*` its empty body is binary ("Unable to transform request", in
        public reports of failing preflights). That this holds for Accept too, and for a backend
        that sends no Content-Type, is assumed.
        """
        if not self.types:
            return False
        if "*/*" in self.types:
            return True
        first = (header or "application/json").partition(",")[0]
        media_type = first.partition(";")[0].strip().lower()
        return media_type in self.types or f"{media_type.partition('/')[0]}/*" in self.types


def of_request(
    body: bytes, content_type: str | None, handling: str | None, binary_types: MediaTypes
) -> Payload:
    """The client's body for the integration: without a handling it stays what it is."""
    binary = binary_types.match(content_type)
    return _converted(body, binary, handling == _TO_BINARY if handling else binary)


def of_response(
    body: bytes,
    content_type: str | None,
    accept: str | None,
    handling: str | None,
    binary_types: MediaTypes,
) -> Payload:
    """The backend's body for the client: without a handling, Accept tells what it becomes."""
    binary = binary_types.match(content_type)
    return _converted(
        body, binary, handling == _TO_BINARY if handling else binary_types.match(accept)
    )


def _converted(body: bytes, binary: bool, to_binary: bool) -> Payload:
    if to_binary:
        return Payload(body if binary else _from_base64(body), binary=True)
    return Payload(base64.b64encode(body) if binary else _utf8(body), binary=False)


def _from_base64(text: bytes) -> bytes:
    """The bytes; a text that is no Base64 is a 500 (recorded, e.g. for any JSON)."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise GatewayResponseError("API_CONFIGURATION_ERROR") from None


def _utf8(body: bytes) -> bytes:
    """The body read as UTF-8: each wrong sequence becomes U+FFFD (recorded for gzip)."""
    return body if body.isascii() else body.decode(errors="replace").encode()
