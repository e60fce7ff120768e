"""`unpublish` with a version: a small document replaces the document, until it is pruned.

Its version is its metadata, so an older event that arrives later does not publish the document
again. Readers get it with 200.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from readmodel_cfn.aws.deletion import BATCH
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished
from readmodel_cfn.interruptions import deferred_interruptions
from readmodel_cfn.plural import counted
from readmodel_cfn.printable import printable
from readmodel_cfn.progress import Count, Note, OnProgress, Step, ignore
from readmodel_cfn.publish.compare import listing
from readmodel_cfn.publish.destination import Destination, DestinationOrLookup, resolve
from readmodel_cfn.publish.documents import (
    DEFAULT,
    Settings,
    check_document,
    encode,
    encoder,
    key_fault,
    refuse,
)
from readmodel_cfn.publish.newer import publish_newer
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.results import (
    Deleted,
    Fault,
    Kept,
    Sent,
    StaleVersion,
    Unchanged,
    VersionConflict,
    flat,
    named,
)
from readmodel_cfn.publish.selection import KeyRoute, Selection
from readmodel_cfn.publish.unpublish import Unpublished, UnpublishResult
from readmodel_cfn.publish.upload import Pace, then
from readmodel_cfn.publish.version_fields import required_version
from readmodel_cfn.publish.versions import DocumentVersion, is_unpublished, marked
from readmodel_cfn.target import Target
from readmodel_cfn.threads import AFTER_INTERRUPTION, Stalled, map_in_threads

MAX_BYTES = 1024
"""The most bytes of a document that replaces an unpublished one: `prune` reads no larger ones."""
_AT_ONCE = 32  # requests for headers, or puts
_RUN_AGAIN = "run it again to continue"
_Replaced = Unpublished | StaleVersion | VersionConflict


@readable_errors()
def unpublish_version(
    keys: Sequence[str],
    destination: DestinationOrLookup,
    version: int | str,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[KeyRoute] | None = None,
    value: object = None,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> UnpublishResult:
    """Replace the documents with these keys by `value`, with the version as metadata.

    A key that has a newer version is stale: it is not changed. A key without a document gets one,
    since an event for it may arrive later.

    Args:
        keys: The keys, which routes must serve.
        destination: The bucket, or a function that looks it up.
        version: A whole number, or a time with its offset as text.
        settings: How documents are stored.
        routes: The routes. Without routes every key is allowed.
        value: What readers get then, at most 1,024 bytes of JSON as it is stored.
        confirm: Called before anything is changed (kind "unpublish-version").
        on_progress: Called with Step and Note, and for each key with Unpublished or StaleVersion.

    Raises:
        ConfigError: the keys, the version or the value are not allowed; nothing was changed.
        ConsentRequired: `confirm` did not agree; nothing was changed.
        LostRace: the version is stored with another content; other keys may be unpublished.
        ReadModelError: S3 refuses it; with several keys, others may be unpublished.
    """
    unique, parsed = list(dict.fromkeys(keys)), required_version(version)
    if not unique:
        raise ConfigError("no key", where="unpublish", hint="name the keys")
    serves = Selection(routes).serves
    for key in unique:
        refuse(key_fault(key, key, serves))
    stored = replacement(value, parsed, settings)
    found = resolve(destination)
    found.require("version", "compare")
    _ask(unique, parsed, found, confirm, on_progress)
    on_progress(Step(f"Unpublishing in {found.bucket}"))
    run = _Replacement(found, on_progress)
    try:
        with found.owner_named_in_errors(), _unfinished(run.objects, run.so_far):
            run.replace(unique, stored, settings.attributes, parsed)
        run.check_conflicts()
    except ReadModelError as error:
        error.result = run.result(unique)
        raise
    return run.result(unique)


class _Replacement:
    """One run of `unpublish_version`."""

    def __init__(self, destination: Destination, on_progress: OnProgress) -> None:
        self.objects, self._destination = Objects(destination), destination
        self._on_progress, self._pace = on_progress, Pace()
        self._to_report, self._results = deque[_Replaced](), list[_Replaced]()

    def replace(
        self,
        keys: Sequence[str],
        body: bytes,
        headers: Mapping[str, str],
        version: DocumentVersion,
    ) -> None:
        """Replace the documents, in parallel."""
        self.objects.prepare()

        def replace_document(key: str) -> None:
            put = partial(publish_newer, self.objects, key, body, headers, version)
            with self._pace:
                done: _Replaced | Sent | Unchanged = put(unpublished=True, pause=self._pace.pause)
                if not isinstance(done, StaleVersion | VersionConflict):
                    done = Unpublished(key)
                self._to_report.append(done)

        threads = min(_AT_ONCE, len(keys))
        replaced = map_in_threads(replace_document, keys, threads, watch=self.objects.watch)
        with closing(replaced):
            for _ in replaced:
                self._report()

    def _report(self) -> None:
        while self._to_report:
            with deferred_interruptions():
                self._results.append(self._to_report.popleft())
                self._on_progress(self._results[-1])

    def so_far(self) -> str:
        """Stop, and count; empty if nothing is done."""
        in_progress = self._pace.stop(AFTER_INTERRUPTION)
        self._report()
        more = f", {in_progress:,} in progress" if in_progress else ""
        return f"{len(self._results):,} done{more}" if self._results or more else ""

    def check_conflicts(self) -> None:
        """Raise the first conflict.

        Raises:
            LostRace: the version of a key is stored with another content.
        """
        for each in self._results:
            if isinstance(each, VersionConflict):
                raise each.error

    def result(self, keys: Sequence[str]) -> UnpublishResult:
        """What is done, in the order of the keys."""
        results = sorted(self._results, key=lambda each: keys.index(each.key))
        unpublished = tuple(each for each in results if isinstance(each, Unpublished))
        stale = tuple(each.key for each in results if isinstance(each, StaleVersion))
        bucket = self._destination
        return UnpublishResult(bucket.bucket, unpublished, (), bucket.target, stale)


def replacement(value: object, version: DocumentVersion, settings: Settings) -> bytes:
    """The bytes that replace an unpublished document.

    Raises:
        ConfigError: the value is not JSON, or is too large.
    """
    body = encode(value, "value", encoder())
    if isinstance(body, Fault):
        raise ConfigError(body.what, where="value", hint=body.hint)
    check_document(body, "value", settings)
    stored = settings.stored(marked(body, version))
    if len(stored) > MAX_BYTES:
        what = f"{len(stored):,} bytes are more than {MAX_BYTES:,}"
        raise ConfigError(what, where="value", hint="use a smaller one, such as null")
    return stored


def _ask(
    keys: Sequence[str],
    version: DocumentVersion,
    bucket: Destination,
    confirm: Confirm | None,
    on_progress: OnProgress,
) -> None:
    """List what is replaced, and ask for consent."""
    for key in keys:
        on_progress(Note(f"unpublish  {printable(key)}"))
    what = printable(keys[0]) if len(keys) == 1 else counted(len(keys), "document")
    text = f"unpublish {what} from {bucket} with version {version}"
    consent = Consent("unpublish-version", bucket.bucket, text, tuple(keys), bucket.target)
    require_consent(consent, confirm)


@contextmanager
def _unfinished(objects: Objects, so_far: Callable[[], str]) -> Iterator[None]:
    """Say how much is done if the rest cannot be; `so_far` is empty if nothing is."""
    try:
        yield
    except KeyboardInterrupt:
        done = so_far() or "nothing was changed"
        raise Unfinished(f"interrupted: {done}", hint=_RUN_AGAIN) from None
    except Stalled:
        error = objects.stalled()
        what = ", then ".join(filter(None, (so_far(), error.what)))
        raise Unfinished(what, where=error.where, hint=_RUN_AGAIN) from None
    except ReadModelError as error:
        if not (done := so_far()):
            raise
        raise Unfinished(f"{done}, then {then(error)}", hint=_RUN_AGAIN) from error


@dataclass(frozen=True)
class PruneResult:
    """The result of pruning: the keys of the unpublished documents that were deleted.

    `kept` are those that another publisher has changed meanwhile. `target` is the account, region
    and stack.
    """

    kind: ClassVar[str] = "result"
    bucket: str
    pruned: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    target: Target = field(default_factory=Target)

    @property
    def where(self) -> str:
        """The bucket and its stack, with the account and region."""
        return named(self.bucket, self.target)

    def as_dict(self) -> dict[str, Any]:
        """The keys, the bucket, and the fields of `target`."""
        return {**flat(self), "pruned": list(self.pruned), "kept": list(self.kept)}

    def __str__(self) -> str:
        kept = f", kept {len(self.kept):,}" if self.kept else ""
        return f"Pruned {len(self.pruned):,}{kept}."


@readable_errors()
def prune_unpublished(
    destination: DestinationOrLookup,
    older_than: timedelta,
    *,
    routes: Sequence[KeyRoute] | None = None,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> PruneResult:
    """Delete what `unpublish_version` has stored, if it is older; then readers get 404.

    A listing has no metadata, so the headers of all objects are read that are old and small enough.
    S3 keeps an object that has changed since then. After that, an older event publishes the
    document again: `older_than` must be longer than an event can take.

    Args:
        destination: The bucket, or a function that looks it up.
        older_than: The time since they were unpublished.
        routes: The routes: only their keys are looked at. Without routes all keys are.
        confirm: Called before anything is deleted (kind "prune-unpublished").
        on_progress: Called with Step, Note and Count, and for each key with Deleted or Kept.
        now: The clock.

    Raises:
        ConfigError: the time is negative, or too long.
        ConsentRequired: `confirm` did not agree; nothing was deleted.
        Denied: listing, reading or deleting is not allowed.
        Unfinished: some were deleted; call it again.
    """
    if older_than < timedelta():
        hint = "use 0 or more"
        raise ConfigError("a negative time is not allowed", where="older_than", hint=hint)
    try:
        before = now() - older_than
    except OverflowError as error:
        what, hint = "there is no such time", "use a shorter one, such as 30 days"
        raise ConfigError(what, where="older_than", hint=hint) from error
    found = resolve(destination)
    found.require("older_than", "list", "compare", "delete")
    run = _Pruning(found, Selection(routes), on_progress)
    try:
        with found.owner_named_in_errors(), _unfinished(run.objects, run.so_far):
            run.prune(before, confirm)
    except ReadModelError as error:
        error.result = run.result()
        raise
    return run.result()


class _Pruning:
    """One run of `prune_unpublished`."""

    def __init__(
        self, destination: Destination, selection: Selection, on_progress: OnProgress
    ) -> None:
        self.objects, self._destination = Objects(destination), destination
        self._selection, self._on_progress = selection, on_progress
        self._deleted, self._kept, self._in_progress = list[str](), list[str](), 0

    def prune(self, before: datetime, confirm: Confirm | None) -> None:
        """Delete them, after consent."""
        bucket, on_progress = self._destination, self._on_progress
        on_progress(Step(f"Looking for unpublished documents in {bucket.bucket}"))
        old = _unpublished_before(self.objects, before, self._selection, on_progress)
        if not old:
            return
        keys = tuple(key for key, _ in old)
        for key in keys:
            on_progress(Note(f"prune  {printable(key)}"))
        text = f"delete {counted(len(old), 'unpublished document')} from {bucket}"
        consent = Consent("prune-unpublished", bucket.bucket, text, keys, bucket.target)
        require_consent(consent, confirm)
        on_progress(Step(f"Deleting from {bucket.bucket}"))
        for start in range(0, len(old), BATCH):
            self._delete(old[start : start + BATCH])

    def _delete(self, batch: Sequence[tuple[str, str]]) -> None:
        self._in_progress = len(batch)
        try:
            done = self.objects.delete(batch)
        except Denied:
            self._in_progress = 0
            raise
        with deferred_interruptions():
            self._in_progress = 0
            self._deleted += done.deleted
            self._kept += done.kept
            for key in done.deleted:
                self._on_progress(Deleted(key))
            for key in done.kept:
                self._on_progress(Kept(key))
        if done.error:
            raise done.error

    def so_far(self) -> str:
        """How many are deleted; empty if none is."""
        deleted, more = len(self._deleted), self._in_progress
        up_to = f", up to {more:,} more deleted" if more else ""
        return f"{deleted:,} deleted{up_to}" if deleted or more else ""

    def result(self) -> PruneResult:
        """What is done."""
        bucket = self._destination
        return PruneResult(bucket.bucket, tuple(self._deleted), tuple(self._kept), bucket.target)


def _unpublished_before(
    objects: Objects, time: datetime, selection: Selection, on_progress: OnProgress
) -> list[tuple[str, str]]:
    """The keys and ETags of the unpublished documents that are older, sorted by key."""

    def look(listed: Listed) -> tuple[str, str] | None:
        found = objects.stored(listed.key)
        if found and found.etag == listed.etag and is_unpublished(found.headers):
            return listed.key, listed.etag
        return None

    candidates = (
        each
        for each in listing(objects, selection.prefixes, exactly=True)
        if each.modified <= time and each.size <= MAX_BYTES and selection.serves(each.key)
    )
    count, result = 0, list[tuple[str, str]]()
    looks = map_in_threads(look, candidates, _AT_ONCE, watch=objects.watch)
    with closing(looks):
        for found in looks:
            count += 1
            on_progress(Count("unpublished", count, "documents"))
            if found:
                result.append(found)
    return sorted(result)
