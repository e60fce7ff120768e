"""Versions of documents: what may be one, how two compare, and where S3 stores them.

A version is a whole number, or a time of RFC 3339 with its offset. S3 stores it as metadata of the
object. newer.py writes a document only if its version is newer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

METADATA = "readmodel-version"
"""The metadata of an object that has the version: the header `x-amz-meta-readmodel-version`."""
UNPUBLISHED = "readmodel-unpublished"
"""The metadata of an object that stands for a document that was unpublished with a version."""
ALLOWED = "a whole number, or a time with its offset such as 2026-01-31T12:00:00Z"
"""What a version may be, in words."""

DIGITS = 64  # of a number: those of Kinesis have 56
_NUMBER = re.compile(rf"-?\d{{1,{DIGITS}}}", re.ASCII)
# https://www.rfc-editor.org/rfc/rfc3339#section-5.6
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d{1,30}))?"
    r"([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_WHITE_SPACE = b" \t\n\r"  # that JSON allows after a value


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A version: a number, or a time as text, in UTC and without zeros at its end."""

    value: int | str

    def __str__(self) -> str:
        return str(self.value)

    def is_comparable(self, other: "DocumentVersion") -> bool:
        """Whether both are numbers, or both are times."""
        return type(self.value) is type(other.value)

    def is_newer(self, other: "DocumentVersion") -> bool:
        """Whether this is the newer one of two that are comparable."""
        if isinstance(self.value, int) and isinstance(other.value, int):
            return self.value > other.value
        return _parts(str(self.value)) > _parts(str(other.value))


def _parts(time: str) -> tuple[str, str]:
    """The whole seconds and the fraction, which compare as text."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return seconds, fraction


def version_of(value: object) -> DocumentVersion | None:
    """The version that is a number or text in Python or JSON; None if it may not be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return DocumentVersion(value) if abs(value) < 10**DIGITS else None
    return _time(value) if isinstance(value, str) else None


def version_of_text(text: str) -> DocumentVersion | None:
    """The version in metadata, where a number is text."""
    return DocumentVersion(int(text)) if _NUMBER.fullmatch(text) else _time(text)


def is_unpublished(headers: Mapping[str, str]) -> bool:
    """Whether the object stands for a document that was unpublished with a version."""
    return UNPUBLISHED in headers


def metadata(version: DocumentVersion, *, unpublished: bool = False) -> dict[str, str]:
    """The metadata to store with a document."""
    return {METADATA: str(version), **({UNPUBLISHED: "true"} if unpublished else {})}


def _time(text: str) -> DocumentVersion | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    date, minute, second, fraction, offset = found.groups()
    is_leap = second == "60"  # counts as the first second of the next minute
    second = "59" if is_leap else second
    try:
        local = datetime.fromisoformat(f"{date}T{minute}:{second}{_iso(offset)}")
        utc = (local + timedelta(seconds=is_leap)).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):  # there is no such day, or no such year in UTC
        return None
    digits = (fraction or "").rstrip("0")
    return DocumentVersion(f"{utc.isoformat()}{'.' * bool(digits)}{digits}Z")


def _iso(offset: str) -> str:
    return "+00:00" if offset in "Zz" else offset


def marked(body: bytes, version: DocumentVersion) -> bytes:
    """The JSON with white space at its end that differs for each version.

    An ETag depends on the bytes alone. Without the white space, the same document with two versions
    would have one ETag, and a put with If-Match could replace the newer one of both by a version
    that is between them.
    """
    digest = sha256(str(version).encode()).digest()[:8]
    spaces = (_WHITE_SPACE[byte >> shift & 3] for byte in digest for shift in (0, 2, 4, 6))
    return body + bytes(spaces)
