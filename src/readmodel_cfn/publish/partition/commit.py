"""Commit the partitions of a release: merge their lists to its manifest, and make it live.

Memory holds neither documents nor keys. The lists of the partitions, the manifest and the manifest
of the live release are in temporary files of the driver.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import pairwise

from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.compare import merge_by_key
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.partition.results import (
    CommitResult,
    PartitionResult,
    Removed,
)
from readmodel_cfn.publish.partition.rows import Rows, as_entry, digested
from readmodel_cfn.publish.release.activate import Activation
from readmodel_cfn.publish.release.manifest import Entry, Header, start_of_partitions, utc_now
from readmodel_cfn.publish.release.names import list_key
from readmodel_cfn.publish.release.store import NoSuchObject, Pointer, ReleaseStore
from readmodel_cfn.publish.results import InvalidDocuments

NO_GET = "The documents are not compared with the live release: s3:GetObject on it is not granted."
_MOST_KEYS = 100  # that a result names
_MOST_MISSING = 10  # partitions that an error names


def commit(
    results: Iterable[PartitionResult],
    destination: Destination,
    *,
    release: str | None = None,
    activation: Callable[[], Activation] | None = None,
    stage: str | None = None,
    on_progress: OnProgress = ignore,
) -> CommitResult:
    """Complete the release that partitions have published, and make it live.

    It checks that there is a result of each partition, merges their lists to the manifest of the
    release, compares that with the manifest of the live release, and activates the new one. Without
    releases it only checks the results: the documents are live already, and nothing is deleted.

    Args:
        results: The results of all partitions, in any order. A partition that was published twice
            may be there twice.
        destination: The bucket.
        release: ID that the results must have; None for any.
        activation: Looks up what makes the release live; None leaves it complete, but not live.
        stage: Stage to activate it on (default: the live one).
        on_progress: Called with Step and Note, and with Removed for each document of the live
            release that the new one does not have.

    Raises:
        InvalidDocuments: a document is invalid; nothing is complete.
        ConfigError: the results are not those of one set of documents; nothing is complete.
        Unfinished: the result of a partition is missing, or its list.
        LostRace: the release exists, with other documents; or another release was activated since
            this call began, and this one is complete but not live.
        ReadModelError: nothing is complete.
    """
    started = time.monotonic()
    parts = _checked(results, destination, release)
    counts = _Counts(sum(each.documents for each in parts), sum(each.bytes for each in parts))
    done = CommitResult(
        parts[0].release,
        len(parts),
        counts.documents,
        counts.bytes,
        bucket=destination.bucket,
        target=destination.target,
    )
    if done.release is None:
        if activation or stage:
            hint = "publish the partitions with the ID of a release"
            raise ConfigError("there is no release to activate", where="commit", hint=hint)
        return replace(done, seconds=time.monotonic() - started)
    with destination.owner_named_in_errors():
        found = activation() if activation else None
        if found:
            found.check_stage(stage)
        on_progress(Note(f"Committing release {done.release} to {destination}"))
        merge = _Merge(ReleaseStore(destination), parts, counts, on_progress)
        pointer = found.store.pointer() if found else merge.pointer()
        header = merge.complete(pointer)
        activated = found.activate_new(header, pointer, stage) if found else None
    return replace(
        done,
        added=counts.added,
        changed=counts.changed,
        unchanged=counts.unchanged,
        removed=counts.removed,
        removed_keys=tuple(counts.removed_keys),
        compared_with=counts.compared_with,
        stage=activated.stage if activated else None,
        previous=activated.previous if activated else None,
        notes=tuple(counts.notes),
        seconds=time.monotonic() - started,
    )


def _checked(
    results: Iterable[PartitionResult], destination: Destination, release: str | None
) -> list[PartitionResult]:
    """One result of each partition, in their order.

    Raises:
        InvalidDocuments: a document is invalid.
        ConfigError: the results do not belong together, or there is no document.
        Unfinished: one is missing.
    """
    found: dict[int, PartitionResult] = {}
    first: PartitionResult | None = None
    for each in results:
        first = first or each
        _require_same(first, each)
        other = found.setdefault(each.part, each)
        if (other.digest, other.documents) != (each.digest, each.documents):
            what = "it was published twice, with different documents"
            hint = "the documents of a partition must be the same each time; publish all again"
            raise ConfigError(what, where=each.name, hint=hint)
    if first is None:
        raise ConfigError("there is no result", where="commit", hint="pass all results")
    _require_place(first, destination, release)
    _require_all(first, found)
    parts = [found[part] for part in range(first.parts)]
    if invalid := sum(each.invalid for each in parts):
        fault = next(each.faults[0] for each in parts if each.faults)
        raise InvalidDocuments(fault, invalid)
    if not any(each.documents for each in parts):
        raise ConfigError("no document", where="commit", hint="publish the whole set")
    return parts


def _require_same(first: PartitionResult, each: PartitionResult) -> None:
    for name in ("parts", "release", "bucket", "settings"):
        values = getattr(first, name), getattr(each, name)
        if values[0] != values[1]:
            what = f"{each.name} has another value of {name}: {values[1]!r}, not {values[0]!r}"
            hint = "publish all partitions with the same arguments"
            raise ConfigError(what, where="commit", hint=hint)


def _require_place(first: PartitionResult, destination: Destination, release: str | None) -> None:
    expected = {"bucket": destination.bucket, "release": release or first.release}
    for name, value in expected.items():
        if getattr(first, name) != value:
            what = f"the partitions were published to {name} {getattr(first, name)}, not {value}"
            raise ConfigError(what, where="commit", hint="pass the same one")


def _require_all(first: PartitionResult, found: dict[int, PartitionResult]) -> None:
    missing = [part for part in range(first.parts) if part not in found]
    if missing:
        names = ", ".join(map(str, missing[:_MOST_MISSING]))
        more = f" and {len(missing) - _MOST_MISSING} more" if len(missing) > _MOST_MISSING else ""
        what = f"no result of partition {names}{more}, of {first.parts}"
        where = f"release {first.release}" if first.release else "commit"
        raise Unfinished(what, where=where, hint="publish the missing ones, and commit again")


@dataclass
class _Counts:
    """What the release has, and how it differs from the live one."""

    documents: int
    bytes: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    removed_keys: list[str] = field(default_factory=list)
    compared_with: str | None = None
    notes: list[str] = field(default_factory=list)


class _Merge:
    """Merges the lists of partitions."""

    def __init__(
        self,
        store: ReleaseStore,
        parts: list[PartitionResult],
        counts: _Counts,
        on_progress: OnProgress,
    ) -> None:
        self._store, self._parts, self._counts = store, parts, counts
        self._report, self._release = on_progress, str(parts[0].release)

    @property
    def _where(self) -> str:
        return f"release {self._release}"

    def pointer(self) -> Pointer | None:
        """The pointer; None also if it may not be read."""
        try:
            return self._store.pointer()
        except Denied:
            self._add_note(NO_GET)
            return None

    def _add_note(self, note: str) -> None:
        self._counts.notes.append(note)
        self._report(Note(note))

    def complete(self, pointer: Pointer | None) -> Header:
        """Write the manifest."""
        if not self._store.start_again(start_of_partitions(self._release, len(self._parts))):
            hint = "publish the partitions again, with another ID"
            raise Unfinished("it is being deleted", where=self._where, hint=hint)
        with closing(Rows()) as rows:
            self._report(Step(f"Reading the lists of {len(self._parts)} partitions"))
            for part in self._parts:
                rows.add_run(self._list(part))
            digest = self._digest(rows)
            self._compare(rows, pointer)
            counts = self._counts
            size = counts.documents, counts.bytes
            header = Header(self._release, digest, *size, utc_now())
            self._report(Step(f"Completing release {self._release}"))
            self._store.put_manifest(header, map(as_entry, rows))
            return header

    def _list(self, part: PartitionResult) -> Iterator[bytes]:
        key = list_key(self._release, part.part, part.parts, part.digest)
        try:
            yield from self._store.chunks(key)
        except NoSuchObject as error:
            what = f"the list of {part.name} is missing"
            raise Unfinished(what, where=error.where, hint="publish the partition again") from error

    def _digest(self, rows: Rows) -> str:
        """The digest of all documents; checks that no key is there twice, and each list whole.

        Raises:
            ReadModelError: a list is not what a partition has written.
        """
        attributes = self._parts[0].settings.attributes
        found = hashlib.sha256(json.dumps(attributes).encode())
        count = size = 0
        for entry, after in pairwise(_and_none(self._entries(rows))):
            assert entry  # noqa: S101 - only the last one is None
            if after and after.key == entry.key:
                what = f"the key {entry.key} is in two partitions"
                raise ReadModelError(what, where=self._where, hint="publish all partitions again")
            found.update(digested(entry))
            count, size = count + 1, size + entry.bytes
        if (count, size) != (self._counts.documents, self._counts.bytes):
            raise self._changed()
        return found.hexdigest()

    def _entries(self, rows: Rows) -> Iterator[Entry]:
        try:
            yield from map(as_entry, rows)
        except ValueError as error:
            raise self._changed() from error

    def _changed(self) -> ReadModelError:
        what = "the lists of its partitions are not those that were published"
        return ReadModelError(what, where=self._where, hint="publish all partitions again")

    def _compare(self, rows: Rows, pointer: Pointer | None) -> None:
        """Count what differs from the live release, by both manifests."""
        if pointer is None:
            return
        self._report(Step(f"Comparing the documents with release {pointer.release}"))
        try:
            live = self._store.manifest(pointer.release)
        except Denied:
            self._add_note(NO_GET)
            return
        if live is None:
            return
        counts = self._counts
        counts.compared_with = pointer.release
        with closing(live):
            for new, old in merge_by_key(self._entries(rows), live):
                if new is None and old:
                    self._count_removed(old.key)
                elif new and old is None:
                    counts.added += 1
                elif new and old and (new.md5, new.bytes) == (old.md5, old.bytes):
                    counts.unchanged += 1
                else:
                    counts.changed += 1

    def _count_removed(self, key: str) -> None:
        counts = self._counts
        counts.removed += 1
        if len(counts.removed_keys) < _MOST_KEYS:
            counts.removed_keys.append(key)
        self._report(Removed(key))


def _and_none(entries: Iterator[Entry]) -> Iterator[Entry | None]:
    yield from entries
    yield None
