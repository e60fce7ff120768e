"""Comparison: what a bucket has already, with the headers it should have, or why nobody can tell.

A listing tells no headers, so some objects are asked for theirs.
"""

import math
from collections.abc import Mapping
from struct import pack, unpack

from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.sync import Keyed, Sample, right_since

_GRANTS = "under [writer] allow grants it"
NO_LIST = f'all are sent, since the bucket may not be listed: "list" {_GRANTS}'
NO_HEAD = f'all are sent, since no headers may be read to compare: "compare" {_GRANTS}'
OTHER_HEADERS = "what was published with other headers is sent again"
ENCRYPTED = "all are sent, since ETags are no MD5s where a KMS key encrypts"
UNLIKE = "what is unchanged cannot be told here, since the ETags are no MD5s: a KMS key?"
_COMPARED = ("Content-Type", "Cache-Control", "Content-Encoding")
_MD5_LENGTH = 32  # hexadecimal digits; an ETag of an upload in parts has more


class Known:
    """What a bucket has, by key: 16 bytes of MD5 and 8 of time each, to be small."""

    def __init__(self) -> None:
        self._marks: dict[str, bytes] = {}
        self.since = -math.inf

    def add(self, one: Listed) -> None:
        """Take an object into account, where its ETag may be an MD5."""
        if len(one.etag) == _MD5_LENGTH:
            self._marks[one.key] = bytes.fromhex(one.etag) + pack("d", one.modified.timestamp())

    def has(self, document: Keyed) -> bool:
        """Is the document there, the same, and with the right headers?"""
        mark = self._marks.get(document.key)
        if mark is None or mark[:16].hex() != document.md5:
            return False
        modified: float = unpack("d", mark[16:])[0]
        return modified >= self.since


def known(objects: Objects, headers: Mapping[str, str], prefix: str) -> tuple[Known, str | None]:
    """What the bucket has below the prefix, and what is to be said about it."""
    found, sample = Known(), Sample()
    try:
        for one in objects.listed(prefix):
            found.add(one)
            sample.add(one)
    except Denied:
        return Known(), NO_LIST
    found.since, why = trusted_since(objects, sample, headers)
    return found, why


def trusted_since(
    objects: Objects, sample: Sample, headers: Mapping[str, str]
) -> tuple[float, str | None]:
    """From when on objects have these headers, POSIX seconds, and what is to be said about it."""
    wanted = [headers.get(name) for name in _COMPARED]

    def is_right(one: Listed) -> bool:
        found = objects.headers(one.key)
        return found is None or [found.get(name) for name in _COMPARED] == wanted

    try:
        since = right_since(sample, is_right)
    except Denied:
        return math.inf, NO_HEAD
    return since, OTHER_HEADERS if since > -math.inf else None
