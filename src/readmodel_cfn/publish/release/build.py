"""Build a release: upload what has changed, copy the rest, and write the manifest last.

A release is complete when it has its manifest. A process that ends before leaves documents that no
stage serves; the next run for the same documents continues.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import LostRace, ReadModelError, Unfinished
from readmodel_cfn.progress import Count, Note, OnProgress, Step
from readmodel_cfn.publish.compare import ENCRYPTED, merge_by_key
from readmodel_cfn.publish.documents import Document, Settings
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.release import cost
from readmodel_cfn.publish.release.contents import Contents, Row
from readmodel_cfn.publish.release.copy import Copied, Copier
from readmodel_cfn.publish.release.manifest import Entry, Header, Manifest, utc_now
from readmodel_cfn.publish.release.names import check_id, new_id, prefix_of
from readmodel_cfn.publish.release.objects import ReleaseObjects
from readmodel_cfn.publish.release.results import ReleaseStarted
from readmodel_cfn.publish.release.store import Names, Pointer, ReleaseStore
from readmodel_cfn.publish.results import Fault, Outcome, PublishPlan, Sent
from readmodel_cfn.publish.spool import Spool
from readmodel_cfn.publish.upload import Uploader

NO_GET = (
    'All are sent, because documents must not be copied (s3:GetObject): add "compare" to allow '
    "under [writer]."
)
NO_LIST = (
    "An interrupted run is not continued, because the releases must not be listed "
    '(s3:ListBucket): add "list" to allow under [writer].'
)
_RUN_AGAIN = "run it again: only the rest is sent"


@dataclass(frozen=True)
class Built:
    """A complete release, and what this run has done for it.

    `pointer` is the pointer as it was before the first document was sent.
    """

    header: Header
    pointer: Pointer | None
    sent: int = 0
    copied: int = 0
    unchanged: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """How a release is built; `release` is its ID, None for a new one.

    With `force` every document is uploaded, to a new release. `pointer` is the pointer, if it is
    known already: the credentials that publish may not be allowed to read it.
    """

    settings: Settings
    release: str | None
    force: bool
    confirm: Confirm | None
    on_progress: OnProgress
    pointer: Pointer | None = None


@dataclass(frozen=True)
class _Bucket:
    """What the bucket has before the release is built."""

    names: Names
    pointer: Pointer | None
    can_read: bool = True


@dataclass(frozen=True)
class _Work:
    """The documents to upload and to copy, and the manifest of the release to copy from."""

    old: Manifest | None
    send: Spool
    copy: Spool

    @property
    def based_on(self) -> str | None:
        """The release to copy from."""
        return self.old.header.release if self.old else None


class Builder:
    """Builds one release; `contents` are its documents."""

    def __init__(self, store: ReleaseStore, contents: Contents, options: Options) -> None:
        self._store, self._contents, self._options = store, contents, options
        self.destination = store.destination
        self._settings, self._report = options.settings, options.on_progress
        self._notes: list[str] = []
        self._sent = self._copied = self._unchanged = 0
        self._started = False
        self._etags: dict[str, str] = {}  # those that are not the MD5 of the document
        self._header: Header | None = None
        self._pointer: Pointer | None = None

    def build(self) -> Built:
        """Build the release, or find the complete one with the same documents.

        Raises:
            Unfinished: some documents were stored.
            LostRace: the release exists, with other documents.
            ConsentRequired: `confirm` returned False; nothing was stored.
            ReadModelError: nothing was stored.
        """
        bucket = self._read_bucket()
        self._pointer = bucket.pointer
        if found := self._complete(bucket):
            return self._reuse(found, bucket)
        header, continued = self._choose(bucket)
        self._header = header
        self._report(ReleaseStarted(header.release, len(self._contents), continued))
        with self._work(bucket, header.release, continued) as work:
            self._header = header = replace(header, based_on=work.based_on)
            counts = len(work.send), len(work.copy)
            confirm = self._options.confirm
            cost.announce(header.release, *counts, self.destination, confirm, self._report)
            with self._stopping(header):
                if self._begin(header, continued, bucket):
                    self._store_all(header.release, work)
                    return self._finish(header)
            what, where = "it is being deleted", f"release {header.release}"
            raise Unfinished(what, where=where, hint="run it again, with another ID if it had one")

    def so_far(self) -> Built:
        """The release that is not complete, and what this run has done.

        Its ID is empty before it is chosen.
        """
        header = self._header or self._new(self._options.release or "")
        counts = self._sent, self._copied, self._unchanged
        return Built(header, self._pointer, *counts, tuple(self._notes))

    def plan(self) -> PublishPlan:
        """What would be uploaded, and which documents the release no longer has."""
        bucket = self._read_bucket()
        skipped = self._contents.invalid, self._contents.passed_over
        if self._complete(bucket):
            return PublishPlan((), len(self._contents), (), *skipped)
        header, continued = self._choose(bucket)
        with self._work(bucket, header.release, continued) as work:
            send = tuple(row[0] for row in work.send)
            unchanged = len(work.copy) + self._unchanged
            return PublishPlan(send, unchanged, tuple(self._removed(work)), *skipped)

    def _removed(self, work: "_Work") -> Iterator[str]:
        """The keys of the previous release that this one does not have."""
        for row, entry in merge_by_key(self._contents, work.old or ()):
            if row is None and entry:
                yield entry.key

    @contextmanager
    def _work(self, bucket: _Bucket, release: str, continued: bool) -> Iterator["_Work"]:
        """What is to be done, in temporary files."""
        with ExitStack() as files:
            old = self._manifest(self._base(bucket, release))
            if old:
                files.enter_context(closing(old))
            send, copy = (files.enter_context(closing(Spool())) for _ in range(2))
            work = _Work(old, send, copy)
            self._divide(release, continued, work)
            yield work

    @contextmanager
    def _stopping(self, header: Header) -> Iterator[None]:
        """Turn what ends the run early into Unfinished, if something was stored."""
        try:
            yield
        except KeyboardInterrupt:
            raise self._unfinished("interrupted", header) from None
        except LostRace:
            raise
        except ReadModelError as error:
            is_unfinished = isinstance(error, Unfinished)
            if not (self._started or self._sent or self._copied or is_unfinished):
                raise
            what = error.what if is_unfinished else str(error)
            raise self._unfinished(what, header) from error

    def _unfinished(self, what: str, header: Header) -> Unfinished:
        so_far = f"{self._sent:,} sent, {self._copied:,} copied"
        where = f"release {header.release}"
        return Unfinished(f"{what} ({so_far}); it is not live", where=where, hint=_RUN_AGAIN)

    # What the bucket has.

    def _read_bucket(self) -> _Bucket:
        """The releases, as far as the credentials may read them."""
        self._report(Step(f"Looking for releases in {self._store.bucket}"))
        pointer = self._options.pointer
        if not self.destination.allows("compare"):
            self._add_note(NO_GET)
            return _Bucket(Names(), pointer, can_read=False)
        try:
            pointer = pointer or self._store.pointer()
        except Denied:
            self._add_note(NO_GET)
            return _Bucket(Names(), pointer, can_read=False)
        return _Bucket(self._names(), pointer)

    def _names(self) -> Names:
        try:
            if self.destination.allows("list"):
                return self._store.names()
        except Denied:
            pass
        self._add_note(NO_LIST)
        return Names()

    def _add_note(self, note: str) -> None:
        self._notes.append(note)
        self._report(Note(note))

    def _complete(self, bucket: _Bucket) -> Header | None:
        """The complete release with these documents: the given one, the live one or the newest.

        Raises:
            LostRace: the given one has other documents.
        """
        given = self._options.release
        if given is not None:
            check_id(given)
            found = self._store.header(given) if given in bucket.names.complete else None
            if found and found.digest != self._contents.digest:
                raise self._other_documents(given)
            return found
        if self._options.force or not bucket.can_read:
            return None
        newest = bucket.names.complete[:1]
        live = [bucket.pointer.release] if bucket.pointer else []
        for release in dict.fromkeys((*live, *newest)):
            header = self._store.header(release)
            if header and header.digest == self._contents.digest:
                return header
        return None

    def _reuse(self, header: Header, bucket: _Bucket) -> Built:
        self._report(ReleaseStarted(header.release, header.documents, True))
        return Built(header, bucket.pointer, unchanged=header.documents, notes=tuple(self._notes))

    def _choose(self, bucket: _Bucket) -> tuple[Header, bool]:
        """The release to build, and whether an earlier run has started it.

        Raises:
            LostRace: the given one was started for other documents.
        """
        given, digest = self._options.release, self._contents.digest
        if given is not None:
            found = self._store.started(given) if given in bucket.names.starts else None
            if found and found.digest != digest:
                raise self._other_documents(given)
            return found or self._new(given), found is not None
        if not self._options.force:
            for release in bucket.names.started[:1]:
                found = self._store.started(release)
                if found and found.digest == digest:
                    return found, True
        return self._new(new_id()), False

    def _new(self, release: str) -> Header:
        contents = self._contents
        return Header(release, contents.digest, len(contents), contents.bytes, utc_now())

    def _other_documents(self, release: str) -> LostRace:
        what = "it exists already, with other documents"
        hint = "choose another ID, or publish without one"
        return LostRace(what, where=f"release {release}", hint=hint)

    def _base(self, bucket: _Bucket, release: str) -> str | None:
        """The release to copy from: the live one, which is never pruned, or the newest."""
        if not bucket.can_read or self._options.force:
            return None
        if bucket.pointer:
            return bucket.pointer.release
        return next((each for each in bucket.names.complete if each != release), None)

    def _manifest(self, base: str | None) -> Manifest | None:
        if base is None:
            return None
        self._report(Step(f"Comparing the documents with release {base}"))
        try:
            return self._store.manifest(base)
        except Denied:
            self._add_note(NO_GET)
            return None

    # What is to be done.

    def _divide(self, release: str, continued: bool, work: _Work) -> None:
        """Divide the documents: those to send, those to copy, and those that are already there."""
        there = self._there(release) if continued else iter(())
        for row, entry in merge_by_key(self._missing(there), work.old or ()):
            if row is None:
                continue
            if entry and (entry.md5, entry.bytes) == (row.md5, row.bytes):
                work.copy.add(*row, entry.etag)
            else:
                work.send.add(*row)

    def _there(self, release: str) -> Iterator[Listed]:
        """The documents that an earlier run has stored, with the keys that clients read."""
        if self._settings.encrypted:
            self._add_note(ENCRYPTED)
            return
        prefix = prefix_of(release)
        for found in Objects(self.destination).listed(prefix, exactly=True):
            yield found._replace(key=found.key.removeprefix(prefix))

    def _missing(self, there: Iterator[Listed]) -> Iterator[Row]:
        for row, found in merge_by_key(self._contents, there):
            if row and found and found.etag == row.md5:
                self._unchanged += 1
            elif row:
                yield row

    # What is done.

    def _begin(self, header: Header, continued: bool, bucket: _Bucket) -> bool:
        """Write the start, so that the next run can continue.

        False if `release prune` is deleting the release.
        """
        if continued:
            return self._store.start_again(replace(header, created=utc_now()))
        self._store.start(header)
        self._started = True
        return not (bucket.can_read and self._store.is_deleted(header.release))

    def _store_all(self, release: str, work: _Work) -> None:
        bucket, total = self._store.bucket, len(work.send) + len(work.copy)
        self._report(Step(f"Building release {release} in {bucket}"))

        def count() -> None:
            done = self._sent + self._copied
            self._report(Count(bucket, done, "documents", total))

        if work.based_on and len(work.copy):
            self._copy(release, work.based_on, work, count)
        self._send(release, work.send, count)

    def _copy(self, release: str, base: str, work: _Work, count: Callable[[], None]) -> None:
        """Copy documents; those that cannot be copied are added to those that are sent."""
        copier = Copier(self.destination, base, release, self._settings)
        in_progress: dict[str, Row] = {}

        def entries() -> Iterator[Entry]:
            for *row, etag in work.copy:
                found = Row._make(row)
                in_progress[found.key] = found
                yield Entry(found.key, etag, found.bytes, found.md5)

        def on_copied(copied: Copied) -> None:
            row = in_progress.pop(copied.key)
            if copied.etag is None:
                work.send.add(*row)
                return
            self._copied += 1
            self._keep(copied.key, copied.etag, row.md5)
            count()

        copier.copy(entries(), on_copied)
        if copier.denied:
            self._add_note(NO_GET)

    def _send(self, release: str, send: Spool, count: Callable[[], None]) -> None:
        objects: Any = ReleaseObjects(Objects(self.destination), release)
        uploader = Uploader(objects, self._settings, create_only=False)
        md5s: dict[str, str] = {}

        def load(row: Row) -> Document | Fault:
            md5s[row.key] = row.md5
            return self._contents.load(row)

        def on_outcome(outcome: Outcome) -> None:
            if isinstance(outcome, Sent):
                self._report(outcome)
                self._sent += 1
                self._keep(outcome.key, outcome.etag.strip('"'), md5s.pop(outcome.key))
                count()

        uploader.send(map(Row._make, send), load, on_outcome)
        if fault := uploader.tally.first_fault:
            raise Unfinished(f"{fault.source}: {fault.what}", hint=fault.hint)

    def _keep(self, key: str, etag: str, md5: str) -> None:
        if etag != md5:
            self._etags[key] = etag

    def _finish(self, header: Header) -> Built:
        self._report(Step(f"Completing release {header.release}"))
        self._store.put_manifest(header, self._entries())
        counts = self._sent, self._copied, self._unchanged
        return Built(header, self._pointer, *counts, tuple(self._notes))

    def _entries(self) -> Iterable[Entry]:
        for row in self._contents:
            yield Entry(row.key, self._etags.get(row.key, row.md5), row.bytes, row.md5)
