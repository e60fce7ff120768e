"""Put a document only if its version is newer than the stored one.

The stored version is read with HeadObject, and the put has If-Match with the ETag that was read, or
If-None-Match for a new key. If another writer was first, S3 answers 412, and both are repeated.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html

This module needs neither boto3 nor what the command line needs, so a Lambda function can use it.
"""

import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import md5
from typing import Protocol

from readmodel_cfn.errors import LostRace
from readmodel_cfn.publish.object_errors import Busy, Denied, Exists
from readmodel_cfn.publish.objects import Put, Stored
from readmodel_cfn.publish.results import Sent, StaleVersion, Unchanged, VersionConflict
from readmodel_cfn.publish.versions import (
    METADATA,
    DocumentVersion,
    is_unpublished,
    metadata,
    version_of_text,
)

ATTEMPTS = 20
"""How often a document is read and put while other writers are first."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0  # seconds, of which a random part is waited
_BUSY_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds between attempts while S3 is overloaded
_ENCODING = "Content-Encoding"
_START_AGAIN = "use one kind of version for a key; to start again, unpublish it without a version"

Outcome = Sent | Unchanged | StaleVersion | VersionConflict
"""What became of one document."""


class ConditionalObjects(Protocol):
    """The part of `Objects` that is used here."""

    def stored(self, key: str) -> Stored | None:
        """The object with this key, without its body."""

    def body(self, key: str, etag: str) -> bytes:
        """The bytes of the object with this ETag; Exists if there is no such object any more."""

    def put_if(self, key: str, body: bytes, headers: Mapping[str, str], etag: str | None) -> Put:
        """Put an object over the one with this ETag; with None, if the key is new."""


def publish_newer(
    objects: ConditionalObjects,
    key: str,
    body: bytes,
    headers: Mapping[str, str],
    version: DocumentVersion,
    *,
    unpublished: bool = False,
    force: bool = False,
    pause: Callable[[float], object] = time.sleep,
) -> Outcome:
    """`put_newer` for a single document: it is repeated while S3 is overloaded.

    Raises:
        LostRace: other writers were first in each attempt; nothing was put.
        Denied: s3:GetObject or s3:PutObject is not granted.
        Busy: S3 stays overloaded; nothing was put.
        Unfinished: S3 stays overloaded; the document may be stored.
    """
    put = partial(put_newer, objects, key, body, headers, version)
    pauses, may_be_put = iter(_BUSY_PAUSES), False
    while True:
        try:
            return put(unpublished=unpublished, force=force, pause=pause)
        except Busy as error:
            may_be_put = may_be_put or error.may_be_put
            seconds = next(pauses, None)
            if seconds is None:
                raise error.after_retries(key, may_be_put=may_be_put) from error
            pause(seconds * random.uniform(0.5, 1.5))  # noqa: S311


def put_newer(
    objects: ConditionalObjects,
    key: str,
    body: bytes,
    headers: Mapping[str, str],
    version: DocumentVersion,
    *,
    unpublished: bool = False,
    force: bool = False,
    pause: Callable[[float], object] = time.sleep,
) -> Outcome:
    """Put a document unless a newer one is stored, and return what became of it.

    A document that is stored without a version is older than any. An equal version is unchanged if
    the document is the same, and else a conflict.

    Args:
        objects: The bucket.
        key: The key.
        body: The bytes to store: `settings.stored(marked(json, version))`.
        headers: The headers to store, without the version.
        version: The version of the document.
        unpublished: Whether the document stands for one that was unpublished.
        force: Also put an equal version with the same bytes.
        pause: Waits for so many seconds before the next attempt.

    Raises:
        LostRace: other writers were first in each attempt; nothing was put.
        Denied: s3:GetObject or s3:PutObject is not granted.
        Busy: S3 is overloaded, or the connection was lost; the document may be stored.
    """
    all_headers = {**headers, **metadata(version, unpublished=unpublished)}
    denied: Denied | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
            pause(random.uniform(0, longest))  # noqa: S311
        try:
            found = objects.stored(key)
        except Denied as error:
            # Without s3:ListBucket S3 answers 403 instead of 404 for a key that does not exist. If
            # the key is not new either, reading it is not allowed.
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
            if denied:
                hint = 'allow s3:GetObject: "compare" under [writer] allow'
                raise Denied(error.what, where=error.where, hint=hint) from error
            found, denied = None, error
        try:
            done = found and _unless_newer(objects, key, body, headers, version, unpublished, found)
            if done and not (force and isinstance(done, Unchanged)):
                return done
            put = objects.put_if(key, body, all_headers, found.etag if found else None)
        except Exists:
            continue
        return Sent(key, f'"{put.etag}"', len(body), put.version)
    what = f"other writers changed it during all {ATTEMPTS} attempts; it was not published"
    raise LostRace(what, where=key, hint="publish it again")


def _unless_newer(
    objects: ConditionalObjects,
    key: str,
    body: bytes,
    headers: Mapping[str, str],
    version: DocumentVersion,
    unpublished: bool,
    found: Stored,
) -> Outcome | None:
    """What becomes of a document that is not to be put; None if it is.

    Raises:
        Exists: another writer has changed the stored one.
    """
    text = found.headers.get(METADATA)
    if text is None:
        return None
    stored = version_of_text(text)
    if stored is None or not version.is_comparable(stored):
        what = f"version {version} cannot be compared with the stored version {text}"
        return VersionConflict(key, what, _START_AGAIN)
    if version.is_newer(stored):
        return None
    if stored.is_newer(version):
        return StaleVersion(key, str(version), str(stored), f'"{found.etag}"')
    same = is_unpublished(found.headers) is unpublished
    if not same or not _is_same(objects, key, body, headers, found):
        what = f"version {version} is stored with another content"
        return VersionConflict(key, what, "give each change a version of its own")
    if any(found.headers.get(name) != headers.get(name) for name in {*headers, _ENCODING}):
        return None  # such as another Cache-Control
    return Unchanged(key, f'"{found.etag}"')


def _is_same(
    objects: ConditionalObjects, key: str, body: bytes, headers: Mapping[str, str], found: Stored
) -> bool:
    """Whether the stored document is equal; the ETag says so, unless a KMS key encrypts it.

    Another zlib, or another setting of gzip, stores the same document as other bytes.
    """
    if found.etag == md5(body, usedforsecurity=False).hexdigest():
        return True
    stored = objects.body(key, found.etag)
    return stored == body or _plain(stored, found.headers) == _plain(body, headers)


def _plain(stored: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes that readers get; as they are stored, if they cannot be decompressed."""
    if headers.get(_ENCODING) != "gzip":
        return stored
    import gzip
    import zlib

    try:
        return gzip.decompress(stored)
    except (OSError, EOFError, zlib.error):
        return stored
