"""Publishing documents to the stack's bucket."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished, keeping_result
from readmodel_cfn.progress import Note, OnProgress, ignore
from readmodel_cfn.publish.results import (
    Published,
    PublishPlan,
    PublishResult,
)
from readmodel_cfn.stack.reads import Reads

if TYPE_CHECKING:
    from readmodel_cfn.publish.destination import Destination
    from readmodel_cfn.publish.invalidation import ChangedRoutes
    from readmodel_cfn.publish.publish import Documents, MaxDeletes, SharedOptions

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
        send = partial(
            publish_document,
            key,
            value,
            settings=self._settings,
            routes=self.model.routes,
            exclude=self._excluded(exclude),
            if_match=if_match,
            create_only=create_only,
            force=force,
            default=default,
            version=version,
            on_progress=on_progress,
        )
        return self._publish_one(send, bucket, as_writer, invalidate, on_progress)

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
        send = partial(
            publish_file,
            Path(file),
            settings=self._settings,
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
        return self._publish_one(send, bucket, as_writer, invalidate, on_progress)

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

    def _publish_one(
        self,
        send: "Callable[[Lookup], Published]",
        bucket: str | None,
        as_writer: bool,
        invalidate: bool,
        on_progress: OnProgress,
    ) -> Published:
        """Send one document, and do what follows from it."""
        outputs: dict[str, str] = {}
        found = Lookup(
            partial(self._destination, bucket, as_writer, on_progress, outputs, invalidate)
        )
        done = send(found)
        with keeping_result(done, "1 sent"):
            self._write_metric(found.connection, on_progress)
            if invalidate:
                done = self._invalidated(done, found.connection, outputs)
        return done if bucket else self._with_url(done, outputs)

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
