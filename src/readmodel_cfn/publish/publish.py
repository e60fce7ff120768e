"""`publish`: publish any number of JSON documents to the keys that routes serve.

Several processes may publish at the same time. `put.publish_document` is for a single document.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, overload

from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished
from readmodel_cfn.interruptions import deferred_interruptions
from readmodel_cfn.plural import counted
from readmodel_cfn.printable import printable
from readmodel_cfn.progress import Count, Note, OnProgress, Step, ignore
from readmodel_cfn.publish.changes import Changes, FileChanges, Options, ValueChanges
from readmodel_cfn.publish.compare import NOT_MD5
from readmodel_cfn.publish.destination import Destination as Destination
from readmodel_cfn.publish.destination import DestinationOrLookup
from readmodel_cfn.publish.documents import DEFAULT, encoder
from readmodel_cfn.publish.documents import Settings as Settings
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.results import (
    RUN_AGAIN,
    Deleted,
    Fault,
    Kept,
    Outcome,
    PublishPlan,
    Unchanged,
)
from readmodel_cfn.publish.results import PublishResult as PublishResult
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import KeyRoute, Selection
from readmodel_cfn.publish.upload import Uploader, then
from readmodel_cfn.publish.version_fields import Versions

Documents = (
    Mapping[str, object]
    | Iterable[tuple[str, object]]
    | str
    | PathLike[str]
    | Iterable[str]
    | Iterable[PathLike[str]]
)
"""A mapping of keys to values, pairs of both, or one or several paths of files and directories."""

MaxDeletes = int | Literal["all"]
"""How many documents may be deleted."""

_BATCH = 1000  # keys of one DeleteObjects call, S3's limit
# Up to these numbers, documents are deleted without max_deletes.
_FEW_DELETES, _SMALL_PART = 20, 0.2


class SharedOptions(TypedDict, total=False):
    """The types of the options that `publish` shares with `ReadModelStack.publish`."""

    exclude: Sequence[str]
    prefix: str
    force: bool
    create_only: bool
    skip_invalid: bool
    delete_missing: bool
    max_deletes: MaxDeletes | None
    default: Callable[[Any], object] | None
    version: int | str | None
    confirm: Confirm | None
    on_progress: OnProgress


class PublishOptions(SharedOptions, total=False):
    """The types of the options of `publish`."""

    routes: Sequence[KeyRoute] | None


@overload
def publish(
    documents: Documents,
    destination: DestinationOrLookup,
    settings: Settings = ...,
    *,
    dry_run: Literal[False] = ...,
    **options: Unpack[PublishOptions],
) -> PublishResult: ...
@overload
def publish(
    documents: Documents,
    destination: DestinationOrLookup,
    settings: Settings = ...,
    *,
    dry_run: Literal[True],
    **options: Unpack[PublishOptions],
) -> PublishPlan: ...
@overload
def publish(
    documents: Documents,
    destination: DestinationOrLookup,
    settings: Settings = ...,
    *,
    dry_run: bool,
    **options: Unpack[PublishOptions],
) -> PublishResult | PublishPlan: ...
def publish(
    documents: Documents,
    destination: DestinationOrLookup,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[KeyRoute] | None = None,
    exclude: Sequence[str] = (),
    prefix: str = "",
    force: bool = False,
    create_only: bool = False,
    skip_invalid: bool = False,
    delete_missing: bool = False,
    max_deletes: MaxDeletes | None = None,
    dry_run: bool = False,
    default: Callable[[Any], object] | None = None,
    version: int | str | None = None,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> PublishResult | PublishPlan:
    """Publish the documents that have changed.

    All files are checked before the first document is sent. Values of a mapping or of pairs are
    read, checked and sent one by one, so there may be any number: memory holds the ETags of the
    bucket's objects and at most 256 documents.

    Args:
        documents: A mapping of keys to values, an iterable of (key, value) pairs, or paths of
            files and directories; below a directory, the path of a file is its key. Bytes are JSON
            already, every other value is encoded as JSON.
        destination: The bucket, or a function that looks it up once files are checked.
        settings: How the documents are stored.
        routes: The routes, one of which must serve each key. Without routes every key is allowed.
            A document must fit the JSON Schema of each route that has one and serves it. Then a
            mapping or a list is also checked as a whole before the first document is sent.
        exclude: Glob patterns of keys that are neither sent nor deleted.
        prefix: Prefix of all keys of a mapping or of pairs: only objects below it are listed and
            deleted. It saves listing what other workers publish.
        force: Also send documents that have not changed.
        create_only: Send only documents that do not exist; S3 decides.
        skip_invalid: Skip invalid documents and send the others.
        delete_missing: Then delete documents that the routes serve and that are not in `documents`,
            which must be a mapping or paths, and not empty. A document that another publisher has
            changed since it was listed is kept.
        max_deletes: The most documents to delete, or "all". It is required to delete more than 20,
            if they are more than 20 % of those in the bucket.
        dry_run: Send and delete nothing, and return the plan. With `force` or `create_only` it has
            all keys, because nothing is compared. Documents with a version are always among them:
            they are compared when they are sent.
        default: Converts values that JSON does not know, as in `json.dumps`.
        version: The version of the documents, a whole number or a time with its offset as text: S3
            stores it with them, and they replace only older ones. Documents of a route with a
            `version_field` have one without this.
        confirm: Called before any document is sent if documents are deleted (kind
            "delete-missing").
        on_progress: Called with Step, Note and Count, and for each document with Sent, Lost, Fault,
            StaleVersion, VersionConflict or Deleted.

    An error that ends the call after the bucket was compared has a `result`: what was done.

    Raises:
        Unfinished: some were sent when a document was invalid, S3 refused one or was unreachable,
            on an interruption, or when `on_progress` could not write.
        ConfigError: documents are invalid, of which the first is named, or options exclude each
            other; nothing was sent.
        ConsentRequired: `confirm` returned False; nothing was sent.
        ReadModelError: nothing was sent.
    """
    if skip_invalid and delete_missing:
        what = "skipped documents would count as missing"
        hint = "use one of them"
        raise ConfigError(what, where="--skip-invalid and --delete-missing", hint=hint)
    if max_deletes is not None and not delete_missing:
        raise ConfigError("requires delete_missing", where="--max-deletes")
    if delete_missing and routes is None:
        raise ConfigError("requires routes", where="delete_missing", hint="pass routes=")
    versions = Versions(routes, version)
    if versions and delete_missing:
        what = "a deleted document has no version, so a late event would publish it again"
        hint = "use unpublish with a version"
        raise ConfigError(what, where="--delete-missing with versions", hint=hint)
    started = time.monotonic()
    options = Options(
        settings,
        Selection(routes, exclude),
        Schemas(routes),
        prefix,
        force,
        create_only,
        skip_invalid,
        delete_missing,
        on_progress,
        versions,
    )
    with (
        _empty_result(destination, started, dry_run),
        closing(_changes(documents, options, destination, default)) as changes,
    ):
        if dry_run:
            return changes.plan()
        _check_deletes(changes, max_deletes)
        _require_consent_to_delete(changes, confirm, on_progress)
        return _Publication(changes, options).run(started)


@contextmanager
def _empty_result(
    destination: DestinationOrLookup, started: float, dry_run: bool
) -> Iterator[None]:
    """Give an Unfinished of the block, which has sent nothing, an empty result."""
    try:
        yield
    except Unfinished as error:
        if error.result is None and not dry_run:
            bucket = destination.bucket if isinstance(destination, Destination) else ""
            seconds = time.monotonic() - started
            error.result = PublishResult(0, 0, 0, 0, 0, 0, 0, seconds, bucket=bucket)
        raise


def _changes(
    documents: Documents,
    options: Options,
    destination: DestinationOrLookup,
    default: Callable[[Any], object] | None,
) -> Changes:
    if isinstance(documents, str | PathLike):
        return FileChanges([_path(documents)], options, destination)
    values: Any = documents
    if isinstance(values, bytes | bytearray) or not isinstance(values, Iterable):
        kind = type(values).__name__
        raise TypeError(f"documents must be a mapping, (key, value) pairs or paths, not {kind}")
    if not isinstance(documents, Mapping):
        items = iter(documents)
        first = list(islice(items, 1))
        values = documents if isinstance(documents, list | tuple) else chain(first, items)
        if first and isinstance(first[0], str | PathLike):
            return FileChanges([_path(path) for path in values], options, destination)
    return ValueChanges(values, options, destination, encoder(default))


def _path(path: Any) -> Path:
    if not isinstance(path, str | PathLike):
        raise TypeError(f"paths and (key, value) pairs cannot be mixed: {path!r}")
    if path == "":  # such as from an unset variable; Path would be the working directory
        raise ConfigError("the path is empty", where="publish", hint="use . for this directory")
    return Path(path)


def _check_deletes(changes: Changes, most: MaxDeletes | None) -> None:
    """Check that not more documents would be deleted than a person expects.

    Raises:
        ConfigError: `most` is lower, or it is required.
    """
    count, stored = len(changes.missing), changes.stored
    is_ordinary = count <= _FEW_DELETES or count <= _SMALL_PART * stored
    if most == "all" or (is_ordinary if most is None else count <= most):
        return
    what = f"{counted(count, 'document')} of {stored:,} would be deleted"
    hint = f"look at them with --dry-run; to delete them add --max-deletes {count}, or all"
    raise ConfigError(what, where="--delete-missing", hint=hint)


def _require_consent_to_delete(
    changes: Changes, confirm: Confirm | None, on_progress: OnProgress
) -> None:
    """Require consent before anything is sent, although deletion comes last."""
    missing, destination = changes.missing, changes.destination
    if not missing:
        return
    lost, target = tuple(key for key, _ in missing), destination.target
    for key in lost:
        on_progress(Note(f"delete  {printable(key)}"))
    text = f"delete {counted(len(lost), 'document')} from {destination}"
    require_consent(Consent("delete-missing", destination.bucket, text, lost, target), confirm)


class _Publication:
    """One run: sends and deletes, and counts what is done."""

    def __init__(self, changes: Changes, options: Options) -> None:
        self._changes, self._options = changes, options
        self._notes = [changes.reason]
        self._uploader = Uploader(
            changes.objects,
            options.settings,
            create_only=options.create_only,
            force=options.force,
        )
        self._tally = self._uploader.tally
        self._deleted = self._deleting = self._kept = 0

    def run(self, started: float) -> PublishResult:
        """Send everything, then delete what is missing."""
        tally, destination = self._tally, self._changes.destination
        try:
            self._report(Note(f"Publishing to {destination}"))
            with destination.owner_named_in_errors():
                self._send()
            if tally.not_md5 and not self._sends_all:
                self._notes.append(NOT_MD5)
                self._report(Note(NOT_MD5))
            if not tally.faults and not tally.lost:
                self._delete()
        except KeyboardInterrupt:
            error = Unfinished(f"interrupted: {self._so_far()}", hint=self._run_again)
            error.result = self._result(started)
            raise error from None
        except ReadModelError as error:
            error.result = self._result(started)
            raise
        return self._result(started)

    def _result(self, started: float) -> PublishResult:
        """What is done so far."""
        changes, tally, destination = self._changes, self._tally, self._changes.destination
        return PublishResult(
            sent=tally.sent,
            unchanged=changes.unchanged + tally.unchanged,
            deleted=self._deleted,
            invalid=changes.invalid + tally.faults,
            lost=tally.lost,
            passed_over=changes.passed_over,
            bytes=tally.bytes,
            seconds=time.monotonic() - started,
            notes=tuple(filter(None, self._notes)),
            became_invalid=0 if self._options.skip_invalid else tally.faults,
            first_fault=tally.first_fault,
            bucket=destination.bucket,
            target=destination.target,
            kept=self._kept,
            stale=tally.stale,
            conflicts=tally.conflicts,
        )

    @property
    def _sends_all(self) -> bool:
        """Whether it is already known that documents cannot be compared."""
        return self._options.reason_to_send_all(self._changes.destination) is not None

    def _send(self) -> None:
        changes, tally = self._changes, self._tally
        bucket, total = changes.destination.bucket, changes.total
        self._report(Step(f"Sending documents to {bucket}"))

        def on_outcome(outcome: Outcome) -> None:
            for each in outcome.each if isinstance(outcome, Fault) else (outcome,):
                if not isinstance(each, Unchanged):
                    self._report(each)
            self._report(Count(bucket, tally.total, "documents", total))

        self._uploader.send(changes.items(), changes.load, on_outcome)

    def _delete(self) -> None:
        listed, objects = iter(self._changes.missing), self._changes.objects
        try:
            while batch := list(islice(listed, _BATCH)):
                self._deleting = len(batch)
                done = objects.delete(batch)
                with deferred_interruptions():
                    self._deleting = 0
                    self._count_deleted(done.deleted, done.kept)
                if done.error:
                    raise done.error
        except Denied as error:
            self._deleting = 0
            if self._tally.sent or self._deleted:
                raise self._unfinished(error) from error
            raise
        except ReadModelError as error:
            raise self._unfinished(error) from error

    def _count_deleted(self, deleted: Sequence[str], kept: Sequence[str]) -> None:
        self._deleted, self._kept = self._deleted + len(deleted), self._kept + len(kept)
        for key in deleted:
            self._report(Deleted(key))
        for key in kept:
            self._report(Kept(key))

    def _unfinished(self, error: ReadModelError) -> Unfinished:
        return Unfinished(f"{self._so_far()}, then {then(error)}", hint=self._run_again)

    def _report(self, value: object) -> None:
        """Report a value; an OSError of the callback ends the call as Unfinished."""
        try:
            self._options.on_progress(value)
        except OSError as error:
            what = f"progress cannot be written: {error.strerror or error}"
            raise Unfinished(what, where="publish", hint=self._run_again) from error

    @property
    def _run_again(self) -> str:
        deletes = self._options.delete_missing
        return "run it again: only the rest is sent and deleted" if deletes else RUN_AGAIN

    def _so_far(self) -> str:
        counts = [f"{self._tally.sent:,} sent"]
        counts += [f"{self._deleted:,} deleted"] * self._options.delete_missing
        counts += [f"up to {self._deleting:,} more deleted"] * bool(self._deleting)
        return ", ".join(counts)
