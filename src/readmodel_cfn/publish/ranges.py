"""Compare sorted documents with the bucket's objects, range by range, in several threads.

S3 lists 1,000 keys with a call, one page after the other. The keys of the documents divide the
bucket into ranges that can be listed at the same time, and while the next documents are checked.
Where the bucket has the same keys, no more calls are needed than for one listing.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from queue import SimpleQueue
from threading import Lock, Thread
from typing import NamedTuple

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.publish.compare import Checked, directory_of, widest_of
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.threads import Stalled

_DOCUMENTS = 1000  # of a range: as many as S3 lists with one call
_THREADS = 8
_WAITING = 16  # ranges in memory
_OBJECTS = 2000  # of a range in memory; more are listed when they are merged

Merge = Callable[[Sequence[Checked], Iterable[Listed]], None]
_Result = list[Listed] | BaseException


class _Range(NamedTuple):
    rows: Sequence[Checked]
    after: str | None
    last: str | None
    result: "SimpleQueue[_Result]"


class Ranges:
    """Gets the checked documents one by one, sorted by key, and merges them with the objects.

    `merge` is called in the caller's thread for each range of keys, in their order. With
    `all_keys`, the ranges include the keys before the first document and after the last one.
    """

    def __init__(
        self, objects: Objects, prefixes: Sequence[str], merge: Merge, *, all_keys: bool
    ) -> None:
        self._objects, self._merge, self._all_keys = objects, merge, all_keys
        self._listing = _Listing(objects, prefixes)
        self._rows: list[Checked] = []
        self._after: str | None = None
        self._is_first = True
        self._pending: deque[_Range] = deque()
        self._todo: SimpleQueue[_Range | None] = SimpleQueue()
        self._threads = 0
        self._error: ReadModelError | None = None

    def add(self, row: Checked) -> None:
        """Add a document. An error of the listing is raised by `finish`."""
        if not self._threads:
            self._start_thread()
        self._rows.append(row)
        if len(self._rows) < _DOCUMENTS:
            return
        self._start(row.key)
        if len(self._pending) > _WAITING and not self._error:
            try:
                self._merge_oldest()
            except ReadModelError as error:
                self._error = error

    def finish(self) -> None:
        """Merge everything that was added.

        Raises:
            ReadModelError: the bucket cannot be listed; Denied if it is not allowed.
        """
        try:
            if self._error:
                raise self._error
            if self._rows or self._all_keys:
                self._start(None if self._all_keys else self._rows[-1].key)
            while self._pending:
                self._merge_oldest()
        finally:
            self.stop()

    def stop(self) -> None:
        """Start no more calls."""
        self._listing.stopped = True
        for _ in range(self._threads):
            self._todo.put(None)
        self._threads = 0

    def _start(self, last: str | None) -> None:
        """List the keys of the rows in another thread: those after the range before, to `last`."""
        rows, self._rows = self._rows, []
        if self._is_first and not self._all_keys:
            self._after = rows[0].key[:-1] or None  # the greatest key that is surely before it
        range_ = _Range(rows, self._after, last, SimpleQueue())
        self._after, self._is_first = last, False
        self._pending.append(range_)
        if self._error:
            return
        self._todo.put(range_)
        if self._threads < min(_THREADS, len(self._pending)):
            self._start_thread()

    def _start_thread(self) -> None:
        self._threads += 1
        Thread(target=self._run, daemon=True).start()

    def _merge_oldest(self) -> None:
        range_ = self._pending.popleft()
        self._objects.watch.progress()
        try:
            found = self._objects.watch.get(range_.result)
        except Stalled:
            raise self._objects.stalled() from None
        if isinstance(found, BaseException):
            raise found
        rest: Iterable[Listed] = ()
        if len(found) == _OBJECTS:
            rest = self._listing.between(found[-1].key, range_.last)
        self._merge(range_.rows, chain(found, rest))

    def _run(self) -> None:
        with suppress(Exception):  # the listing raises it
            self._objects.prepare()
        while range_ := self._todo.get():
            try:
                found = self._listing.between(range_.after, range_.last)
                range_.result.put(list(islice(found, _OBJECTS)))
            except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
                range_.result.put(error)


class _Listing:
    """Lists ranges of keys, in any thread. It remembers ranges without objects.

    If listing the common directory of all prefixes is not allowed, each prefix is listed alone,
    which the writer's policy allows.
    """

    def __init__(self, objects: Objects, prefixes: Sequence[str]) -> None:
        self._objects, self._widest = objects, widest_of(prefixes)
        self._directory = directory_of(self._widest)
        self._each_prefix = self.stopped = False
        self._empty: tuple[str, str | None] | None = None
        self._lock = Lock()

    def between(self, after: str | None, last: str | None) -> Iterator[Listed]:
        """The objects after one key, up to and including another; None is no limit."""
        if self.stopped or self._is_empty(after, last):
            return
        if not self._each_prefix:
            try:
                yield from self._below(self._directory, after, last)
                return
            except Denied:
                if self._widest == [self._directory]:
                    raise
                self._each_prefix = True
        for prefix in self._widest:
            if _overlaps(prefix, after, last):
                yield from self._below(prefix, after, last)

    def _below(self, prefix: str, after: str | None, last: str | None) -> Iterator[Listed]:
        for found in self._objects.listed(prefix, after):
            if self.stopped:
                return
            if last is not None and found.key > last:
                self._remember(prefix, last, found.key)
                return
            yield found
        if last is not None:
            self._remember(prefix, last, None)

    def _remember(self, prefix: str, after: str, before: str | None) -> None:
        """There is no object after one key and before another one; None is no limit."""
        if prefix != self._directory:
            return
        with self._lock:
            until = self._empty[1] if self._empty else ""
            if until is not None and (before is None or until < before):
                self._empty = (after, before)

    def _is_empty(self, after: str | None, last: str | None) -> bool:
        with self._lock:
            if self._empty is None or after is None:
                return False
            begin, end = self._empty
        return begin <= after and (end is None or (last is not None and last < end))


def _overlaps(prefix: str, after: str | None, last: str | None) -> bool:
    """Whether a key with the prefix may be in the range."""
    begins_before_end = last is None or prefix <= last
    return begins_before_end and (after is None or prefix > after or after.startswith(prefix))
