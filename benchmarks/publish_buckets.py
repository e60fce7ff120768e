"""Buckets in memory that answer as S3 does, as far as clients that publish ask.

Listings (version 2, pages, prefix, delimiter), GET, HEAD, PUT with If-Match and If-None-Match,
DELETE of one key or many; path style, no versions, no signatures. What is sent is held against the
checksums that were sent with it, and an ETag is the MD5 of the content, as it is on S3.
"""

import base64
import hashlib
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

Headers = Mapping[str, str]
_KEPT = ("content-type", "cache-control", "content-encoding", "content-disposition")
_PAGE = 1000


class Answer(NamedTuple):
    """An HTTP answer; `length` is the body's where HEAD leaves it out."""

    status: int
    body: bytes = b""
    headers: Headers = MappingProxyType({})
    length: int | None = None


class Stored(NamedTuple):
    """An object; the ETag has its quotes."""

    body: bytes
    etag: str
    time: datetime
    headers: Headers


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        self.answer = Answer(status, body, {"content-type": "application/xml"})


class Bucket:
    """Objects by key, and their keys in order."""

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self._ordered: list[str] | None = []

    def put(self, key: str, stored: Stored) -> None:
        """Keep an object."""
        if key not in self.objects:
            self._ordered = None
        self.objects[key] = stored

    def drop(self, key: str) -> None:
        """Delete an object, where there is one."""
        if self.objects.pop(key, None):
            self._ordered = None

    def after(self, key: str) -> Iterator[str]:
        """The keys behind a key, in S3's order, which is that of their bytes."""
        if self._ordered is None:
            self._ordered = sorted(self.objects)
        ordered = self._ordered
        return (ordered[at] for at in range(bisect_right(ordered, key), len(ordered)))


class Buckets:
    """All of them; each is made when it is first written to."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """What S3 answers."""
        path, _, query = target.partition("?")
        name, _, key = unquote(path[1:]).partition("/")
        try:
            if key:
                return self._object(method, name, key, headers, body)
            return self._bucket(method, name, parse_qs(query, keep_blank_values=True), body)
        except Refused as refused:
            return refused.answer

    def _bucket(self, method: str, name: str, query: dict[str, list[str]], body: bytes) -> Answer:
        asked = {word: values[0] for word, values in query.items()}
        if method == "PUT":
            self._buckets.setdefault(name, Bucket())
            return Answer(200)
        bucket = self._there(name)
        if method == "HEAD":
            return Answer(200)
        if method == "GET" and asked.get("list-type") == "2":
            return _listing(name, bucket, asked)
        if method == "POST" and "delete" in asked:
            return _deletions(bucket, body)
        if method == "DELETE":
            del self._buckets[name]
            return Answer(204)
        raise Refused(501, "NotImplemented")

    def _object(self, method: str, name: str, key: str, headers: Headers, body: bytes) -> Answer:
        if method == "PUT":
            bucket = self._buckets.setdefault(name, Bucket())
            return _put(bucket, key, headers, body)
        bucket = self._there(name)
        if method == "DELETE":
            bucket.drop(key)
            return Answer(204)
        if key not in bucket.objects:
            raise Refused(404, "NoSuchKey")
        return _found(bucket.objects[key], method)

    def _there(self, name: str) -> Bucket:
        if name not in self._buckets:
            raise Refused(404, "NoSuchBucket")
        return self._buckets[name]


def _put(bucket: Bucket, key: str, headers: Headers, body: bytes) -> Answer:
    old = bucket.objects.get(key)
    if headers.get("if-none-match") == "*" and old:
        raise Refused(412, "PreconditionFailed")
    if (asked := headers.get("if-match")) and (not old or asked.strip('"') != old.etag[1:-1]):
        raise Refused(412 if old else 404, "PreconditionFailed" if old else "NoSuchKey")
    digest = hashlib.md5(body)  # noqa: S324 - S3's ETag
    _check(headers, body, digest.digest())
    etag = f'"{digest.hexdigest()}"'
    kept = {k: v for k, v in headers.items() if k in _KEPT or k.startswith("x-amz-meta-")}
    bucket.put(key, Stored(body, etag, datetime.now(UTC), kept))
    return Answer(200, headers={"etag": etag})


def _check(headers: Headers, body: bytes, md5: bytes) -> None:
    """Refuse a body that has not the checksums that came with it."""
    if (sent := headers.get("content-md5")) and base64.b64decode(sent) != md5:
        raise Refused(400, "BadDigest")
    if sent := headers.get("x-amz-checksum-sha256"):
        _same(sent, hashlib.sha256(body).digest())
    if sent := headers.get("x-amz-checksum-crc32"):
        _same(sent, zlib.crc32(body).to_bytes(4, "big"))


def _same(sent: str, made: bytes) -> None:
    if base64.b64decode(sent) != made:
        raise Refused(400, "BadDigest")


def _found(stored: Stored, method: str) -> Answer:
    told = {"etag": stored.etag, "last-modified": format_datetime(stored.time, usegmt=True)}
    body = b"" if method == "HEAD" else stored.body
    return Answer(200, body, {**stored.headers, **told}, len(stored.body))


def _deletions(bucket: Bucket, body: bytes) -> Answer:
    for one in ElementTree.fromstring(body).iter():  # noqa: S314 - of a client of ours
        if one.tag.endswith("Key") and one.text:
            bucket.drop(one.text)
    return Answer(200, b"<DeleteResult/>", {"content-type": "application/xml"})


def _listing(name: str, bucket: Bucket, asked: Mapping[str, str]) -> Answer:
    """A page; the token of the next one is the last key, or common prefix, of this."""
    prefix, most = asked.get("prefix", ""), min(int(asked.get("max-keys", _PAGE)), _PAGE)
    place = asked.get("continuation-token") or asked.get("start-after", "")
    encoded = asked.get("encoding-type") == "url"
    told, encoding = (quote, "<EncodingType>url</EncodingType>") if encoded else (escape, "")
    entries: list[str] = []
    last, more = place, False
    for one in _entries(bucket, prefix, asked.get("delimiter", ""), place):
        if len(entries) == most:
            more = True
            break
        last = one
        entries.append(_entry(bucket.objects.get(one), told(one)))
    token = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>" if more else ""
    body = (
        f"<ListBucketResult><Name>{name}</Name><Prefix>{told(prefix)}</Prefix>"
        f"{encoding}<KeyCount>{len(entries)}</KeyCount><MaxKeys>{most}</MaxKeys>"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{''.join(entries)}"
        "</ListBucketResult>"
    )
    return Answer(200, body.encode(), {"content-type": "application/xml"})


def _entries(bucket: Bucket, prefix: str, delimiter: str, place: str) -> Iterator[str]:
    """Keys, and common prefixes, each once, which end with the delimiter."""
    seen = place if delimiter and place.endswith(delimiter) else None
    for key in bucket.after(max(place, prefix[:-1])):
        if not key.startswith(prefix):
            if key > prefix:
                return
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        one = key if cut < 0 else key[: cut + len(delimiter)]
        if one != seen:
            yield one
        seen = one if cut >= 0 else None


def _entry(stored: Stored | None, told: str) -> str:
    if stored is None:
        return f"<CommonPrefixes><Prefix>{told}</Prefix></CommonPrefixes>"
    time = f"{stored.time:%Y-%m-%dT%H:%M:%S}.{stored.time.microsecond // 1000:03}Z"
    return (
        f"<Contents><Key>{told}</Key><LastModified>{time}</LastModified>"
        f"<ETag>&quot;{stored.etag[1:-1]}&quot;</ETag><Size>{len(stored.body)}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )
