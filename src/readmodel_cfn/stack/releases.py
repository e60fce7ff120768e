"""Releases: sets of documents that go live at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import ConfigError, ReadModelError, keeping_result
from readmodel_cfn.progress import OnProgress, Step, ignore
from readmodel_cfn.publish.results import (
    PublishPlan,
)
from readmodel_cfn.stack.documents import StoredDocuments
from readmodel_cfn.stack.publishing import Lookup
from readmodel_cfn.template.releases import Releases

if TYPE_CHECKING:
    from readmodel_cfn.deploy.releases import ReleaseCalls
    from readmodel_cfn.deploy.stage_release import ApiStages, LiveRelease
    from readmodel_cfn.deploy.values import Stack
    from readmodel_cfn.publish.partition.results import CommitResult, PartitionResult
    from readmodel_cfn.publish.partitions import PartitionOptions
    from readmodel_cfn.publish.publish import Documents
    from readmodel_cfn.publish.release.activate import Activation
    from readmodel_cfn.publish.release.results import Activated, Pruned, Release, ReleaseResult
    from readmodel_cfn.publish.release.watch import ReleaseWatch


class Releasing(StoredDocuments):
    """A stack that serves one release at a time."""

    @readable_errors()
    def publish_release(
        self,
        documents: "Documents",
        *,
        release: str | None = None,
        activate: bool = True,
        stage: str | None = None,
        watch: int | None = None,
        exclude: Sequence[str] = (),
        force: bool = False,
        skip_invalid: bool = False,
        default: Callable[[Any], object] | None = None,
        as_writer: bool = False,
        bucket: str | None = None,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "ReleaseResult":
        """Publish a whole set of documents as a release, which goes live at once.

        The release has these documents and no others. Those that the live release has are copied
        inside S3, the others are uploaded. A call that ends early leaves nothing live; the next one
        with the same documents continues.

        Args:
            documents: A mapping of keys to values, an iterable of (key, value) pairs, or paths of
                files and directories, as in `publish`.
            release: ID of the release (default: the one that has these documents, or was started
                for them; otherwise a new one).
            activate: Whether it goes live when it is complete.
            stage: Stage to activate it on, such as preview (default: the stage that is live).
            watch: Minutes to watch the alarms of [alarms] after it went live; if one fires, the
                previous release is made live again.
            exclude: Glob patterns of keys that are not published, in addition to those of the
                configuration.
            force: Upload all documents, to a new release.
            skip_invalid: Skip invalid documents and publish the others.
            default: Converts values that JSON does not know, as in `json.dumps`.
            as_writer: Whether to use the access key of the stack's writer for the documents.
            bucket: Bucket to publish to (default: that of the stack); it requires activate=False.
            confirm: Called before more than 100,000 documents are stored (kind "release").
            on_progress: Gets Step, Note, Count, ReleaseStarted before the first document is stored,
                and Sent or Fault for documents.

        Raises:
            ConfigError: the read model has no releases, a document, the ID or an option is invalid;
                nothing was stored.
            LostRace: the release exists, with other documents; or another release was activated
                since this call began, and this one is complete but not live.
            RolledBack: an alarm fired, and the previous release is live again.
            Unfinished: some documents were stored; call it again to continue. Or the release is
                live, and it was not watched to the end.
            ReadModelError: nothing was stored.
        """
        from readmodel_cfn.publish.release.publish import publish_release

        self._require_releases("--release")
        self._refuse_versions()
        if bucket and activate:
            hint = "add --no-activate: without the stack no stage is known"
            raise ConfigError("cannot be activated", where="--bucket and --release", hint=hint)
        if watch is not None and not activate:
            raise ConfigError("requires that the release is activated", where="--watch")
        watched = self._release_watch(watch, stage, on_progress)
        outputs: dict[str, str] = {}
        found = Lookup(partial(self._destination, bucket, as_writer, on_progress, outputs))
        done = publish_release(
            documents,
            found,
            self._settings,
            routes=self.model.routes,
            release=release,
            activation=partial(self._activation, on_progress) if activate else None,
            stage=stage,
            exclude=self._excluded(exclude),
            force=force,
            skip_invalid=skip_invalid,
            default=default,
            confirm=confirm,
            on_progress=on_progress,
        )
        if not activate or stage:
            return done
        with keeping_result(done, f"release {done.release} is live"):
            if watched and watched.watch(done.release):
                done = replace(done, watched=watched.minutes)
            self._write_metric(found.connection, on_progress)
        return replace(done, urls=self._own(outputs).route_urls(self.model.routes))

    @readable_errors()
    def plan_release(
        self,
        documents: "Documents",
        *,
        release: str | None = None,
        exclude: Sequence[str] = (),
        force: bool = False,
        skip_invalid: bool = False,
        default: Callable[[Any], object] | None = None,
        as_writer: bool = False,
        bucket: str | None = None,
        on_progress: OnProgress = ignore,
    ) -> PublishPlan:
        """What `publish_release` would upload, copy and leave out; nothing is stored."""
        from readmodel_cfn.publish.release.publish import plan_release

        self._require_releases("--release")
        self._refuse_versions()
        return plan_release(
            documents,
            partial(self._destination, bucket, as_writer, on_progress),
            self._settings,
            routes=self.model.routes,
            release=release,
            exclude=self._excluded(exclude),
            force=force,
            skip_invalid=skip_invalid,
            default=default,
            on_progress=on_progress,
        )

    @readable_errors()
    def partition_options(
        self,
        release: str | None = None,
        *,
        exclude: Sequence[str] = (),
        as_writer: bool = False,
        bucket: str | None = None,
        on_progress: OnProgress = ignore,
    ) -> "PartitionOptions":
        """The arguments of `publish_partition` that are the same for all partitions, for workers.

        They are the bucket, how documents are stored, the routes, and the ID of the release: a new
        one unless it is given. They can be pickled, and have no client.

        Args:
            release: ID of the release, which the read model must have turned on.
            exclude: Glob patterns of keys that are not published, in addition to those of the
                configuration.
            as_writer: Whether the workers use the access key of the stack's writer. The key is in
                the arguments then.
            bucket: Bucket to publish to (default: that of the stack).
            on_progress: Gets Step and Note.

        Raises:
            ConfigError: the ID is invalid, or the read model has no releases.
            ReadModelError: the stack does not exist, or was given a session, which no worker can
                use.
        """
        from readmodel_cfn.publish.release.names import check_id, new_id

        if self._requested.session is not None:
            what = "a session cannot be sent to workers"
            raise ReadModelError(what, where="session", hint="pass a profile and a region instead")
        if release is not None:
            self._require_releases("release")
            check_id(release, "release")
        elif self.model.releases is not None:
            release = new_id()
        return {
            "destination": self._destination(bucket, as_writer, on_progress),
            "settings": self._settings,
            "routes": tuple(self.model.routes),
            "exclude": self._excluded(exclude),
            "release": release,
        }

    @readable_errors()
    def commit(
        self,
        results: "Iterable[PartitionResult]",
        *,
        activate: bool = True,
        stage: str | None = None,
        as_writer: bool = False,
        bucket: str | None = None,
        on_progress: OnProgress = ignore,
    ) -> "CommitResult":
        """Complete the release that `publish_partition` has published, and make it live.

        There must be a result of each partition. Without releases it only checks the results.

        Args:
            results: The results of all partitions, in any order.
            activate: Whether the release goes live when it is complete.
            stage: Stage to activate it on, such as preview (default: the stage that is live).
            as_writer: Whether to complete it with the access key of the stack's writer; it is
                activated with your own.
            bucket: Bucket of the partitions (default: that of the stack); requires activate=False
                if the read model has releases.
            on_progress: Gets Step and Note, and Removed for each document of the live release that
                the new one does not have.

        Raises:
            InvalidDocuments: a document is invalid; nothing is complete.
            ConfigError: the results are not those of one set of documents; nothing is complete.
            Unfinished: the result of a partition is missing.
            LostRace: another release was activated meanwhile, and this one is complete but not
                live.
        """
        from readmodel_cfn.publish.partitions import commit

        activates = activate and self.model.releases is not None
        if bucket and activates:
            hint = "pass activate=False: without the stack no stage is known"
            raise ConfigError("cannot be activated", where="bucket", hint=hint)
        outputs: dict[str, str] = {}
        destination = self._destination(bucket, as_writer, on_progress, outputs)
        done = commit(
            results,
            destination,
            activation=partial(self._activation, on_progress) if activates else None,
            stage=stage,
            on_progress=on_progress,
        )
        is_live = not stage and (activates or done.release is None)
        if is_live:
            self._write_metric(destination.connection, on_progress)
        if bucket or not is_live:
            return done
        return replace(done, urls=self._own(outputs).route_urls(self.model.routes))

    @readable_errors()
    def releases(self, on_progress: OnProgress = ignore) -> "list[Release]":
        """The releases in the bucket, newest first, and which of them are live.

        Raises:
            ConfigError: the read model has no releases.
            ReadModelError: the stack does not exist, or a permission is not granted.
        """
        from readmodel_cfn.publish.release.prune import releases

        self._require_releases("release list")
        found = self._activation(on_progress)
        on_progress(Step(f"Listing the releases in {found.store.bucket}"))
        return releases(found.store, found.stages)

    @readable_errors()
    def activate(
        self,
        release: str,
        *,
        stage: str | None = None,
        watch: int | None = None,
        on_progress: OnProgress = ignore,
    ) -> "Activated":
        """Make a complete release live, or serve it on another stage, such as preview.

        With `watch` the alarms of [alarms] are watched for so many minutes; if one fires, the
        previous release is made live again.

        Raises:
            ConfigError: there is no such complete release, no such stage, or no alarm to watch.
            RolledBack: an alarm fired, and the previous release is live again.
            LostRace: another release was activated at the same time.
            Unfinished: the stage could not be changed; call it again. Or the release is live, and
                it was not watched to the end.
        """
        self._require_releases("release activate")
        watched = self._release_watch(watch, stage, on_progress)
        done = self._activation(on_progress).activate(release, stage)
        if watched and watched.watch(done.release):
            done = replace(done, watched=watched.minutes)
        if stage is None:
            self._write_metric(None, on_progress)
        return done

    @readable_errors()
    def rollback(self, on_progress: OnProgress = ignore) -> "Activated":
        """Make the previous release live again; called again, it is undone.

        Raises:
            ReadModelError: no release was live before.
            LostRace: another release was activated at the same time.
            Unfinished: the stage could not be changed; call it again.
        """
        self._require_releases("release rollback")
        return self._activation(on_progress).rollback()

    @readable_errors()
    def prune(
        self,
        *,
        keep: int | None = None,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "Pruned":
        """Delete all releases but the newest ones, and those that were never completed.

        A release is kept if the pointer or a stage names it, if it is the one before such a
        release, or if it was started less than a day ago and is not complete.

        Args:
            keep: Number of the newest releases to keep (default: that of [releases]).
            confirm: Called before anything is deleted (kind "prune").
            on_progress: Gets Step, Note and Count.

        Raises:
            ConsentRequired: `confirm` returned False; nothing was deleted.
            ReadModelError: the pointer and the live stage differ; nothing was deleted.
            Unfinished: some were deleted; call it again.
        """
        from readmodel_cfn.publish.release.prune import Pruning

        options = self._require_releases("release prune")
        if keep is None:
            keep = options.keep
        elif keep < 1:
            raise ConfigError(f"{keep} is not allowed", where="keep", hint="allowed: 1 or more")
        found = self._activation(on_progress)
        return Pruning(found.store, found.stages, keep, on_progress).prune(confirm)

    def _require_releases(self, where: str) -> Releases:
        """The options of releases.

        Raises:
            ConfigError: the read model has none.
        """
        found = self.model.releases
        if found is None:
            hint = "add the table [releases] to readmodel.toml and deploy"
            raise ConfigError("the read model has no releases", where=where, hint=hint)
        return found

    def _refuse_versions(self) -> None:
        """Refuse versions of documents that change only as a whole set.

        Raises:
            ConfigError: a route has a `version_field`.
        """
        for route in self.model.routes:
            if route.version_field is not None:
                what = "with [releases] documents have no versions: they change as a whole set"
                hint = f"remove version_field from the route {route.path}, or [releases]"
                raise ConfigError(what, where="routes.version_field", hint=hint)

    def _require_deployed_releases(self, on_progress: OnProgress) -> "Stack":
        """The deployed stack, whose API serves releases.

        Raises:
            ReadModelError: it does not, because the table was added after the last deploy.
        """
        from readmodel_cfn.deploy.stage_release import uses_releases

        stack = self._described(on_progress)
        if not uses_releases(self._client.template(stack.id)):
            hint = f"deploy [releases] first: {self.location.command('deploy')}"
            raise ReadModelError("its API serves no releases", where=str(self.location), hint=hint)
        return stack

    def _activation(self, on_progress: OnProgress) -> "Activation":
        """What activates releases: the bucket and the stages of the deployed stack.

        Raises:
            ReadModelError: the stack does not exist, or its API serves no releases.
        """
        from readmodel_cfn.deploy.stage_release import stages_of
        from readmodel_cfn.publish.release.activate import Activation
        from readmodel_cfn.publish.release.store import ReleaseStore

        stack = self._require_deployed_releases(on_progress)
        stages = stages_of(self._client, self.connection.client("apigateway"), stack)
        if stages is None:
            hint = f"deploy it again: {self.location.command('deploy')}"
            raise ReadModelError("its API has no stage", where=str(self.location), hint=hint)
        return Activation(ReleaseStore(self._bucket_of(stack)), stages, on_progress)

    def _release_watch(
        self, minutes: int | None, stage: str | None, on_progress: OnProgress
    ) -> "ReleaseWatch | None":
        """What watches a release; None if it is not watched.

        Raises:
            ConfigError: the stack has no alarms, or another stage than the live one is given.
            ReadModelError: an alarm fires already.
        """
        from readmodel_cfn.aws.alarms import alarm_states
        from readmodel_cfn.deploy.rollback import physical_names
        from readmodel_cfn.publish.release.watch import LONGEST, ReleaseWatch

        if minutes is None:
            return None
        if not 0 < minutes <= LONGEST:
            hint = f"use 1 to {LONGEST} minutes"
            raise ConfigError(f"{minutes} is not allowed", where="--watch", hint=hint)
        activation = self._activation(on_progress)
        if stage not in (None, activation.stages.live):
            hint = "omit --stage, or --watch"
            raise ConfigError("the alarms are those of the live stage", where="--watch", hint=hint)
        stack = self._described(on_progress)
        names = physical_names(self._client.resources(stack.id), self._triggers)
        if not names:
            hint = "add the table [alarms] to readmodel.toml and deploy"
            raise ConfigError("the stack has no alarms", where="--watch", hint=hint)
        states = partial(alarm_states, self.connection.client("cloudwatch"), names)
        reads = partial(self._reading, on_progress, stack)
        watch = ReleaseWatch(activation, minutes, states, reads, on_progress)
        watch.check()
        return watch

    def _live_release(self, stack: "Stack") -> "LiveRelease | None":
        """The release that the pointer in the stack's bucket names."""
        from readmodel_cfn.deploy.stage_release import LiveRelease
        from readmodel_cfn.publish.release.store import ReleaseStore

        pointer = ReleaseStore(self._bucket_of(stack)).pointer()
        if pointer is None:
            return None
        return LiveRelease(pointer.release, pointer.time, pointer.documents)

    def _release_calls(
        self, confirm: Confirm | None, on_progress: OnProgress
    ) -> "ReleaseCalls | None":
        """What `deploy` asks about releases; None if the model has none."""
        from readmodel_cfn.deploy.releases import ReleaseCalls

        if self.article or self.model.releases is None:
            return None

        def make_first(stack: "Stack", stages: "ApiStages") -> None:
            from readmodel_cfn.publish.release.first import make_first_release

            if "S3BucketName" not in self._own_outputs(stack=stack).values:
                return  # a stack of another tool, whose documents are not known
            make_first_release(
                self._bucket_of(stack),
                stages,
                routes=self.model.routes,
                confirm=confirm,
                on_progress=on_progress,
            )

        return ReleaseCalls(self._live_release, make_first)

    def _live_stage_release(self, on_progress: OnProgress) -> str:
        """The release that the live stage serves.

        Raises:
            ReadModelError: it serves none.
        """
        from readmodel_cfn.verify.releases.run import NO_RELEASE

        stages = self._activation(on_progress).stages
        found = stages.releases().get(stages.live)
        if not found:
            what, where = f"stage {stages.live} serves no release", str(self.location)
            raise ReadModelError(what, where=where, hint=NO_RELEASE)
        return found
