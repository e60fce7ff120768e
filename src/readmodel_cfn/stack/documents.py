"""The documents in the bucket, and their history."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress, ignore
from readmodel_cfn.stack.publishing import Publishing
from readmodel_cfn.template.routes import find_route, serving_route

if TYPE_CHECKING:
    from readmodel_cfn.publish.history import Restored, Version
    from readmodel_cfn.publish.stored import StoredDocument
    from readmodel_cfn.publish.unpublish import UnpublishResult
    from readmodel_cfn.publish.unpublish_version import PruneResult


class StoredDocuments(Publishing):
    """A stack whose stored documents are listed, deleted and restored."""

    @readable_errors()
    def documents(
        self, prefix: str = "", *, bucket: str | None = None, on_progress: OnProgress = ignore
    ) -> "Iterator[StoredDocument]":
        """The documents in the bucket whose keys begin with `prefix`, sorted by key.

        They are listed as they are taken, so there may be any number. `bucket` names another bucket
        than that of the stack.

        Raises:
            ReadModelError: the stack does not exist, or s3:ListBucket is not granted.
        """
        from readmodel_cfn.publish.selection import Selection
        from readmodel_cfn.publish.stored import stored_documents

        self._require_model()
        destination = self._destination(bucket, False, on_progress)
        selection = Selection(self.model.routes)
        return stored_documents(destination, self._route_of, selection, prefix, on_progress)

    def _route_of(self, key: str) -> tuple[str, str] | None:
        """The path of the route that serves a key, and that of the request for it."""
        found = serving_route(self.model.routes, key)
        return (found[0].path, found[1]) if found else None

    @readable_errors()
    def unpublish(
        self,
        *keys: str,
        all_versions: bool = False,
        version: int | str | None = None,
        value: object = None,
        bucket: str | None = None,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "UnpublishResult":
        """Delete the documents with exactly these keys; a key without a document is no error.

        If the bucket keeps versions, `restore` can undo it. With `version` they are replaced by
        `value` instead, unless a newer version is stored, until `prune_unpublished` deletes it: an
        older event does not publish them again.

        Args:
            keys: The keys, such as products/42.json; without `version` a route need not serve them.
            all_versions: Erase all versions and delete markers of the keys permanently.
            version: The version of the change, a whole number or a time with its offset as text.
            value: With `version`: what readers get, at most 1,024 bytes (default null).
            bucket: Bucket of the documents (default: that of the stack).
            confirm: Called before anything is deleted (kind "unpublish" or "erase-versions"), or
                replaced ("unpublish-version", which needs no `confirm`).
            on_progress: Gets Step, Note, Count, and Unpublished, Missing, Refused or StaleVersion
                for each key.

        Raises:
            ConsentRequired: `confirm` does not agree, or is None; nothing is deleted.
            ConfigError: there is no key, or a path is given as a key; nothing is deleted.
            LostRace: the version is stored with another content.
            Stuck: S3 refuses to delete a document or version, such as one with an object lock.
            Unfinished: interrupted after something was deleted; call it again.
            ReadModelError: nothing was deleted.
        """
        from readmodel_cfn.publish.unpublish import unpublish
        from readmodel_cfn.publish.unpublish_version import unpublish_version
        from readmodel_cfn.publish.version_fields import Versions

        self._require_model()
        self._refuse_single("unpublish")
        destination = partial(self._destination, bucket, False, on_progress)
        if version is not None:
            if all_versions:
                where, hint = "--version and --all-versions", "use one of them"
                raise ConfigError("exclude each other", where=where, hint=hint)
            return unpublish_version(
                keys,
                destination,
                version,
                self._settings,
                routes=self.model.routes,
                value=value,
                confirm=confirm,
                on_progress=on_progress,
            )
        if value is not None:
            raise ConfigError("requires --version", where="--value")
        versions = Versions(self.model.routes)
        done = unpublish(
            keys,
            destination,
            all_versions=all_versions,
            readers=self._readers_of_deleted(),
            find_key=self._key_at,
            confirm=confirm,
            on_progress=on_progress,
        )
        kept = [each for each in done.unpublished if each.version and self._route_of(each.key)]
        if kept and not bucket:
            words = ("restore", kept[0].key, str(kept[0].version))
            command = self.location.command(*words if len(kept) == 1 else ("history", "KEY"))
            on_progress(Note(f"To restore {counted(len(kept), 'document')}: {command}"))
        if unprotected := [each.key for each in done.unpublished if versions.has(each.key)]:
            what = "a late event publishes it again, because no version is stored"
            on_progress(Note(f"{unprotected[0]}: {what}; unpublish with --version"))
        return done

    @readable_errors()
    def prune_unpublished(
        self,
        older_than: timedelta,
        *,
        bucket: str | None = None,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "PruneResult":
        """Delete what `unpublish` with a version has stored, if it is older; readers then get 404.

        Args:
            older_than: The time since then; it must be longer than an event can take to arrive.
            bucket: Bucket of the documents (default: that of the stack).
            confirm: Called before anything is deleted (kind "prune-unpublished").
            on_progress: Gets Step, Note and Count, and Deleted or Kept for each key.

        Raises:
            ConsentRequired: `confirm` returned False; nothing was deleted.
            Unfinished: some were deleted; call it again.
            ReadModelError: nothing was deleted.
        """
        from readmodel_cfn.publish.unpublish_version import prune_unpublished

        self._require_model()
        self._refuse_single("prune_unpublished")
        return prune_unpublished(
            partial(self._destination, bucket, False, on_progress),
            older_than,
            routes=self.model.routes,
            confirm=confirm,
            on_progress=on_progress,
        )

    def _key_at(self, path: str) -> str | None:
        """The key of the document at a path of the API; None if the path is itself a key."""
        routes, bare = self.model.routes, path.strip("/")
        if any(route.match_key(bare) for route in routes):
            return bare if bare != path else None
        found = find_route(routes, path)
        return found[1] if found else None

    def _readers_of_deleted(self) -> str:
        """What readers get after a deletion, as a part of a question."""
        store = self.model.data_store
        seconds = store.max_age + store.stale_while_revalidate
        cached = f", caches at most {seconds:,} s later" if seconds else ""
        return f"readers then get {500 if self.article else 404}{cached}"

    @readable_errors()
    def history(self, key: str, on_progress: OnProgress = ignore) -> list["Version"]:
        """The versions and deletions of a document, newest first; without a model, of any key.

        Raises:
            ConfigError: no route serves the key.
            ReadModelError: the key has no versions, or s3:ListBucketVersions is not granted.
        """
        from readmodel_cfn.publish.history import history

        if self._has_model:
            self._refuse_single("history")
        find = partial(self._destination, None, False, on_progress)
        routes = self.model.routes if self._has_model else None
        return history(key, find, routes=routes, on_progress=on_progress)

    @readable_errors()
    def restore(
        self,
        key: str,
        version: str,
        *,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "Restored":
        """Make a version of a document the current one again, by copying it.

        `version` is an ID that `history` lists. `confirm` is called before it is copied (kind
        "restore").

        Raises:
            ConfigError: no route serves the key, or it has no such version.
            LostRace: the key was published, restored or deleted meanwhile; nothing was changed.
            ConsentRequired: `confirm` returned False; nothing was changed.
        """
        from readmodel_cfn.deploy.advice import with_location
        from readmodel_cfn.publish.history import restore

        self._refuse_single("restore")
        try:
            return restore(
                key,
                version,
                partial(self._destination, None, False, on_progress),
                routes=self.model.routes,
                confirm=confirm,
                on_progress=on_progress,
            )
        except ReadModelError as error:
            if error.hint and self._connection:
                error.hint = with_location(error.hint, self.location)
            raise
