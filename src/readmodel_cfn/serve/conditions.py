"""Conditional requests: what a condition makes of a read of an object that is there.

In the order of RFC 9110, 13.2.2, which is S3's too: If-Match wins over If-Unmodified-Since, and
If-None-Match over If-Modified-Since
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_TAG = re.compile(r'(W/)?"([^"]*)"|([^\s,"]+)')


def status(headers: Mapping[str, str], etag: str, modified: int) -> int:
    """200, 304 or 412 for a request's headers (lower case); `modified` is in seconds."""
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
    """Is the ETag among the listed ones? S3 takes them without their quotes too."""
    if tags.strip() == "*":
        return True
    own = etag.strip('"')
    return any(
        own in (quoted, bare) and (weakly or not weak) for weak, quoted, bare in _TAG.findall(tags)
    )


def _seconds(date: str | None) -> int | None:
    """An HTTP date in seconds; one that cannot be read is passed over, as RFC 9110 has it."""
    if date is None:
        return None
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return None
    return int((then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp())
