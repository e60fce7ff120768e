"""Publishing documents to the stack's bucket, and their history."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished, keeping_result
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress, ignore
from readmodel_cfn.publish.results import (
    Published,
    PublishPlan,
    PublishResult,
)
from readmodel_cfn.stack.reads import Reads
from readmodel_cfn.template.routes import find_route, serving_route

if TYPE_CHECKING:
    from readmodel_cfn.publish.destination import Destination
    from readmodel_cfn.publish.history import Restored, Version
    from readmodel_cfn.publish.invalidation import ChangedRoutes
    from readmodel_cfn.publish.publish import Documents, MaxDeletes, SharedOptions
    from readmodel_cfn.publish.stored import StoredDocument
    from readmodel_cfn.publish.unpublish import UnpublishResult
    from readmodel_cfn.publish.unpublish_version import PruneResult

    class PublishOptions(SharedOptions, total=False):
        """The types of the options of `ReadModelStack.publish`."""

        as_writer: bool
        bucket: str | None
        invalidate: bool


class Publishing(Reads):
    """A stack to whose bucket documents are published."""

    @overload
    def publish(
        self,
        documents: "Documents",
        *,
        dry_run: Literal[False] = ...,
        **options: "Unpack[PublishOptions]",
    ) -> PublishResult: ...

    @overload
    def publish(
        self,
        documents: "Documents",
        *,
        dry_run: Literal[True],
        **options: "Unpack[PublishOptions]",
    ) -> PublishPlan: ...

    @overload
    def publish(
        self, documents: "Documents", *, dry_run: bool, **options: "Unpack[PublishOptions]"
    ) -> PublishResult | PublishPlan: ...

    @readable_errors()
    def publish(
        self,
        documents: "Documents",
        *,
        exclude: Sequence[str] = (),
        prefix: str = "",
        force: bool = False,
        create_only: bool = False,
        skip_invalid: bool = False,
        delete_missing: bool = False,
        max_deletes: "MaxDeletes | None" = None,
        dry_run: bool = False,
        default: Callable[[Any], object] | None = None,
        version: int | str | None = None,
        as_writer: bool = False,
        bucket: str | None = None,
        invalidate: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> PublishResult | PublishPlan:
        """Publish the documents that have changed.

        Args:
            documents: A mapping of keys to values, an iterable of (key, value) pairs, or paths of
                files and directories; below a directory, the path of a file is its key. Bytes are
                JSON already, every other value is encoded as JSON.
            exclude: Glob patterns of keys that are neither sent nor deleted, in addition to those
                of the configuration.
            prefix: Prefix of all keys of a mapping or of pairs: only objects below it are listed
                and deleted.
            force: Also send documents that have not changed.
            create_only: Send only documents that do not exist.
            skip_invalid: Skip invalid documents and send the others.
            delete_missing: Then delete documents that the routes serve and that are not in
                `documents`, which must be a mapping or paths, and not empty.
            max_deletes: The most documents to delete, or "all". It is required to delete more than
                20, if they are more than 20 % of those in the bucket.
            dry_run: Send and delete nothing, and return the plan.
            default: Converts values that JSON does not know, as in `json.dumps`.
            version: The version of the documents, a whole number or a time with its offset as text:
                S3 stores it with them, and they replace only older ones. Documents of a route with
                a `version_field` have one without this.
            as_writer: Whether to use the access key of the stack's writer.
            bucket: Bucket to publish to (default: that of the stack).
            invalidate: Then invalidate the changed routes on the distribution of [cdn].
            confirm: Called before any document is sent if documents are deleted (kind
                "delete-missing").
            on_progress: Gets Step, Note, Count, and Sent, Lost, Fault, Deleted, Kept, StaleVersion
                or VersionConflict for each document.

        Raises:
            Unfinished: some were sent when a document was invalid, S3 refused one or was
                unreachable, or on an interruption.
            ConfigError: documents are invalid, of which the first is named, or options exclude each
                other; nothing was sent.
            ConsentRequired: `confirm` returned False; nothing was sent.
            ReadModelError: nothing was sent.
        """
        from readmodel_cfn.publish.publish import publish

        self._refuse_single("--delete-missing" if delete_missing else "publish")
        self._check_invalidation(invalidate, bucket)
        outputs: dict[str, str] = {}
        changed = self._changed_routes(on_progress)
        found = Lookup(
            partial(self._destination, bucket, as_writer, on_progress, outputs, invalidate)
        )
        try:
            done = publish(
                documents,
                self._known_destination(bucket, as_writer) or found,
                self._settings,
                routes=self.model.routes,
                exclude=self._excluded(exclude),
                prefix=prefix,
                force=force,
                create_only=create_only,
                skip_invalid=skip_invalid,
                delete_missing=delete_missing,
                max_deletes=max_deletes,
                dry_run=dry_run,
                default=default,
                version=version,
                confirm=confirm,
                on_progress=changed if invalidate else on_progress,
            )
        except Unfinished:
            if invalidate:  # the next run sends, and invalidates, only what is left
                try:
                    self._invalidate(changed, found.connection, outputs)
                except ReadModelError as error:
                    on_progress(Note(f"Warning: {error}"))
            raise
        if not isinstance(done, PublishResult):
            return done
        with keeping_result(done, done.done):
            self._write_metric(found.connection, on_progress)
            if invalidate:
                paths = self._invalidate(changed, found.connection, outputs)
                done = replace(done, invalidated=paths)
            if done.deleted:
                command = f"{self.location.command('history')} KEY"
                on_progress(Note(f"If the bucket keeps versions, restore can undo this: {command}"))
            if not bucket:
                return replace(done, urls=self._own(outputs).route_urls(self.model.routes))
        return done

    @readable_errors()
    def publish_document(
        self,
        key: str,
        value: object,
        *,
        exclude: Sequence[str] = (),
        if_match: str | None = None,
        create_only: bool = False,
        force: bool = False,
        default: Callable[[Any], object] | None = None,
        version: int | str | None = None,
        as_writer: bool = False,
        bucket: str | None = None,
        invalidate: bool = False,
        on_progress: OnProgress = ignore,
    ) -> Published:
        """Publish one document, whether or not it has changed.

        Bytes are JSON already, any other value is encoded as JSON; `default` converts values that
        JSON does not know. With `if_match` the current document must have this ETag; with
        `create_only` the key must be new. With `version`, or on a route with a `version_field`, it
        replaces only an older one: `outcome` of the result says what became of it. With `force` an
        equal version is sent again. With `invalidate` its route is then invalidated on the
        distribution of [cdn].

        Raises:
            ConfigError: the document, its key or the options are invalid; nothing was sent.
            LostRace: another writer was first, or the version is stored with another content;
                nothing was changed.
            Unfinished: it was interrupted, and the document may be stored.
        """
        from readmodel_cfn.publish.put import publish_document

        self._refuse_single("publish_document")
        self._check_invalidation(invalidate, bucket)
        outputs: dict[str, str] = {}
        found = Lookup(
            partial(self._destination, bucket, as_writer, on_progress, outputs, invalidate)
        )
        done = publish_document(
            key,
            value,
            found,
            self._settings,
            routes=self.model.routes,
            exclude=self._excluded(exclude),
            if_match=if_match,
            create_only=create_only,
            force=force,
            default=default,
            version=version,
            on_progress=on_progress,
        )
        with keeping_result(done, "1 sent"):
            self._write_metric(found.connection, on_progress)
            if invalidate:
                done = self._invalidated(done, found.connection, outputs)
        return done if bucket else self._with_url(done, outputs)

    @readable_errors()
    def publish_file(
        self,
        file: str | Path,
        *,
        key: str | None = None,
        route: str | None = None,
        exclude: Sequence[str] = (),
        if_match: str | None = None,
        create_only: bool = False,
        force: bool = False,
        version: int | str | None = None,
        as_writer: bool = False,
        bucket: str | None = None,
        invalidate: bool = False,
        on_progress: OnProgress = ignore,
    ) -> Published:
        """Publish one JSON file, whether or not it has changed.

        The default `key` is the route's only key, or the file's path. `route` is the path of the
        route that serves it. Other arguments and errors are those of `publish_document`.
        """
        from readmodel_cfn.publish.put import publish_file

        self._refuse_single("publish" if if_match is None else "--if-match")
        self._check_invalidation(invalidate, bucket)
        outputs: dict[str, str] = {}
        found = Lookup(
            partial(self._destination, bucket, as_writer, on_progress, outputs, invalidate)
        )
        done = publish_file(
            Path(file),
            found,
            self._settings,
            routes=self.model.routes,
            key=key,
            route=route,
            exclude=self._excluded(exclude),
            if_match=if_match,
            create_only=create_only,
            force=force,
            version=version,
            on_progress=on_progress,
        )
        with keeping_result(done, "1 sent"):
            self._write_metric(found.connection, on_progress)
            if invalidate:
                done = self._invalidated(done, found.connection, outputs)
        return done if bucket else self._with_url(done, outputs)

    def plan_file(
        self,
        file: str | Path,
        *,
        key: str | None = None,
        route: str | None = None,
        exclude: Sequence[str] = (),
        version: int | str | None = None,
    ) -> PublishPlan:
        """What `publish_file` would send; nothing is sent, and AWS is not called."""
        from readmodel_cfn.publish.put import plan_file

        self._refuse_single("publish")
        routes, excluded = self.model.routes, self._excluded(exclude)
        return plan_file(
            Path(file),
            self._settings,
            routes=routes,
            key=key,
            route=route,
            exclude=excluded,
            version=version,
        )

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

    def _refuse_single(self, where: str) -> None:
        """Refuse to read or change single documents of releases, which are whole sets.

        Raises:
            ConfigError: the read model has releases.
        """
        if self.model.releases is not None:
            what = "with [releases] documents change only as a whole set"
            hint = "use publish DIR --release (publish_release in Python)"
            raise ConfigError(what, where=where, hint=hint)

    def _destination(
        self,
        bucket: str | None,
        as_writer: bool,
        on_progress: OnProgress,
        outputs: dict[str, str] | None = None,
        invalidate: bool = False,
    ) -> "Destination":
        """The bucket to publish to; the stack is described only if its outputs are needed.

        They are added to `outputs`, as the stack names them.
        """
        from readmodel_cfn.publish import destination

        connection = self.connect(on_progress)
        stack = None if bucket and not as_writer else self._described(on_progress)
        outputs = {} if outputs is None else outputs
        outputs |= self._stack_outputs(stack) if stack else {}
        target = None if bucket or stack is None else self.location.of_stack(stack.id).target
        own = self._own(outputs)
        bucket = bucket or own.required("S3BucketName")
        if invalidate:
            own.required("DistributionId")
        found = destination.Destination.from_connection(connection, bucket, target)
        if not as_writer:
            return found
        written = destination.as_writer(found, own.values, self.model.writer_allow)
        if invalidate:
            written.require("--invalidate", "invalidate")
        return written

    def _check_invalidation(self, invalidate: bool, bucket: str | None) -> None:
        """Refuse an invalidation without a distribution.

        Raises:
            ConfigError: there is no [cdn], or a bucket is given.
        """
        if invalidate and self.model.cdn is None:
            hint = "add [cdn] to readmodel.toml and deploy, or omit it"
            raise ConfigError("the read model has no CDN", where="--invalidate", hint=hint)
        if invalidate and bucket:
            hint = "omit --bucket: the distribution is that of the stack"
            raise ConfigError("has no effect with --bucket", where="--invalidate", hint=hint)

    def _changed_routes(self, on_progress: OnProgress) -> "ChangedRoutes":
        """What notes the routes that a run changes."""
        from readmodel_cfn.publish.invalidation import ChangedRoutes

        origin = self.model.cdn.origin if self.model.cdn else "data-store"
        return ChangedRoutes(self.model.routes, on_progress, origin)

    def _invalidate(
        self, changed: "ChangedRoutes", connection: Connection | None, outputs: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Invalidate the changed routes with the credentials that published; return their paths.

        Raises:
            Unfinished: CloudFront refused; the documents are published.
        """
        from readmodel_cfn.publish.invalidation import invalidate

        if paths := changed.paths:
            distribution = self._own(outputs).required("DistributionId")
            invalidate(connection or self.connection, distribution, paths)
        return paths

    def _invalidated(
        self, published: Published, connection: Connection | None, outputs: Mapping[str, str]
    ) -> Published:
        """With the paths of the document's route, which are invalidated."""
        changed = self._changed_routes(ignore)
        changed.add(published.key)
        paths = self._invalidate(changed, connection, outputs)
        return replace(published, invalidated=paths)

    def _known_destination(self, bucket: str | None, as_writer: bool) -> "Destination | None":
        """The bucket, if it is known without a call: then it is listed early.

        None also after an error, which is raised when the documents have been checked.
        """
        if not bucket or as_writer or self._requested.sandbox:
            return None
        with suppress(ReadModelError), readable_errors():
            return self._destination(bucket, as_writer, ignore)
        return None

    def _with_url(self, published: Published, outputs: Mapping[str, str]) -> Published:
        """With the URL at which the document can now be read."""
        url = self._own(outputs).document_url(published.key, self.model.routes)
        return replace(published, url=url)

    def _write_metric(self, connection: Connection | None, on_progress: OnProgress) -> None:
        """Write the metric of a run of `publish`, with the credentials that published."""
        from readmodel_cfn.publish.metric import PublishMetric

        if self.model.writes_metric:
            metric = PublishMetric(self.name, self.config.stack.prefix)
            metric.write(connection or self.connection, on_progress)


class Lookup:
    """Looks up the bucket to publish to, and keeps the connection that reaches it."""

    def __init__(self, find: "Callable[[], Destination]") -> None:
        self._find = find
        self.connection: Connection | None = None

    def __call__(self) -> "Destination":
        """The bucket."""
        found = self._find()
        self.connection = found.connection
        return found
