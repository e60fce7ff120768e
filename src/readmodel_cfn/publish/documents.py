"""Documents: checks of their keys and content, and the bytes and headers to store."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from hashlib import md5
from math import isfinite
from typing import TYPE_CHECKING, Any, NoReturn

from readmodel_cfn.levels import is_deeper
from readmodel_cfn.limits import API_PAYLOAD_BYTES, DOCUMENT_LEVELS, OBJECT_KEY_BYTES
from readmodel_cfn.publish.json_syntax import is_json
from readmodel_cfn.publish.results import Fault, InvalidDocuments
from readmodel_cfn.publish.selection import hidden_path

if TYPE_CHECKING:
    from readmodel_cfn.publish.versions import DocumentVersion

CONTENT_TYPE = "application/json"
MAX_BYTES = API_PAYLOAD_BYTES
# What API Gateway, its S3 integration and S3 pass on unchanged; routes allow the same characters.
_SAFE_KEY = re.compile(r"[A-Za-z0-9._/-]+")
_NO_SEGMENTS = {"", ".", ".."}

Serves = Callable[[str], bool]
"""Whether a route serves the key."""
Encode = Callable[[object], str]
"""Encodes a value as JSON text."""
Check = Callable[[Any, str, int], Fault | None]
"""Returns what is wrong with the value of a document, whose source is the second argument."""


@dataclass(frozen=True)
class Settings:
    """How documents are stored.

    Args:
        cache_control: Value of their Cache-Control header.
        gzip: Whether they are compressed.
        encrypted: Whether a KMS key encrypts them. Then their ETags are not MD5s, so
            documents cannot be compared and all are sent.
    """

    cache_control: str = "no-cache"
    gzip: bool = False
    encrypted: bool = False

    def stored(self, body: bytes) -> bytes:
        """The bytes to store; equal documents have equal bytes, and so the same ETag."""
        return _gzipped(body) if self.gzip else body

    @property
    def attributes(self) -> dict[str, str]:
        """The HTTP headers that S3 stores with a document and returns."""
        encoding = {"Content-Encoding": "gzip"} if self.gzip else {}
        return {"Content-Type": CONTENT_TYPE, "Cache-Control": self.cache_control, **encoding}

    @property
    def headers(self) -> dict[str, str]:
        """The headers as arguments of PutObject."""
        return {name.replace("-", ""): value for name, value in self.attributes.items()}


DEFAULT = Settings()
_SYSTEM, _UNKNOWN = 9, 255


def _gzipped(body: bytes) -> bytes:
    """The body compressed, without a time or the system in the header.

    Python versions and systems write different values for the system, byte 9: 255 is unknown
    (https://www.rfc-editor.org/rfc/rfc1952, section 2.3.1). Another zlib may still compress to
    other bytes.
    """
    import gzip

    compressed = bytearray(gzip.compress(body, compresslevel=9, mtime=0))
    compressed[_SYSTEM] = _UNKNOWN
    return bytes(compressed)


@dataclass(frozen=True)
class Document:
    """A document as it is stored under a key; `source` names it in errors.

    One with a version replaces only older ones.
    """

    key: str
    stored: bytes
    source: str
    version: "DocumentVersion | None" = None

    @cached_property
    def md5(self) -> str:
        """MD5 of the bytes: the ETag, if no KMS key encrypts it and it is sent in one part."""
        return md5(self.stored, usedforsecurity=False).hexdigest()


def encoder(default: Callable[[Any], object] | None = None) -> Encode:
    """The function that encodes values as JSON; `default` converts those that JSON does not know.

    `default` does not change how other values are encoded, so their ETags stay the same.
    """
    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=default).encode


def encode(value: object, source: str, encode_value: Encode) -> bytes | Fault:
    """The value as JSON; bytes are JSON already."""
    if isinstance(value, bytes):
        return value
    try:
        return encode_value(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        what = f"value is not JSON serializable: {error}"
        return Fault(source, what, "convert it first, or pass a function as default=")


def check_document(
    body: bytes, source: str, settings: Settings = DEFAULT, check: Check | None = None
) -> None:
    """Check that a document may be published; `source` names it in errors.

    Raises:
        ConfigError: it is not JSON in UTF-8 (RFC 8259), is larger than API Gateway's limit, or
            does not fit a schema that `check` has.
    """
    stored = settings.stored(body) if len(body) > MAX_BYTES else body
    refuse(body_fault(body, stored, source, check))


def refuse(fault: Fault | None) -> None:
    """Raise a fault as an error.

    Raises:
        InvalidDocuments: there is one.
    """
    if fault:
        raise InvalidDocuments(fault)


def key_fault(key: str, source: str, serves: Serves | None = None) -> Fault | None:
    """What is wrong with a key: its characters, or that no route serves it."""
    if not _SAFE_KEY.fullmatch(key):
        return Fault(source, f"the key {key!r} is unsafe", "use only A-Z a-z 0-9 . _ - and /")
    if len(key) > OBJECT_KEY_BYTES:
        return Fault(source, f"the key has more than {OBJECT_KEY_BYTES} bytes", "shorten it")
    if not _NO_SEGMENTS.isdisjoint(key.split("/")):
        return Fault(source, f"the key {key!r} has a segment that is empty, . or ..", "rename it")
    if serves and not serves(key):
        return Fault(source, f"no route serves the key {key!r}", unserved_hint(key))
    return None


def unserved_hint(key: str) -> str:
    """What to do about a key that no route serves."""
    if hidden_path(key):
        return (
            "rename it, or write the name in a route's key: a {parameter} does not match names "
            "that begin with a dot"
        )
    return "add a route, or rename it"


def body_fault(body: bytes, stored: bytes, source: str, check: Check | None = None) -> Fault | None:
    """What is wrong with a document: its size as stored, or that it is not JSON (RFC 8259).

    The value of a document that is JSON is given to `check`.
    """
    if len(stored) > MAX_BYTES:
        return too_large(len(stored), source)
    if check is None and is_json(body):
        return None
    decoder = _NUMBERS if check else _DECODER
    try:
        value = decoder.decode(body.decode("utf-8"))
    except RecursionError:
        return _too_deep(source)
    except ValueError as error:
        what = str(error)
        if body.startswith(BOM_UTF8):
            what = "it begins with a byte order mark, which JSON must not"
        return Fault(source, f"not JSON: {what}", "correct it: the document must be valid JSON")
    if body.count(b"[") + body.count(b"{") > DOCUMENT_LEVELS and is_deeper(value, DOCUMENT_LEVELS):
        return _too_deep(source)
    return check(value, source, len(body)) if check else None


def _too_deep(source: str) -> Fault:
    what = f"lists and objects are nested in more than {DOCUMENT_LEVELS} levels"
    return Fault(source, what, "use fewer levels")


def too_large(size: int, source: str) -> Fault:
    """The fault of a document that exceeds API Gateway's payload limit."""
    what = f"{size:,} bytes are more than the {MAX_BYTES:,} that API Gateway can return"
    return Fault(source, what, "split it into several documents")


def decoded(body: bytes) -> Any:
    """The value of a document that is JSON; a number that Python cannot represent is a Decimal.

    Raises:
        RecursionError: it is nested too deeply.
    """
    return _NUMBERS.decode(body.decode())


def _refuse_constant(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads but browsers do not."""
    raise ValueError(f"{constant} is not a JSON value")


# parse_int: Python's int refuses numbers of more than 4300 digits; JSON allows them.
_DECODER = json.JSONDecoder(parse_int=str, parse_constant=_refuse_constant)


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < _DIGITS else Decimal(text)


def _number(text: str) -> float | Decimal:
    number = float(text)
    if isfinite(number):
        return number
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError("the exponent of a number is too large for a schema") from error


_DIGITS = 4300  # Python's int reads no more
# The same documents, with numbers as values.
_NUMBERS = json.JSONDecoder(
    parse_int=_integer, parse_float=_number, parse_constant=_refuse_constant
)
