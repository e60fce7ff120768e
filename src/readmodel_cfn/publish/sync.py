"""Sync: which documents a bucket has already, told from one listing of it.

An object is unchanged when its ETag is the MD5 of what would be sent, which it is for objects that
S3 itself encrypts and that were sent in one part
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). Any other ETag equals no MD5, so
what it belongs to counts as changed. Both sides come sorted and are merged: it takes no memory.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol, TypeVar

from readmodel_cfn.publish.objects import Listed


class Keyed(Protocol):
    """What has a key, and the MD5 of what would be kept under it."""

    @property
    def key(self) -> str:
        """Its key."""

    @property
    def md5(self) -> str:
        """The MD5, in hexadecimal digits."""


Wanted = TypeVar("Wanted", bound=Keyed)


def merged(
    wanted: Iterable[Wanted], listed: Iterable[Listed]
) -> Iterator[tuple[Wanted | None, Listed | None]]:
    """What is wanted beside what there is of the same key; both come sorted, each key once."""
    left, right = iter(wanted), iter(listed)
    one, other = next(left, None), next(right, None)
    while one or other:
        if other is None or (one and one.key < other.key):
            yield one, None
            one = next(left, None)
        elif one is None or other.key < one.key:
            yield None, other
            other = next(right, None)
        else:
            yield one, other
            one, other = next(left, None), next(right, None)


_MOST = 60  # of a sample, beside its oldest and its newest


@dataclass
class Sample:
    """Some of any number of objects, evenly as they come, the oldest and the newest always.

    When settings change, all that was published before has the old headers and all after the new
    ones: so the headers of a few of the sample tell from when on they are right.
    """

    oldest: Listed | None = None
    newest: Listed | None = None
    between: list[Listed] = field(default_factory=list)
    _seen: int = 0
    _step: int = 1

    def add(self, one: Listed) -> None:
        """Take one into account."""
        if self.oldest is None or one.modified < self.oldest.modified:
            self.oldest = one
        if self.newest is None or one.modified >= self.newest.modified:
            self.newest = one
        if self._seen % self._step == 0:
            self.between.append(one)
        if len(self.between) > _MOST:
            self.between, self._step = self.between[::2], 2 * self._step
        self._seen += 1

    @property
    def in_time(self) -> list[Listed]:
        """The sample, the oldest first."""
        if not self.oldest or not self.newest:
            return []
        between = sorted(self.between, key=attrgetter("modified"))
        return [self.oldest, *between, self.newest]


def right_since(sample: Sample, is_right: Callable[[Listed], bool]) -> float:
    """From when on objects are right: POSIX seconds, infinite where none or all are.

    `is_right` is asked about at most seven of them, the oldest and the newest among them.
    """
    found = sample.in_time
    if not found:
        return -math.inf
    if not is_right(found[-1]):
        return math.inf
    first = bisect_left(found, True, key=is_right)
    return found[first].modified.timestamp() if first else -math.inf
