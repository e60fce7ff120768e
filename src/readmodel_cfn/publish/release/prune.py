"""List the releases of a bucket, and delete old ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Count, Note, OnProgress, Step
from readmodel_cfn.publish.release.activate import Stages
from readmodel_cfn.publish.release.names import deletion_key, manifest_key, start_key
from readmodel_cfn.publish.release.results import Pruned, Release
from readmodel_cfn.publish.release.store import Names, Pointer, ReleaseStore

ABANDONED_AFTER = timedelta(days=1)
_BATCH = 1000  # keys of one DeleteObjects call, S3's limit


def releases(store: ReleaseStore, stages: Stages) -> list[Release]:
    """All releases, newest first."""
    names, pointer, serving = store.names(), store.pointer(), stages.releases()
    found = [_release(store, names, pointer, serving, release) for release in names.every]
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda each: (each.time or oldest, each.release), reverse=True)


def _release(
    store: ReleaseStore,
    names: Names,
    pointer: Pointer | None,
    serving: Mapping[str, str | None],
    release: str,
) -> Release:
    times = names.manifests.get(release) or names.starts.get(release)
    header = store.header(release) if release in names.complete else None
    return Release(
        release,
        complete=header is not None,
        time=times.modified if times else None,
        documents=header.documents if header else None,
        bytes=header.bytes if header else None,
        digest=header.digest if header else None,
        live=bool(pointer and pointer.release == release),
        previous=bool(pointer and pointer.previous == release),
        stages=tuple(sorted(name for name, served in serving.items() if served == release)),
    )


@dataclass(frozen=True)
class Pruning:
    """Deletes all but the newest `keep` releases, and those that were never completed.

    A release is never deleted if the pointer or a stage's variable names it, if it is the one
    before such a release, or if it was started less than a day ago and is not complete.
    """

    store: ReleaseStore
    stages: Stages
    keep: int
    on_progress: OnProgress

    def prune(self, confirm: Confirm | None, now: datetime | None = None) -> Pruned:
        """Delete old releases, after consent (kind "prune").

        Raises:
            ReadModelError: the pointer and the live stage differ; nothing was deleted.
            ConsentRequired: `confirm` returned False; nothing was deleted.
            Unfinished: some objects were deleted.
        """
        store = self.store
        self.on_progress(Step(f"Looking for releases in {store.bucket}"))
        self._require_equal()
        names = store.names()
        old = list(self._old(names, *self._named(), now or datetime.now(UTC)))
        if not old:
            return self._pruned((), 0, {})
        for release in old:
            self.on_progress(Note(f"delete  {_described(names, release)}"))
        text = f"delete {counted(len(old), 'release')} from {store.destination}"
        target = store.destination.target
        require_consent(Consent("prune", store.bucket, text, tuple(old), target), confirm)
        return self._delete_all(names, old)

    def _require_equal(self) -> None:
        """Check that the live stage serves the release that the pointer names.

        Raises:
            ReadModelError: it does not, as after an interrupted activation.
        """
        pointer, stage = self.store.pointer(), self.stages.live
        live, served = pointer.release if pointer else None, self.stages.releases().get(stage)
        if served != live:
            what = f"the pointer names {live or 'no release'}, and stage {stage} serves "
            what += served or "none"
            hint = f"make them equal first: readmodel-cfn release activate {live or served}"
            raise ReadModelError(what, where="release prune", hint=hint)

    def _named(self) -> tuple[set[str], set[str]]:
        """The releases that are live or that a stage serves, and the one to roll back to."""
        pointer, serving = self.store.pointer(), self.stages.releases()
        previous = {pointer.previous} if pointer and pointer.previous else set()
        live = pointer.release if pointer else None
        return {release for release in (live, *serving.values()) if release}, previous

    def _old(
        self, names: Names, served: set[str], previous: set[str], now: datetime
    ) -> Iterator[str]:
        complete = names.complete
        before = {older for newer, older in pairwise(complete) if newer in served}
        kept = {*complete[: self.keep], *served, *previous, *before}
        yield from (release for release in complete if release not in kept)
        for release in sorted(names.every - {*complete} - kept, reverse=True):
            if release in names.deletions or self._is_abandoned(names, release, now):
                yield release

    def _is_abandoned(self, names: Names, release: str, now: datetime) -> bool:
        start = names.starts.get(release)
        times = [start.modified] if start else []
        times += [modified for _, modified in self.store.documents(release)] if not start else []
        return bool(times) and now - max(times) > ABANDONED_AFTER

    def _delete_all(self, names: Names, old: list[str]) -> Pruned:
        deleted, documents, kept = [], 0, {}
        try:
            for release in old:
                reason = self._begin(names, release)
                if reason:
                    kept[release] = reason
                    continue
                documents += self._delete(release)
                deleted.append(release)
        except (ReadModelError, KeyboardInterrupt) as error:
            reason = str(error) or "interrupted"
            done = f"{counted(len(deleted), 'release')} deleted"
            raise Unfinished(
                f"{done}, then {reason}", where="release prune", hint="run it again"
            ) from error
        return self._pruned(tuple(deleted), documents, kept)

    def _begin(self, names: Names, release: str) -> str | None:
        """Mark a release as being deleted; why it is kept, if it is used again meanwhile."""
        store = self.store
        store.begin_deletion(release)
        listed = names.starts.get(release)
        if any(release in named for named in self._named()):
            reason = "it was activated meanwhile"
        elif listed and store.start_etag(release) not in (listed.etag, None):
            reason = "it is published again"
        else:
            return None
        store.delete(deletion_key(release))
        return reason

    def _delete(self, release: str) -> int:
        """Delete a release; the mark is the last, so that the next run can continue."""
        store, count = self.store, 0
        self.on_progress(Step(f"Deleting release {release}"))
        store.delete(manifest_key(release))
        keys = (key for key, _ in store.documents(release))
        while batch := list(islice(keys, _BATCH)):
            store.delete_many(batch)
            count += len(batch)
            self.on_progress(Count(f"release {release}", count, "documents"))
        lists = store.part_lists(release)
        while batch := list(islice(lists, _BATCH)):
            store.delete_many(batch)
        store.delete(start_key(release))
        store.delete(deletion_key(release))
        return count

    def _pruned(self, deleted: tuple[str, ...], documents: int, kept: dict[str, str]) -> Pruned:
        bucket, target = self.store.bucket, self.store.destination.target
        return Pruned(deleted, documents, kept, bucket, target)


def _described(names: Names, release: str) -> str:
    if found := names.manifests.get(release):
        return f"{release}  of {found.modified:%Y-%m-%d %H:%M:%S}Z"
    return f"{release}  never completed"
