"""Racing: put a document only where no other writer was first.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_refusal,
    readable_answers,
    was_retried,
)
from readmodel_cfn.errors import LostRace
from readmodel_cfn.publish.publish import DEFAULT, Published, Settings, put

_CONFLICT = "ConditionalRequestConflict"  # two wrote at once
_LOST = {_CONFLICT, "PreconditionFailed", "NoSuchKey"}


def put_first(
    s3: Any,
    bucket: str,
    key: str,
    body: bytes,
    settings: Settings = DEFAULT,
    *,
    if_match: str | None = None,
) -> Published:
    """Put the document over the one that has this ETag; with None only where there is none.

    Raises:
        LostRace: another writer was first; nothing was changed.
    """
    condition = {"IfNoneMatch": "*"} if if_match is None else {"IfMatch": _quoted(if_match)}
    try:
        return _settled(partial(put, s3, bucket, key, body, settings, **condition))
    except aws_errors() as error:
        if not is_refusal(error) or error_code(error) not in _LOST:
            raise
        found = _look(s3, bucket, key)
        # Where an answer was lost, the second try meets what the first has put.
        if found and was_retried(error) and found.etag == _etag(settings.stored(body)):
            return found
        raise _lost(found, f"{bucket}/{key}", if_match) from error


def _settled(attempt: Callable[[], Published]) -> Published:
    """Once more where two wrote at once: then one of them is there."""
    try:
        return attempt()
    except aws_errors() as error:
        if not is_refusal(error) or error_code(error) != _CONFLICT:
            raise
        return attempt()


def _look(s3: Any, bucket: str, key: str) -> Published | None:
    """What is there now; None where nothing is, or nobody may look."""
    try:
        with readable_answers("head_object"):
            found = s3.head_object(Bucket=bucket, Key=key)
            etag, version = found["ETag"], found.get("VersionId")
            return Published(bucket, key, etag, version, found["ContentLength"])
    except aws_errors() as error:
        if not is_refusal(error):
            raise
        return None


def _lost(found: Published | None, where: str, if_match: str | None) -> LostRace:
    now = f"; its ETag is {found.etag}" if found else ""
    if if_match is None:
        return LostRace(f"there is a document already{now}", where=where)
    hint = "read it again, and publish what follows from it"
    return LostRace(
        f"another writer was first{now}" if found else "it is gone", where=where, hint=hint
    )


def _etag(stored: bytes) -> str:
    return _quoted(hashlib.md5(stored, usedforsecurity=False).hexdigest())


def _quoted(etag: str) -> str:
    return '"' + etag.strip('"') + '"'
