"""`unpublish`: delete documents by their keys, or erase them with all their versions.

A bucket with versioning keeps a deleted document behind a delete marker, and `restore` can undo the
deletion. With `all_versions` every version is deleted permanently, the current one last: the one
before it would become current otherwise
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, ClassVar

from readmodel_cfn.aws.deletion import BATCH, KeyVersion
from readmodel_cfn.aws.errors import readable_errors, readable_responses
from readmodel_cfn.consent import Confirm, Consent, ConsentKind, require_consent
from readmodel_cfn.errors import ConfigError, ReadModelError, Stuck
from readmodel_cfn.interruptions import deferred_interruptions
from readmodel_cfn.plural import counted
from readmodel_cfn.printable import printable
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.deletion import Deletion
from readmodel_cfn.publish.destination import Destination, DestinationOrLookup, resolve
from readmodel_cfn.publish.history import NULL_ID, Version, check_utf8, permitted, versions_of
from readmodel_cfn.publish.results import flat, named
from readmodel_cfn.target import Target
from readmodel_cfn.threads import map_in_threads

FindKey = Callable[[str], str | None]
"""A function that returns the key of the document at a path; None if it is itself a key."""

_PARALLEL_LISTINGS = 16
_PASSES = 5  # passes that find new versions; after these, the keys are being written to


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A document that was deleted.

    `version` is the ID of the version that `restore` can restore; None if there is none. `versions`
    is the number of versions and delete markers that were erased with `all_versions`.
    """

    kind: ClassVar[str] = "unpublished"
    key: str
    version: str | None = None
    versions: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key, "version": self.version, "versions": self.versions}

    def __str__(self) -> str:
        erased = f", {counted(self.versions, 'version')} erased" if self.versions else ""
        return f"{printable(self.key)}: unpublished{erased}"


@dataclass(frozen=True, slots=True)
class Missing:
    """A key without a document: there was nothing to delete."""

    kind: ClassVar[str] = "missing"
    key: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key}

    def __str__(self) -> str:
        return f"{printable(self.key)}: no such document"


@dataclass(frozen=True)
class UnpublishResult:
    """The result of unpublishing: the documents that were deleted, and the keys without one.

    `stale` are the keys that have a newer version than that of the call, and were not changed.
    `target` is the account, region and stack.
    """

    kind: ClassVar[str] = "result"
    bucket: str
    unpublished: tuple[Unpublished, ...] = ()
    missing: tuple[str, ...] = ()
    target: Target = field(default_factory=Target)
    stale: tuple[str, ...] = ()

    @property
    def versions(self) -> int:
        """The number of versions and delete markers that were erased."""
        return sum(each.versions for each in self.unpublished)

    @property
    def where(self) -> str:
        """The bucket and its stack, with the account and region."""
        return named(self.bucket, self.target)

    def as_dict(self) -> dict[str, Any]:
        """The keys, the number of erased versions, the bucket, and the fields of `target`."""
        return {
            **flat(self),
            "unpublished": [each.key for each in self.unpublished],
            "missing": list(self.missing),
            "stale": list(self.stale),
            "versions": self.versions,
        }

    def __str__(self) -> str:
        parts = [f"Unpublished {len(self.unpublished):,}"]
        parts += [f"missing {len(self.missing):,}"] * bool(self.missing)
        parts += [f"stale {len(self.stale):,}"] * bool(self.stale)
        parts += [f"erased {counted(self.versions, 'version')}"] * bool(self.versions)
        return f"{', '.join(parts)}."


@dataclass(frozen=True)
class _Found:
    """What a bucket has of a key: the current version, if it is no deletion, and the numbers."""

    key: str
    current: Version | None
    versions: int = 0
    markers: int = 0

    @property
    def exists(self) -> bool:
        """Whether there is anything to delete."""
        return bool(self.current or self.versions or self.markers)

    def __str__(self) -> str:
        markers = f" and {counted(self.markers, 'delete marker')}" if self.markers else ""
        return f"{printable(self.key)}: {counted(self.versions, 'version')}{markers}"


@readable_errors()
def unpublish(
    keys: Sequence[str],
    destination: DestinationOrLookup,
    *,
    all_versions: bool = False,
    readers: str = "readers then get 404",
    find_key: FindKey = lambda _: None,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> UnpublishResult:
    """Delete the documents with exactly these keys. A key without a document is no error.

    Args:
        keys: The keys.
        destination: The bucket, or a function that looks it up.
        all_versions: Whether to erase all their versions and delete markers permanently.
        readers: What readers get then, for the question.
        find_key: Returns the key at a path, to find paths that are given instead of keys.
        confirm: Called before anything is deleted (kind "unpublish" or "erase-versions").
        on_progress: Called with Step, Note and Count, and for each key with Unpublished, Missing or
            Refused.

    Raises:
        ConsentRequired: `confirm` did not agree, or is None; nothing was deleted.
        ConfigError: there is no key, one is not UTF-8, or is a path; nothing was deleted.
        ReadModelError: a permission is not granted; nothing was deleted.
        Stuck: S3 refuses to delete a document, or new versions are still written.
        Unfinished: it was interrupted, or S3 is overloaded; call it again to continue.
    """
    unique = list(dict.fromkeys(keys))
    if not unique or "" in unique:
        raise ConfigError("the key is empty" if unique else "no key", where="unpublish")
    for key in unique:
        check_utf8(key)
    bucket = resolve(destination)
    with bucket.owner_named_in_errors():
        s3 = bucket.connection.client("s3")
        found, missing = _find(s3, bucket.bucket, unique, all_versions, on_progress)
        _report_missing(missing, find_key, on_progress)
        if not found:
            return UnpublishResult(bucket.bucket, (), missing, bucket.target)
        _ask(found, bucket, all_versions, readers, confirm, on_progress)
        action = "s3:DeleteObjectVersion" if all_versions else "s3:DeleteObject"
        deletion = Deletion(s3, bucket.bucket, action, on_progress)
        run = _erase if all_versions else _delete
        done: list[Unpublished] = []
        try:
            with deletion.unfinished_if_interrupted():
                for each in run(s3, bucket.bucket, found, deletion, on_progress):
                    with deferred_interruptions():
                        done.append(each)
                        on_progress(each)
                deletion.check_refused()
        except ReadModelError as error:
            error.result = UnpublishResult(bucket.bucket, tuple(done), missing, bucket.target)
            raise
    return UnpublishResult(bucket.bucket, tuple(done), missing, bucket.target)


def _find(
    s3: Any, bucket: str, keys: Sequence[str], all_versions: bool, on_progress: OnProgress
) -> tuple[list[_Found], tuple[str, ...]]:
    """What the bucket has of the keys, in their order, and the keys that have nothing."""
    on_progress(Step(f"Listing the versions of {counted(len(keys), 'key')}"))

    def look(key: str) -> _Found:
        with permitted(bucket, "s3:ListBucketVersions"), readable_responses("list_object_versions"):
            return (_counted if all_versions else _current)(s3, bucket, key)

    with closing(map_in_threads(look, keys, min(_PARALLEL_LISTINGS, len(keys)))) as results:
        by_key = {each.key: each for each in results}
    every = [by_key[key] for key in keys]
    return [each for each in every if each.exists], tuple(
        each.key for each in every if not each.exists
    )


def _current(s3: Any, bucket: str, key: str) -> _Found:
    """The current version, which is on the first page."""
    latest = next((each for each in versions_of(s3, bucket, key) if each.current), None)
    return _Found(key, None if latest is None or latest.deletion else latest)


def _counted(s3: Any, bucket: str, key: str) -> _Found:
    current, versions, markers = None, 0, 0
    for each in versions_of(s3, bucket, key):
        versions, markers = versions + (not each.deletion), markers + each.deletion
        if each.current and not each.deletion:
            current = each
    return _Found(key, current, versions, markers)


def _report_missing(missing: Sequence[str], find_key: FindKey, on_progress: OnProgress) -> None:
    """Report the keys that have nothing.

    Raises:
        ConfigError: one of them is a path of the API.
    """
    for key in missing:
        if served := find_key(key):
            hint = f"use the key of its document: {served}"
            raise ConfigError("is a path, and not the key of a document", where=key, hint=hint)
    for key in missing:
        on_progress(Missing(key))


def _ask(
    found: Sequence[_Found],
    bucket: Destination,
    all_versions: bool,
    readers: str,
    confirm: Confirm | None,
    on_progress: OnProgress,
) -> None:
    """List what is deleted, and require consent."""
    kind: ConsentKind = "erase-versions" if all_versions else "unpublish"
    for each in found:
        on_progress(Note(f"erase  {each}" if all_versions else f"unpublish  {printable(each.key)}"))
    what = printable(found[0].key) if len(found) == 1 else counted(len(found), "document")
    if all_versions:
        total = sum(each.versions + each.markers for each in found)
        text = f"erase {what} permanently, {counted(total, 'version')}, from {bucket}"
    else:
        text = f"unpublish {what} from {bucket}"
        if any(each.current and each.current.id == NULL_ID for each in found):
            text += "; without versioning this is permanent"
    if any(each.current for each in found):
        text += f"; {readers}"
    lost = tuple(each.key for each in found)
    require_consent(Consent(kind, bucket.bucket, text, lost, bucket.target), confirm)


def _delete(
    _: Any, bucket: str, found: Sequence[_Found], deletion: Deletion, on_progress: OnProgress
) -> Iterator[Unpublished]:
    """Delete the current versions; with versioning, S3 adds delete markers."""
    on_progress(Step(f"Deleting from {bucket}"))
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        deletion.delete({"Key": each.key} for each in batch)
        for each in batch:
            if each.key not in deletion.refused:
                version = each.current.id if each.current else NULL_ID
                yield Unpublished(each.key, None if version == NULL_ID else version)
        deletion.raise_interruption()


def _erase(
    s3: Any, bucket: str, found: Sequence[_Found], deletion: Deletion, on_progress: OnProgress
) -> Iterator[Unpublished]:
    """Delete all versions of each key, in passes until a listing finds none.

    The current version of a key stays if S3 refuses to delete an older one, which would be served.

    Raises:
        Stuck: new versions are still written.
    """
    on_progress(Step(f"Erasing from {bucket}"))
    keys = [each.key for each in found]
    passes = 0
    while passes < _PASSES:
        before = deletion.deleted.total()
        latest: dict[str, KeyVersion] = {}
        deletion.delete(_older(s3, bucket, keys, latest))
        deletion.raise_interruption()
        deletion.delete(entry for key, entry in latest.items() if key not in deletion.refused)
        deletion.raise_interruption()
        if deletion.refused or deletion.deleted.total() == before:
            break
        # An emulator may skip versions after a page whose last version is deleted by then: only
        # passes that find little are counted.
        passes += deletion.deleted.total() - before < BATCH
    else:
        hint = "stop the writers, then run the same command again"
        raise Stuck("the documents are still being written", where=bucket, hint=hint)
    for key in keys:
        if key not in deletion.refused:
            yield Unpublished(key, None, deletion.deleted[key])


def _older(
    s3: Any, bucket: str, keys: Sequence[str], latest: dict[str, KeyVersion]
) -> Iterator[KeyVersion]:
    """All versions and delete markers of the keys but the latest, which are added to `latest`."""
    for key in keys:
        with permitted(bucket, "s3:ListBucketVersions"), readable_responses("list_object_versions"):
            for version in versions_of(s3, bucket, key):
                entry = {"Key": key, "VersionId": version.id}
                if version.current:
                    latest[key] = entry
                else:
                    yield entry
