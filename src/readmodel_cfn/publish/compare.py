"""Compare documents with the objects in a bucket, by one listing of it.

An object is unchanged if its ETag is the MD5 of what would be sent. The ETag is an MD5 only if the
object is not encrypted with a KMS key and was sent in one part
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html); any other object counts as
changed. A listing has no headers, so the headers of some objects are read.
"""

import math
import os.path
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import attrgetter
from struct import pack, unpack
from typing import NamedTuple, Protocol, TypeVar

from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.spool import Spool
from readmodel_cfn.threads import Stalled, map_in_threads

NO_LIST = (
    'All are sent, because the writer may not list the bucket (s3:ListBucket): add "list" to allow '
    "under [writer]."
)
NO_HEAD = (
    'All are sent, because the writer may not read headers (s3:GetObject): add "compare" to allow '
    "under [writer]."
)
OTHER_HEADERS = "Documents that were published with other headers are sent again."
ENCRYPTED = "All are sent, because ETags are not MD5s: documents are encrypted with a KMS key."
NOT_MD5 = "Unchanged documents cannot be recognized, because ETags are not MD5s, as with a KMS key."
_COMPARED = ("Content-Type", "Cache-Control", "Content-Encoding")
_MD5_LENGTH = 32  # hexadecimal digits; the ETag of a multipart upload has more
_SAMPLE = 60  # objects, besides the oldest and the newest
_AT_ONCE = 8  # headers that are read at the same time


class HasKey(Protocol):
    """Something with a key."""

    @property
    def key(self) -> str:
        """The key."""


class Keyed(HasKey, Protocol):
    """Something with a key, and the MD5 of what would be stored under it."""

    @property
    def md5(self) -> str:
        """The MD5, in hexadecimal digits."""


Local = TypeVar("Local", bound=Keyed)
Stored = TypeVar("Stored", bound=HasKey)


class Checked(NamedTuple):
    """A file that was checked, and the MD5 of what would be stored for it."""

    key: str
    source: str
    md5: str


class Difference:
    """The documents to send and the keys to delete, on disk.

    `send` has rows of Checked, `missing` rows of a key and its listed ETag; `close` deletes them.
    `found` counts the documents that the bucket has.
    """

    def __init__(self) -> None:
        self.send, self.missing, self._same = Spool(), Spool(), Spool()
        self.unchanged, self.found, self._sample = 0, 0, Sample()

    def clear(self) -> None:
        """Forget everything."""
        for spool in (self.send, self.missing, self._same):
            spool.clear()
        self.unchanged, self.found, self._sample = 0, 0, Sample()

    def close(self) -> None:
        """Delete the rows."""
        for spool in (self.send, self.missing, self._same):
            spool.close()

    def send_all(self, checked: Iterable[Checked]) -> None:
        """Send all documents, without comparing them."""
        self.send.clear()
        for file in checked:
            self.send.add(*file)

    def find(
        self,
        checked: Iterable[Checked],
        listed: Iterable[Listed],
        deletes: Callable[[str], bool] | None,
    ) -> None:
        """Compare what was checked with the bucket's objects, both sorted by key.

        A key that was not checked is missing if `deletes` returns True for it. It may be called for
        one range of keys after the other.
        """
        for file, found in merge_by_key(checked, listed):
            if file is None:
                if deletes and found and deletes(found.key):
                    self.missing.add(found.key, found.etag)
                continue
            self.found += found is not None
            if found and found.etag == file.md5:
                self._same.add(*file, found.modified.timestamp())
                self._sample.add(found)
            else:
                self.send.add(*file)

    def compare_headers(self, objects: Objects, headers: Mapping[str, str]) -> str | None:
        """Also send equal documents whose headers differ or are unknown; return a note about it."""
        since, why = headers_since(objects, self._sample, headers)
        for *row, modified in self._same:
            if modified < since:
                self.send.add(*row)
            else:
                self.unchanged += 1
        return why


class Known:
    """The objects of a bucket in memory, by key: 16 bytes for each MD5 and 8 for each time."""

    def __init__(self) -> None:
        self._marks: dict[str, bytes] = {}
        self.since = -math.inf

    def add(self, found: Listed) -> None:
        """Add an object, if its ETag may be an MD5."""
        if len(found.etag) == _MD5_LENGTH:
            mark = bytes.fromhex(found.etag) + pack("d", found.modified.timestamp())
            self._marks[found.key] = mark

    def forget(self, key: str) -> None:
        """The object is about to change."""
        self._marks.pop(key, None)

    def has(self, document: Keyed) -> bool:
        """Whether the bucket has an equal document with the same headers."""
        mark = self._marks.get(document.key)
        if mark is None or mark[:16].hex() != document.md5:
            return False
        modified: float = unpack("d", mark[16:])[0]
        return modified >= self.since


def merge_by_key(
    local: Iterable[Local], listed: Iterable[Stored]
) -> Iterator[tuple[Local | None, Stored | None]]:
    """Pairs with the same key; both inputs are sorted by unique keys, so this needs no memory."""
    locals_, listeds = iter(local), iter(listed)
    file, found = next(locals_, None), next(listeds, None)
    while file or found:
        if found is None or (file and file.key < found.key):
            yield file, None
            file = next(locals_, None)
        elif file is None or found.key < file.key:
            yield None, found
            found = next(listeds, None)
        else:
            yield file, found
            file, found = next(locals_, None), next(listeds, None)


def listing(
    objects: Objects,
    prefixes: Sequence[str],
    *,
    exactly: bool = False,
) -> Iterator[Listed]:
    """The objects whose keys begin with a prefix, sorted by key.

    `exactly` is required if the result decides what is deleted: see Objects.listed. If listing the
    common directory of all prefixes is not allowed, each prefix is listed alone, which the writer's
    policy allows.

    Raises:
        Denied: listing the prefixes is not allowed either.
    """
    below, widest = partial(objects.listed, exactly=exactly), widest_of(prefixes)
    directory = directory_of(widest)
    try:
        yield from below(directory)
    except Denied:
        if widest == [directory]:
            raise
        yield from chain.from_iterable(map(below, widest))


def directory_of(prefixes: Sequence[str]) -> str:
    """The common directory of all prefixes."""
    common = os.path.commonprefix(prefixes)  # noqa: RUF071 - of texts, cut to a directory below
    return common[: common.rfind("/") + 1]


def widest_of(prefixes: Sequence[str]) -> list[str]:
    """The prefixes that do not begin with another one, sorted, so their listings are sorted too."""
    widest: list[str] = []
    for prefix in sorted(prefixes):
        if not widest or not prefix.startswith(widest[-1]):
            widest.append(prefix)
    return widest


@dataclass
class Sample:
    """Some of any number of objects, evenly distributed, always with the oldest and the newest.

    When settings change, everything published before has the old headers and everything after has
    the new ones, so the headers of a few objects show since when they are correct.
    """

    oldest: Listed | None = None
    newest: Listed | None = None
    between: list[Listed] = field(default_factory=list)
    _added: int = 0
    _step: int = 1

    def add(self, found: Listed) -> None:
        """Add an object to the sample if it is due."""
        if self.oldest is None or found.modified < self.oldest.modified:
            self.oldest = found
        if self.newest is None or found.modified >= self.newest.modified:
            self.newest = found
        if self._added % self._step == 0:
            self.between.append(found)
        if len(self.between) > _SAMPLE:
            self.between, self._step = self.between[::2], 2 * self._step
        self._added += 1

    @property
    def by_time(self) -> list[Listed]:
        """The sample, oldest first."""
        if not self.oldest or not self.newest:
            return []
        between = sorted(self.between, key=attrgetter("modified"))
        return [self.oldest, *between, self.newest]


def headers_since(
    objects: Objects, sample: Sample, headers: Mapping[str, str]
) -> tuple[float, str | None]:
    """Since when objects have these headers, in POSIX seconds, and a note if some do not."""
    expected = [headers.get(name) for name in _COMPARED]

    def is_correct(listed: Listed) -> bool:
        found = objects.headers(listed.key)
        return found is None or [found.get(name) for name in _COMPARED] == expected

    def with_key(listed: Listed) -> tuple[str, bool]:
        return listed.key, is_correct(listed)

    first = first_to_read(sample)
    try:
        with closing(map_in_threads(with_key, first, _AT_ONCE, watch=objects.watch)) as results:
            known = dict(results)
        since = correct_since(sample, lambda listed: _once(known, listed, is_correct))
    except Stalled:
        raise objects.stalled() from None
    except Denied:
        return math.inf, NO_HEAD
    return since, OTHER_HEADERS if since > -math.inf else None


def _once(known: dict[str, bool], listed: Listed, is_correct: Callable[[Listed], bool]) -> bool:
    """Whether it is correct; each is read once."""
    if listed.key not in known:
        known[listed.key] = is_correct(listed)
    return known[listed.key]


def first_to_read(sample: Sample) -> Sequence[Listed]:
    """The objects that `correct_since` asks for if all are correct: they are read at once."""
    found = sample.by_time
    asked: dict[str, Listed] = {}

    def is_correct(listed: Listed) -> bool:
        asked[listed.key] = listed
        return True

    bisect_left(found, True, key=is_correct)
    return [*asked.values(), *(each for each in found[-1:] if each.key not in asked)]


def correct_since(sample: Sample, is_correct: Callable[[Listed], bool]) -> float:
    """Since when objects are correct, in POSIX seconds: inf if none is, -inf if all are.

    `is_correct` is called for at most eight of them, including the oldest and the newest.
    """
    found = sample.by_time
    if not found:
        return -math.inf
    if not is_correct(found[-1]):
        return math.inf
    first = bisect_left(found, True, key=is_correct)
    return found[first].modified.timestamp() if first else -math.inf
