"""S3's responses to reads of an object: headers, conditions, byte ranges and errors.

Conditions are evaluated in the order of RFC 9110, 13.2.2, as S3 does: If-Match has precedence over
If-Unmodified-Since, and If-None-Match over If-Modified-Since
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
Errors are XML, without a body for HEAD
(https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import cache
from html import escape

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.gateway import S3Request, S3Response
from readmodel_cfn.local.serve.source import Storage

_JSON = "application/json"
_TAG = re.compile(r'(W/)?"([^"]*)"|([^\s,"]+)')
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_MODIFIED = ("etag", "last-modified", "cache-control")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as S3 stores it; `modified` is in seconds since the epoch."""

    body: bytes
    etag: str
    modified: int
    headers: Mapping[str, str]


def store(key: str, document: bytes, modified: int, storage: Storage) -> StoredObject:
    """The object that publishing creates for a document."""
    body = storage.encode(document)
    # The ETag of a single-part upload with SSE-S3 or without encryption.
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    headers = {
        **storage.headers,
        "accept-ranges": "bytes",
        "content-length": str(len(body)),
        "content-type": content_type(key),
        "etag": etag,
        "last-modified": formatdate(modified, usegmt=True),
    }
    return StoredObject(body, etag, modified, headers)


def content_type(key: str) -> str:
    """The Content-Type for the key's suffix, by default `application/json`."""
    _, dot, suffix = key.rpartition("/")[2].rpartition(".")
    return (_suffixes().get(f".{suffix}".lower()) if dot else None) or _JSON


@cache
def _suffixes() -> Mapping[str, str]:
    """Python's built-in table, without the machine's table, which differs between machines."""
    from mimetypes import MimeTypes

    return MimeTypes().types_map[True]


def publish_error(key: str, document: bytes, storage: Storage, file: str) -> str | None:
    """Why publishing would reject the document, in one line with the file's name, or None."""
    if content_type(key) != _JSON:
        return None
    try:
        storage.check(document, file)
    except ConfigError as error:
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class S3Error:
    """An error of S3: status, code and message."""

    status: int
    code: str
    message: str


ACCESS_DENIED = S3Error(403, "AccessDenied", "Access Denied")
NO_SUCH_KEY = S3Error(404, "NoSuchKey", "The specified key does not exist.")
NOT_ALLOWED = S3Error(
    405, "MethodNotAllowed", "The specified method is not allowed against this resource."
)
PRECONDITION_FAILED = S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
)
INVALID_RANGE = S3Error(416, "InvalidRange", "The requested range is not satisfiable")


def error_response(error: S3Error, request: S3Request) -> S3Response:
    """S3's response with the error."""
    headers = {"content-type": "application/xml"}
    if request.method == "HEAD":
        return S3Response(error.status, headers, b"")
    key = f"<Key>{escape(request.key)}</Key>" if error is NO_SUCH_KEY else ""
    text = f"<Code>{error.code}</Code><Message>{error.message}</Message>{key}"
    return S3Response(error.status, headers, f"{_XML}<Error>{text}</Error>".encode())


def read(stored: StoredObject, request: S3Request) -> S3Response:
    """S3's response to GET or HEAD of an existing object."""
    status = condition_status(request.headers, stored.etag, stored.modified)
    if status == 412:
        return error_response(PRECONDITION_FAILED, request)
    if status == 304:
        kept = {name: stored.headers[name] for name in _NOT_MODIFIED if name in stored.headers}
        return S3Response(304, kept, b"")
    header = request.headers.get("range")
    part = requested_range(header, len(stored.body)) if header else None
    if part is None:
        return S3Response(200, stored.headers, _body(stored.body, request))
    return _part(stored, part, request)


def _part(stored: StoredObject, part: range, request: S3Request) -> S3Response:
    if not part:
        return error_response(INVALID_RANGE, request)
    headers = {
        **stored.headers,
        "content-length": str(len(part)),
        "content-range": f"bytes {part[0]}-{part[-1]}/{len(stored.body)}",
    }
    return S3Response(206, headers, _body(stored.body[part.start : part.stop], request))


def _body(body: bytes, request: S3Request) -> bytes:
    return b"" if request.method == "HEAD" else body


def condition_status(headers: Mapping[str, str], etag: str, modified: int) -> int:
    """200, 304 or 412, from a request's headers (lower case); `modified` is in seconds."""
    if (tags := headers.get("if-match")) is not None:
        if not _matches(tags, etag, weakly=False):
            return 412
    elif (then := _seconds(headers.get("if-unmodified-since"))) is not None and modified > then:
        return 412
    if (tags := headers.get("if-none-match")) is not None:
        return 304 if _matches(tags, etag, weakly=True) else 200
    then = _seconds(headers.get("if-modified-since"))
    return 304 if then is not None and modified <= then else 200


def _matches(tags: str, etag: str, *, weakly: bool) -> bool:
    """Whether the list has the ETag; S3 also accepts ETags without quotes."""
    if tags.strip() == "*":
        return True
    own = etag.strip('"')
    return any(
        own in (quoted, bare) and (weakly or not weak) for weak, quoted, bare in _TAG.findall(tags)
    )


def _seconds(date: str | None) -> int | None:
    """An HTTP date in seconds; an invalid one is ignored, as RFC 9110 says."""
    if date is None:
        return None
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    return int((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp())


def requested_range(header: str, size: int) -> range | None:
    """The bytes of `size` that a Range header requests; an empty range cannot be satisfied.

    None means the whole object, which S3 returns for a header that is not a single range (RFC 9110,
    14.2).
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)
