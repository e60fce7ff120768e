"""ReadModelStack: one read model as one CloudFormation stack.

    shop = ReadModelStack("shop", ReadModel(routes=[Route("products/{id}", "products/{id}.json")]))
    shop.deploy()
    shop.publish({"products/42.json": {"id": 42}})
    print(shop.read("products/42").json())

Most methods are a command of the command line. Results are frozen values; their `as_dict()` is what
the command prints with `--json`. All errors are ReadModelErrors.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack, overload

from readmodel_cfn.aws.connection import Connection, Credentials, check_endpoint_url
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.config.file import check_article, load
from readmodel_cfn.config.values import DEFAULT_FILE, Config, Publish, StackSettings
from readmodel_cfn.consent import Confirm
from readmodel_cfn.deploy.outputs import ModelOutputs
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished, keeping_result
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.results import (
    Published,
    PublishPlan,
    PublishResult,
)
from readmodel_cfn.template.metrics import TRIGGERS
from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.releases import Releases
from readmodel_cfn.template.routes import find_route, serving_route
from readmodel_cfn.template.sections.access import key_id_output
from readmodel_cfn.template.sections.cdn import US_EAST_1
from readmodel_cfn.threads import call_within

if TYPE_CHECKING:
    import boto3
    from awacs.aws import PolicyDocument

    from readmodel_cfn.aws.authorization import Authorize
    from readmodel_cfn.aws.http import Response
    from readmodel_cfn.deploy.client import StackClient
    from readmodel_cfn.deploy.delete import DeleteResult
    from readmodel_cfn.deploy.deploy import DeployResult
    from readmodel_cfn.deploy.diagnosis import Diagnosis
    from readmodel_cfn.deploy.events import OnInterrupt
    from readmodel_cfn.deploy.follow import FollowResult
    from readmodel_cfn.deploy.releases import ReleaseCalls
    from readmodel_cfn.deploy.rollback import AlarmWatch
    from readmodel_cfn.deploy.settings import ChangedSetting
    from readmodel_cfn.deploy.spec import StackSpec
    from readmodel_cfn.deploy.stack_diff import StackDiff
    from readmodel_cfn.deploy.stage_release import ApiStages, LiveRelease
    from readmodel_cfn.deploy.status import StackStatus
    from readmodel_cfn.deploy.values import Output, Stack
    from readmodel_cfn.estimate.cost import Estimate
    from readmodel_cfn.estimate.prices import Prices
    from readmodel_cfn.estimate.sizes import Paths, Sizes
    from readmodel_cfn.local.serve import Source
    from readmodel_cfn.policy import Purpose
    from readmodel_cfn.publish.destination import Destination
    from readmodel_cfn.publish.documents import Settings
    from readmodel_cfn.publish.history import Restored, Version
    from readmodel_cfn.publish.invalidation import ChangedRoutes
    from readmodel_cfn.publish.partition.results import CommitResult, PartitionResult
    from readmodel_cfn.publish.partitions import PartitionOptions
    from readmodel_cfn.publish.publish import Documents, MaxDeletes, SharedOptions
    from readmodel_cfn.publish.release.activate import Activation
    from readmodel_cfn.publish.release.results import Activated, Pruned, Release, ReleaseResult
    from readmodel_cfn.publish.release.watch import ReleaseWatch
    from readmodel_cfn.publish.stored import StoredDocument
    from readmodel_cfn.publish.unpublish import UnpublishResult
    from readmodel_cfn.publish.unpublish_version import PruneResult
    from readmodel_cfn.verify.contract import CheckedStack, Contract
    from readmodel_cfn.verify.race.race import RaceResult
    from readmodel_cfn.verify.releases.result import SwitchResult
    from readmodel_cfn.verify.verify import VerifyResult

    class PublishOptions(SharedOptions, total=False):
        """The types of the options of `ReadModelStack.publish`."""

        as_writer: bool
        bucket: str | None
        invalidate: bool


T = TypeVar("T")


class ReadModelStack:
    """One read model as one CloudFormation stack in one AWS account and region.

    AWS is not called before a method needs it. All methods use one connection.

    Args:
        name: Name of the stack.
        model: The read model; `ReadModel()` is the built-in example. Without one, the methods that
            need it raise ConfigError before AWS is called, and the others work.
        region: AWS region (default: that of the environment or the profile).
        profile: AWS profile (default: that of the environment).
        endpoint_url: One URL for every AWS service, such as an emulator's.
        session: A boto3 session, instead of region and profile.
        sandbox: Whether to use the embedded AWS; it is started if needed.
        tags: Tags of the stack, which CloudFormation copies to its resources.
        termination_protection: Whether CloudFormation refuses to delete the stack.
        role_arn: ARN of the IAM role that CloudFormation assumes.
        account: The only AWS account that may be used, except for the sandbox.
        prefix: Prefix of the logical IDs and outputs, if the stack holds more than this read model.
        article: Whether to use the original 2018 template instead of `model`.

    Raises:
        ConfigError: a value that AWS would refuse, or options that exclude each other.
    """

    def __init__(
        self,
        name: str,
        model: ReadModel | None = None,
        *,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        session: "boto3.Session | None" = None,
        sandbox: bool = False,
        tags: Mapping[str, str] | None = None,
        termination_protection: bool = False,
        role_arn: str | None = None,
        account: str | None = None,
        prefix: str = "",
        article: bool = False,
    ) -> None:
        settings = StackSettings(
            name=name,
            region=region,
            tags=dict(tags or {}),
            termination_protection=termination_protection,
            role_arn=role_arn,
            account=account,
            prefix=prefix,
        )
        self._set(
            Config(settings, model or ReadModel()),
            Connection(region, profile, endpoint_url, sandbox=sandbox, session=session),
            article,
            has_model=article or model is not None,
        )

    @classmethod
    def from_config(
        cls,
        config: str | Path | Config = DEFAULT_FILE,
        *,
        env: str | None = None,
        name: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        session: "boto3.Session | None" = None,
        sandbox: bool = False,
        article: bool = False,
    ) -> Self:
        """The stack that a readmodel.toml describes; these arguments override its values.

        `env` is the environment of the file. If the file has environments and none is chosen, the
        methods that call AWS raise ConfigError before they do.

        Raises:
            ConfigError: the file cannot be read, has a value that AWS would refuse, or does not
                have the environment; or the name and region are those of another environment.
        """
        if not isinstance(config, Config):
            config = load(Path(config), env)
        elif env is not None:
            config = config.environment(env)
        settings = config.stack if name is None else replace(config.stack, name=name)
        stack = cls.__new__(cls)
        region = region or settings.region
        config.check_own_stack(settings.name, region)
        stack._set(
            replace(config, stack=settings),
            Connection(region, profile, endpoint_url, sandbox=sandbox, session=session),
            article,
        )
        return stack

    def _set(
        self, config: Config, connection: Connection, article: bool, *, has_model: bool = True
    ) -> None:
        if connection.session and (connection.profile or connection.sandbox):
            hint = "a session has its own profile and account"
            raise ConfigError("excludes profile and sandbox", where="session", hint=hint)
        self.config: Config = config
        self.article: bool = article
        self._has_model: bool = has_model
        self._requested: Connection = replace(
            connection, allowed_account=config.stack.account, env=config.env
        )
        self._connection: Connection | None = None

    def __repr__(self) -> str:
        return f"ReadModelStack({self.name!r})"

    @property
    def name(self) -> str:
        """Name of the stack."""
        return self.config.stack.name

    @property
    def model(self) -> ReadModel:
        """The read model; for the article's stack, the default one.

        Raises:
            ConfigError: there is none: only the stack's name was given.
        """
        self._require_model()
        return ReadModel() if self.article else self.config.model

    def _require_model(self) -> None:
        """Check that there is a read model; called before AWS is.

        Raises:
            ConfigError: only the stack's name was given.
        """
        if not self._has_model:
            hint = "pass one, such as ReadModel(routes=[...]), or use ReadModelStack.from_config"
            raise ConfigError("has no read model", where=repr(self), hint=hint)

    @readable_errors()
    def connect(self, on_progress: OnProgress = ignore) -> Connection:
        """The connection of all methods; starts the sandbox if it is used.

        Raises:
            ConfigError: the endpoint URL is not an http or https URL, or readmodel.toml has
                environments and none is chosen.
            SandboxError: the sandbox cannot be installed or started.
        """
        if self._connection is None:
            self.config.require_stack()
            self._connection = _connected(self._requested, on_progress)
        return self._connection

    @property
    def connection(self) -> Connection:
        """The connection of all methods, as `connect` returns it."""
        return self.connect()

    @cached_property
    def location(self) -> StackLocation:
        """The stack's name and connection, for messages and command lines."""
        return StackLocation(self.name, self.connection, command_options=self._command_options)

    @property
    def _command_options(self) -> tuple[str, ...]:
        """The options of the command line that select the model, for messages."""
        return ("--article",) if self.article else self.config.command_options

    @cached_property
    def _client(self) -> "StackClient":
        from readmodel_cfn.deploy.client import StackClient

        return StackClient(self.connection.client("cloudformation"))

    def template(self) -> str:
        """The template of the stack, as compact JSON."""
        from readmodel_cfn.template.article import build_article
        from readmodel_cfn.template.render import build_template, render

        prefix = self.config.stack.prefix
        template = build_article() if self.article else build_template(self.model, prefix)
        return render(template, "compact")

    def policy(self, *purposes: "Purpose", on_progress: OnProgress = ignore) -> "PolicyDocument":
        """The least IAM policy for working with this stack; AWS is not called.

        `purposes` are "deploy", "publish", "read", "verify" and "delete"; by default all of them.
        "diff" is the part of "deploy" that changes nothing, and "service-role" is the policy of the
        role that CloudFormation assumes (`role_arn`). Without `account` and `region` the policy is
        for any account or region. `on_progress` gets a Note for each thing that the reader of the
        policy must know.

        Raises:
            ConfigError: a purpose is unknown, or readmodel.toml has environments and none is
                chosen.
        """
        from readmodel_cfn.policy import policy

        self.config.require_stack()
        settings, routes = self.config.stack, self.model.routes
        return policy(
            self.template(),
            self.name,
            *purposes,
            region=self._requested.region or settings.region,
            account=settings.account,
            role_arn=settings.role_arn,
            parameters={"StackName": self.name} if self.article else {},
            keys=[route.key_pattern for route in routes],
            on_progress=on_progress,
        )

    @readable_errors()
    def deploy(
        self,
        *,
        adopt: bool = True,
        recreate: bool = False,
        express: bool = False,
        disable_rollback: bool = False,
        import_existing: bool = False,
        revert_drift: bool = False,
        template_bucket: str | None = None,
        detach: bool = False,
        timeout: float | None = None,
        watch: bool = True,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
        on_interrupt: "OnInterrupt | None" = None,
    ) -> "DeployResult":
        """Create or update the stack, and wait until it is complete.

        Waits for an operation in progress first. An unchanged stack is not updated. A deploy
        that is known to fail is refused before anything is changed.

        Args:
            adopt: Whether a stack without this tool's tag may be adopted, with consent; otherwise
                it is refused.
            recreate: Consent to delete a stack whose creation never succeeded.
            express: Return when the configuration is applied, without waiting until resources are
                stable.
            disable_rollback: Keep the resources of a failed operation.
            import_existing: Import resources that exist, such as a retained bucket.
            revert_drift: Revert changes that were made outside of CloudFormation.
            template_bucket: S3 bucket for a template of more than 51,200 bytes; by default a
                private bucket of the account, which is created if it does not exist.
            detach: Return when the operation has started.
            timeout: Seconds to wait for an operation at most.
            watch: Whether CloudFormation rolls an update back if an alarm of [alarms] fires.
            confirm: Called before each change. Without it these are refused: adopting a stack,
                recreating it, continuing a failed rollback, replacing or removing what has
                the documents or a URL, disabling API Gateway's own URL, and removing all routes.
            on_progress: Gets the lint findings, the Plan, the StackDiff, each StackEvent, and Step
                and Note.
            on_interrupt: Called on Ctrl-C during the wait. Without it the wait ends.

        Raises:
            ConfigError: the template is too large, or an option needs a newer boto3.
            FindingsError: cfn-lint has findings; nothing was changed.
            ConsentRequired: `confirm` did not agree to the error's `consent`.
            RolledBack: the operation failed and was rolled back; the error has the cause.
            Stuck: manual intervention in AWS is required.
            Unfinished: the operation is still in progress; call it again to continue.
            ReadModelError: it was refused before anything was changed.
        """
        from readmodel_cfn.deploy.deploy import deploy

        self._require_model()
        connection = self.connect(on_progress)
        done = deploy(
            replace(self._spec(), express=express, disable_rollback=disable_rollback),
            connection,
            adopt=adopt,
            recreate=recreate,
            import_existing=import_existing,
            revert_drift=revert_drift,
            template_bucket=template_bucket,
            detach=detach,
            timeout=timeout,
            origin=self._origin(),
            find_settings=self._changed_settings,
            releases=self._release_calls(confirm, on_progress),
            watch=self._alarm_watch(watch, on_progress),
            confirm=confirm,
            on_progress=lambda value: on_progress(self._with_tables(value)),
            on_interrupt=on_interrupt,
        )
        return replace(done, urls=self._own(done.outputs).route_urls(self.model.routes))

    @readable_errors()
    def diff(
        self,
        *,
        template_bucket: str | None = None,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "StackDiff":
        """What `deploy` would change. A change set is created for it, and deleted again.

        Args:
            template_bucket: S3 bucket for a template of more than 51,200 bytes; by default a
                private bucket of the account, which is created if it does not exist.
            confirm: Called before that bucket is created; without it the call is consent.
            on_progress: Gets the Plan, and Step and Note.

        Raises:
            ConfigError: the template is too large.
            ConsentRequired: `confirm` did not agree to create the bucket.
            ReadModelError, Stuck: `deploy` would refuse the stack.
            Unfinished: an operation is in progress, or a rollback has failed.
        """
        from readmodel_cfn.deploy.diff import diff

        self._require_model()
        connection = self.connect(on_progress)
        found = diff(
            self._spec(),
            connection,
            template_bucket=template_bucket,
            confirm=confirm,
            find_settings=self._changed_settings,
            on_progress=on_progress,
        )
        return self._with_tables(found)

    @readable_errors()
    def follow(
        self,
        *,
        timeout: float | None = None,
        on_progress: OnProgress = ignore,
        on_interrupt: "OnInterrupt | None" = None,
    ) -> "FollowResult":
        """Report the events of the operation in progress, or of the last one, until it ends.

        Args:
            timeout: Seconds to wait at most.
            on_progress: Gets each StackEvent, and Step.
            on_interrupt: Called on Ctrl-C during the wait, if the stack has this tool's tag.

        Raises:
            RolledBack, Stuck: the operation failed.
            Unfinished: it is still in progress.
            ReadModelError: the stack does not exist, or had no operation.
        """
        from readmodel_cfn.deploy.follow import follow

        self.connect(on_progress)
        return follow(
            self.location,
            timeout=timeout,
            origin=self._origin(),
            on_progress=on_progress,
            on_interrupt=on_interrupt,
        )

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
        found = _Lookup(
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
        found = _Lookup(
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
        found = _Lookup(
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
                release before is made live again.
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
            RolledBack: an alarm fired, and the release before is live again.
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
        found = _Lookup(partial(self._destination, bucket, as_writer, on_progress, outputs))
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
        release before is made live again.

        Raises:
            ConfigError: there is no such complete release, no such stage, or no alarm to watch.
            RolledBack: an alarm fired, and the release before is live again.
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
        """Make the release live that was live before; called again, it is undone.

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

    def _refuse_single(self, where: str) -> None:
        """Refuse to read or change single documents of releases, which are whole sets.

        Raises:
            ConfigError: the read model has releases.
        """
        if self.model.releases is not None:
            what = "with [releases] documents change only as a whole set"
            hint = "use publish DIR --release (publish_release in Python)"
            raise ConfigError(what, where=where, hint=hint)

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

    @readable_errors()
    def read(self, path: str | None = None, on_progress: OnProgress = ignore) -> "Response":
        """GET a path of the deployed API, such as products/42 (default: the first route's).

        With [access] the request is signed, or has the value of the first API key.

        No HTTP status is an error here; `raise_for_status` of the response raises one, with a hint
        that distinguishes a document that is not published from a path that no route has.

        Raises:
            ConfigError: no path is given, and the first route has parameters.
            ReadModelError: the stack does not exist, or its API does not respond.
        """
        from readmodel_cfn.aws.http import request

        self._require_model()
        outputs = self._readable(self._own_outputs(on_progress))
        first = outputs.required("SamplesUrl")
        if path is None and outputs.cdn_url():
            first = outputs.url(self.model.routes[0].path)
        url = outputs.url(path) if path else first
        if path is None and "{" in url:
            hint = f"add a PATH, such as {self.model.routes[0].example.path}"
            raise ConfigError("the first route has parameters", where="read", hint=hint)
        on_progress(Step(f"Waiting for {url}"))
        headers = self._authorize(outputs)("GET", url)
        response = request(url, headers=headers, ca_bundle=self.connection.ca_bundle)
        if response.ok:
            return response
        from readmodel_cfn.verify.failed_read import read_hint

        model = self.model
        hint = read_hint(
            response,
            path or model.routes[0].path,
            model.routes,
            self.location,
            masked=model.api.missing == "mask",
            article=self.article,
            releases=model.releases is not None,
            access=model.access,
        )
        return replace(response, hint=hint)

    def _authorize(self, outputs: ModelOutputs) -> "Authorize":
        """What authorizes reads of the deployed API: a signature, or the first API key."""
        from readmodel_cfn.aws.authorization import anonymous, signed, with_api_key

        access = self.model.access
        if access is None or access.auth == "public":
            return anonymous
        if access.auth == "iam":
            return signed(self.connection)
        return with_api_key(self.connection, outputs.required(key_id_output(access.key_names[0])))

    @readable_errors()
    def verify(
        self,
        *,
        route: str | None = None,
        timeout: float = 15,
        not_ours: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "VerifyResult":
        """Check over HTTP that the deployed stack responds as the read model promises.

        A probe document is written under a route, and always removed, also after an error. A route
        without parameters serves it to its clients for some seconds, which requires consent.

        Args:
            route: Path of the route to probe (default: one with a parameter).
            timeout: Seconds in which the first read must succeed and throttled ones are retried.
            not_ours: Whether a stack without this tool's tag is allowed.
            confirm: Called before a change that requires consent; by default the call is consent.
            on_progress: Gets Step and Note.

        Raises:
            ConfigError: no route has the path.
            ReadModelError: the stack does not exist or has no tag, or no server responds.
            Unfinished: another document was published meanwhile, or the API is throttled.
        """
        from readmodel_cfn.verify.contract import plan_probe
        from readmodel_cfn.verify.verify import verify

        contract = self._contract()
        probe = plan_probe(contract, route)
        status = self.status(on_progress=on_progress)
        if status.differs:
            hint = f"to compare them: {self.location.command('diff')}"
            on_progress(Note(f"The read model differs from the deployed stack; {hint}"))
        if self.model.releases:
            contract = contract.in_release(self._live_stage_release(on_progress))
            probe = plan_probe(contract, route)
        return verify(
            self._checked(status.stack),
            contract,
            probe,
            status.live,
            timeout=timeout,
            not_ours=not_ours,
            confirm=confirm,
            on_progress=on_progress,
        )

    @readable_errors()
    def race(
        self,
        *,
        seconds: float = 10,
        readers: int = 8,
        size: int = 1_000_000,
        route: str | None = None,
        not_ours: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "RaceResult":
        """Check that readers get complete and current documents while they are replaced.

        One writer replaces a document while `readers` processes read it through the API, with at
        most 10,000 reads and 1,000 writes. The document is removed also after an error.

        Args:
            seconds: How long documents are written and read.
            readers: Number of reader processes.
            size: Size of each document in bytes.
            route: Path of the route to read (default: one with a parameter).
            not_ours: Whether a stack without this tool's tag is allowed.
            confirm: Called before a change that requires consent; by default the call is consent.
            on_progress: Gets Step and Note.

        Raises:
            ConfigError: no route has the path, or no document can have the size.
            ReadModelError: the stack does not exist or has no tag, or no server responds.
            Unfinished: another document was published meanwhile.
        """
        from readmodel_cfn.verify.contract import plan_probe
        from readmodel_cfn.verify.race.race import plan_race, race

        contract = self._contract()
        probe, plan = plan_probe(contract, route), plan_race(size, readers, seconds)
        if self.model.releases:
            contract = contract.in_release(self._live_stage_release(on_progress))
            probe = plan_probe(contract, route)
        stack = self._checked(self._described(on_progress))
        return race(
            stack,
            contract,
            probe,
            plan,
            not_ours=not_ours,
            confirm=confirm,
            on_progress=on_progress,
        )

    @readable_errors()
    def verify_releases(
        self,
        *,
        readers: int = 4,
        route: str | None = None,
        not_ours: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "SwitchResult":
        """Check that readers get each release whole while 50 of them are activated.

        With a preview stage only that stage is switched. Without one the live stage is: then each
        release also has copies of the live documents, at most 100. At the end the stage serves what
        it served before, and the releases are deleted, also after an error.

        Args:
            readers: Number of concurrent readers.
            route: Path of the route to read, which has a parameter.
            not_ours: Whether a stack without this tool's tag is allowed.
            confirm: Called before a change that requires consent; by default the call is consent.
            on_progress: Gets Step, Note and Count.

        Raises:
            ConfigError: the read model has no releases or no route with a parameter, or the live
                release has too many documents.
            ReadModelError: no release is live, or the stack does not exist or has no tag.
        """
        from readmodel_cfn.verify.releases.run import verify_releases

        self._require_releases("--releases")
        activation = self._activation(on_progress)
        stack = self._described(on_progress)
        return verify_releases(
            self._checked(stack),
            self._contract(),
            activation,
            self._own_outputs(stack=stack).values.get("PreviewUrl"),
            route=route,
            readers=readers,
            not_ours=not_ours,
            confirm=confirm,
            on_progress=on_progress,
        )

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

    @readable_errors()
    def status(self, *, drift: bool = False, on_progress: OnProgress = ignore) -> "StackStatus":
        """The stack's status, and whether its stages serve what its template says.

        `raise_if_broken` of the result raises an error if they do not. With `drift`, CloudFormation
        detects what was changed outside the stack, which may take minutes.

        Raises:
            ReadModelError: the stack does not exist.
        """
        from readmodel_cfn.deploy.status import status

        location = self._locate(on_progress)
        templates = self._templates() if self._has_model else None
        return status(
            location,
            templates,
            drift=drift,
            live_release=self._live_release,
            on_progress=on_progress,
        )

    @readable_errors()
    def outputs(
        self, on_progress: OnProgress = ignore, *, show_secrets: bool = True
    ) -> dict[str, str]:
        """The deployed stack's outputs, with URLs that this machine can reach.

        The outputs of the article's stack include the writer's secret access key; without
        `show_secrets` its value is `****`.

        Raises:
            ReadModelError: the stack does not exist.
        """
        found = self.described_outputs(on_progress, show_secrets=show_secrets)
        return {output.name: output.value for output in found}

    @readable_errors()
    def described_outputs(
        self, on_progress: OnProgress = ignore, *, show_secrets: bool = True
    ) -> "list[Output]":
        """The deployed stack's outputs, with their descriptions."""
        from readmodel_cfn.deploy.values import stack_outputs

        stack = self._described(on_progress)
        return stack_outputs(stack, self.connection.emulator_url, show_secrets=show_secrets)

    @readable_errors()
    def openapi(
        self, *, api: str | None = None, deployed: bool = False, on_progress: OnProgress = ignore
    ) -> dict[str, Any]:
        """The API as an OpenAPI 3.1 document, with the JSON Schemas of the model's routes.

        Args:
            api: The logical ID of the API, if the template has several that read S3.
            deployed: Whether to describe the deployed stack: its template and its URL. Otherwise
                AWS is not called.
            on_progress: Gets a Note for each part that may read S3 and is left out.

        Raises:
            ConfigError: no such API, a file that is no JSON Schema, or the extra `schema`, which
                schemas require, is not installed.
            ReadModelError: the deployed stack does not exist, or has no API.
        """
        from readmodel_cfn.analysis.openapi import openapi
        from readmodel_cfn.analysis.view import unchecked_parts

        template: Any
        urls: Mapping[str, str] = {}
        if deployed:
            stack = self._described(on_progress)
            outputs = self._own_outputs(stack=stack).at_default_endpoint()
            outputs.api_url()  # it must have one
            urls, template = outputs.api_urls(), self._client.template(stack.id)
        else:
            template = self.template()
        routes = self.model.routes if self._has_model else ()
        document = openapi(
            template,
            api,
            stack_name=self.name,
            region=self.connection.region_name if deployed else self.config.stack.region,
            schemas={route.path: route.schema for route in routes if route.schema},
            urls=urls,
        )
        for unchecked in unchecked_parts(template):
            on_progress(Note(f"left out: {unchecked}"))
        return document

    def estimate(
        self,
        documents: "Paths | Mapping[str, object] | None" = None,
        *,
        reads: int,
        writes: int,
        hit_rate: float = 0,
        region: str | None = None,
        prices: "str | Path | Prices | None" = None,
        exclude: Sequence[str] = (),
        on_progress: OnProgress = ignore,
    ) -> "Estimate":
        """The monthly cost of the API alone, of a CDN on the API, and of a CDN on the bucket.

        AWS is not called. What has no price with a source is None, and so are the sums with it.

        Args:
            documents: Paths of files and directories, or a mapping of keys to values, as `publish`
                takes them: their sizes as compressed. They must be JSON that routes serve; JSON
                Schemas are not checked. Without them storage and data transfer are unknown.
            reads: Reads a month, as many of each document.
            writes: Documents that are sent a month; each replaces a version.
            hit_rate: Percentage of the reads that a CDN answers without asking its origin (default
                0, which is what `max_age = 0` under [data_store] means).
            region: Region of the prices (default: that of the stack, else us-east-1).
            prices: A file of prices instead of the package's own, or its prices.
            exclude: Glob patterns of keys that are left out, besides those of the configuration.
            on_progress: Gets Step and Note.

        Raises:
            ConfigError: a number or the file of prices is not allowed, or there is no document.
            InvalidDocuments: documents are invalid.
        """
        from readmodel_cfn.estimate.cost import estimate, percentage
        from readmodel_cfn.estimate.prices import known_prices, load_prices, regions
        from readmodel_cfn.estimate.usage import design_of, usage_of

        region = region or self._requested.region or self.config.stack.region or US_EAST_1
        if prices is None:
            prices = known_prices()
        elif isinstance(prices, str | Path):
            prices = load_prices(prices)
        if region not in (known := regions(prices)):
            on_progress(Note(f"there are no prices of {region}, only of {', '.join(known)}"))
        sizes = None if documents is None else self._sizes(documents, exclude, on_progress)
        usage = usage_of(self.model, reads, writes, percentage(hit_rate), sizes)
        return estimate(usage, region, prices, design_of(self.model))

    def _sizes(
        self,
        documents: "Paths | Mapping[str, object]",
        exclude: Sequence[str],
        on_progress: OnProgress,
    ) -> "Sizes":
        """The sizes of documents as this read model stores and sends them."""
        from readmodel_cfn.estimate.sizes import sizes_of
        from readmodel_cfn.publish.selection import Selection

        compress_from = self.model.api.compress_from
        selection = Selection(self.model.routes, self._excluded(exclude))
        least = None if self.article or compress_from == "never" else compress_from
        return sizes_of(documents, self._settings, selection, least, on_progress)

    @readable_errors()
    def url(self, path: str = "", on_progress: OnProgress = ignore) -> str:
        """The URL at which a path is read, such as products/42 (default: the base URL).

        It is that of the distribution if there is one, otherwise of the API.

        Raises:
            ReadModelError: the stack does not exist, or has no API.
        """
        return self._own_outputs(on_progress).url(path)

    @readable_errors()
    def route_urls(self, on_progress: OnProgress = ignore) -> dict[str, str]:
        """The URL of each route of the deployed API, by its path; parameters stay in braces.

        Without a model the routes are those of the deployed template. The result is empty if no
        output of the stack has the API's URL.

        Raises:
            ReadModelError: the stack does not exist.
        """
        stack = self._described(on_progress)
        if not stack.outputs:
            return {}
        outputs = self._own_outputs(stack=stack)
        if self._has_model:
            return outputs.route_urls(self.model.routes)
        from readmodel_cfn.analysis.routes import route_paths

        apis = outputs.api_urls()
        template = self._client.template(stack.id) if apis else {}
        return {
            path: f"{url}/{path}"
            for name, url in apis.items()
            for path in route_paths(template, name)
        }

    @readable_errors()
    def bucket(self, on_progress: OnProgress = ignore) -> str:
        """Name of the deployed stack's bucket.

        Raises:
            ReadModelError: the stack does not exist, or has no such output.
        """
        return self._own_outputs(on_progress).required("S3BucketName")

    def check_new_name(
        self, *, existing: bool = False, timeout: float = 5, on_progress: OnProgress = ignore
    ) -> bool | None:
        """Check that no stack has this name yet; returns whether one has.

        With `existing` there may be one, and a Note says whether it has this tool's tag. None, and
        a Note with the reason, if AWS refuses the call or does not respond within `timeout`
        seconds. The sandbox is not started for it.

        Raises:
            ReadModelError: a stack has the name; the error says whether it has this tool's tag.
        """
        from readmodel_cfn.deploy.plan import is_managed
        from readmodel_cfn.deploy.spec import MANAGED_TAG_TEXT

        on_progress(Step(f"Looking for an existing stack {self.name}"))
        try:
            stack = self._described_within(timeout)
        except ReadModelError as error:
            on_progress(Note(f"Could not check whether stack {self.name} exists: {error}"))
            return None
        if stack is None:
            return False
        has_tag = "with" if is_managed(stack) else "without"
        what = f"exists already, {has_tag} the tag {MANAGED_TAG_TEXT}"
        if not existing:
            hint = "choose another name, or use --existing to describe this stack"
            raise ReadModelError(what, where=str(self.location), hint=hint)
        on_progress(Note(f"{self.location}: {what}"))
        return True

    def _described_within(self, seconds: float) -> "Stack | None":
        """The stack, or None if there is none.

        Raises:
            ReadModelError: AWS refused the call or did not respond in time.
        """
        if self._requested.sandbox:
            from readmodel_cfn.local import sandbox

            if sandbox.status() is None:  # it keeps its stacks in memory
                return None
        describe = readable_errors()(lambda: self._client.describe(self.name))
        try:
            return call_within(seconds, describe)
        except TimeoutError as error:
            raise ReadModelError(str(error), where="AWS") from error

    @readable_errors()
    def diagnose(self, on_progress: OnProgress = ignore) -> "Diagnosis":
        """Why the stack's last operation failed, if it did, and what to do next.

        Raises:
            ReadModelError: the stack does not exist.
        """
        from readmodel_cfn.deploy.diagnosis import diagnose

        return diagnose(self._locate(on_progress), self._origin().get, on_progress)

    @readable_errors()
    def delete(
        self,
        *,
        with_data: bool = False,
        force: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "DeleteResult":
        """Delete the stack; a retained bucket is kept with its documents unless `with_data`.

        If there is no such stack, nothing is done, and the result's `name` is None.

        After an interruption, call it again. `force` keeps the resources that cannot be deleted,
        after a failed deletion. `confirm` is called before documents are deleted
        ("erase-documents") and before the stack is deleted ("delete").

        Raises:
            ConsentRequired: `confirm` does not agree, or is None; nothing is changed.
            ConfigError: it is in another account than `account`.
            ReadModelError: the stack may not be deleted; nothing is changed.
            Stuck: AWS refuses to delete the resource or object that the error names.
            Unfinished: interrupted after something was deleted; call it again.
        """
        from readmodel_cfn.deploy.delete import delete

        return delete(
            self._locate(on_progress),
            with_data=with_data,
            force=force,
            confirm=confirm,
            on_progress=on_progress,
        )

    def serving(
        self,
        documents: str | Path = "data",
        *,
        s3_endpoint: str | None = None,
        sign: bool = False,
        origins: Sequence[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        on_progress: OnProgress = ignore,
    ) -> AbstractContextManager[str]:
        """Serve the API on this machine while a `with` block runs; it yields the API's URL.

        No AWS is needed. The arguments are those of `readmodel_cfn.local.serve.serving`.

        Raises:
            ConfigError: the folder of documents does not exist.
            ReadModelError: the port is in use.
        """
        from readmodel_cfn.local.serve import serving

        return serving(
            self.serve_source(),
            documents,
            s3_endpoint=s3_endpoint,
            sign=sign,
            origins=origins,
            host=host,
            port=port,
            on_progress=on_progress,
        )

    def serve_source(self) -> "Source":
        """What `serve` serves: the template, its parameters, and how documents are stored."""
        from readmodel_cfn.local.serve import Source, Storage
        from readmodel_cfn.publish.documents import check_document
        from readmodel_cfn.publish.selection import Selection

        settings = self._settings
        selection = Selection(self.model.routes, self.config.publish.exclude)
        storage = Storage(
            headers={name.lower(): value for name, value in settings.attributes.items()},
            encode=settings.stored,
            publishes=selection.publishes,
            check=lambda document, file: check_document(document, file, settings),
        )
        values = {"StackName": self.name, "AWS::StackName": self.name}
        return Source(json.loads(self.template()), values, storage=storage)

    def _described(self, on_progress: OnProgress = ignore) -> "Stack":
        """The deployed stack.

        Raises:
            ReadModelError: it does not exist.
        """
        from readmodel_cfn.deploy.inspection import existing_stack

        return existing_stack(self._client, self._locate(on_progress), on_progress)

    def _locate(self, on_progress: OnProgress) -> StackLocation:
        """The location, after connecting."""
        self.connect(on_progress)
        return self.location

    def _spec(self) -> "StackSpec":
        """The stack as the model and the settings describe it.

        Raises:
            ConfigError: the article's stack has a name or a region that its template does not
                allow.
        """
        from readmodel_cfn.deploy.spec import StackSpec

        settings = self.config.stack
        if self.article:
            check_article(self.name, self.connection.region_name)
        return StackSpec(
            name=self.name,
            template=self.template(),
            parameters={"StackName": self.name} if self.article else {},
            tags=settings.tags,
            termination_protection=settings.termination_protection,
            role_arn=settings.role_arn,
            command_options=self._command_options,
        )

    def _changed_settings(self, deployed: Mapping[str, Any]) -> "Iterable[ChangedSetting]":
        """The settings of the model that differ from those of the deployed template."""
        from readmodel_cfn.config.changes import changed_settings

        if self.article:
            return ()
        return changed_settings(deployed, self.model, self.config.stack.prefix)

    def _origin(self) -> Mapping[str, str]:
        """The table of readmodel.toml that creates a resource, by logical ID."""
        from readmodel_cfn.config.origins import origins

        if self.article or not self._has_model:
            return {}
        found = origins(self.model, self.config.stack.prefix)
        return {name: self.config.tables_of(table) for name, table in found.items()}

    def _with_tables(self, value: T) -> T:
        """A StackDiff whose settings name the table that sets them; other values unchanged."""
        settings = getattr(value, "settings", ()) if self.config.overrides else ()
        if not settings:
            return value
        named = (
            replace(setting, table=self.config.table_of(setting.table, setting.key))
            for setting in settings
        )
        return replace(value, settings=tuple(named))  # type: ignore[type-var]

    def _templates(self) -> Iterator[str]:
        """The template of the model, and the article's, as JSON."""
        from readmodel_cfn.template.article import build_article
        from readmodel_cfn.template.render import build_template, render

        yield render(build_template(self.config.model, self.config.stack.prefix), "compact")
        yield render(build_article(), "compact")

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

    def _alarm_watch(self, watch: bool, on_progress: OnProgress) -> "AlarmWatch | None":
        """The alarms that CloudFormation watches during an update."""
        from readmodel_cfn.deploy.rollback import AlarmWatch

        if self.article:
            return None
        alarms = self.model.alarms
        minutes = alarms.watch if alarms and watch else None
        return AlarmWatch(self._triggers, minutes, partial(self._reading, on_progress))

    @property
    def _triggers(self) -> tuple[str, ...]:
        """The logical IDs of the alarms that undo an update or a release."""
        return tuple(f"{self.config.stack.prefix}{name}" for name in TRIGGERS)

    def _reading(self, on_progress: OnProgress, stack: "Stack") -> AbstractContextManager[None]:
        """Reads of the deployed API, whose metrics the alarms watch, while a `with` block runs.

        A CDN is not read: it may answer without the API. An API that cannot be read is a note.
        """
        from readmodel_cfn.verify.reads import reading

        try:
            with readable_errors():
                outputs = self._readable(self._own_outputs(stack=stack))
                url, authorize = outputs.api_url(), self._authorize(outputs)
        except ReadModelError as error:
            on_progress(Note(f"The API is not read meanwhile: {error}"))
            return nullcontext()
        ca_bundle = self.connection.ca_bundle
        return reading(url, self._contract().routes, authorize, ca_bundle, on_progress)

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

    def _write_metric(self, connection: Connection | None, on_progress: OnProgress) -> None:
        """Write the metric of a run of `publish`, with the credentials that published."""
        from readmodel_cfn.publish.metric import PublishMetric

        if self.model.writes_metric:
            metric = PublishMetric(self.name, self.config.stack.prefix)
            metric.write(connection or self.connection, on_progress)

    def _live_release(self, stack: "Stack") -> "LiveRelease | None":
        """The release that the pointer in the stack's bucket names."""
        from readmodel_cfn.deploy.stage_release import LiveRelease
        from readmodel_cfn.publish.release.store import ReleaseStore

        pointer = ReleaseStore(self._bucket_of(stack)).pointer()
        if pointer is None:
            return None
        return LiveRelease(pointer.release, pointer.time, pointer.documents)

    def _bucket_of(self, stack: "Stack") -> "Destination":
        """The bucket of a stack."""
        from readmodel_cfn.publish.destination import Destination

        bucket = self._own_outputs(stack=stack).required("S3BucketName")
        target = self.location.of_stack(stack.id).target
        return Destination.from_connection(self.connection, bucket, target)

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

    @property
    def _settings(self) -> "Settings":
        """How the read model stores its documents."""
        from readmodel_cfn.publish.documents import Settings

        store = self.model.data_store
        return Settings(store.cache_control, store.gzip_stored, encrypted=bool(store.kms_key))

    def _excluded(self, exclude: Sequence[str]) -> tuple[str, ...]:
        """The patterns of the configuration and of the call, after checking them."""
        return Publish((*self.config.publish.exclude, *exclude)).exclude

    def _contract(self) -> "Contract":
        """What the stack promises its readers."""
        from readmodel_cfn.verify.contract import Contract, PromisedRoute

        model, access = self.model, self.model.access
        compress_from = model.api.compress_from
        return Contract(
            routes=tuple(PromisedRoute(route.path, route.key) for route in model.routes),
            cache_control=model.data_store.cache_control,
            gzip_stored=model.data_store.gzip_stored,
            cors_origins=model.api.cors_origins,
            cors_headers=(*model.api.cors_headers, *(access.request_headers if access else ())),
            missing=model.api.missing,
            compress_from=None if compress_from == "never" else compress_from,
            article=self.article,
            auth=access.auth if access else "public",
            restricts_network=access is not None and access.restricts_network,
        )

    def _checked(self, stack: "Stack") -> "CheckedStack":
        from readmodel_cfn.deploy.plan import is_managed
        from readmodel_cfn.verify.contract import CheckedStack

        outputs = self._own_outputs(stack=stack)
        domain, default = self.model.domain, outputs.at_default_endpoint().api_url()
        return CheckedStack(
            location=self.location.of_stack(stack.id),
            bucket=outputs.required("S3BucketName"),
            api_url=self._readable(outputs).api_url(),
            is_managed=is_managed(stack),
            authorize=self._authorize(outputs),
            disabled_url=default if domain and not domain.default_endpoint else None,
            cdn_url=outputs.cdn_url(),
        )

    def _readable(self, outputs: ModelOutputs) -> ModelOutputs:
        """The outputs with URLs that can be read from here.

        A domain name is used where it resolves: before its DNS record is known, the API is read at
        its own URL, unless that is disabled. An emulator has no domain names: one that resolves is
        not the emulator's.
        """
        from readmodel_cfn.aws.http import resolves

        if not outputs.has_domain:
            return outputs
        if self.connection.emulator_url:
            return outputs.at_default_endpoint()
        domain = self.model.domain
        disabled = domain is not None and not domain.default_endpoint
        return outputs if disabled or resolves(outputs.api_url()) else outputs.at_default_endpoint()

    def _own_outputs(
        self, on_progress: OnProgress = ignore, stack: "Stack | None" = None
    ) -> ModelOutputs:
        """This read model's outputs.

        Raises:
            ReadModelError: the stack does not exist, or its creation failed or is in progress.
        """
        return self._own(self._stack_outputs(stack or self._described(on_progress)))

    def _stack_outputs(self, stack: "Stack") -> dict[str, str]:
        """The outputs of the stack, with URLs that this machine can reach.

        Raises:
            ReadModelError: its creation failed or is in progress.
        """
        from readmodel_cfn.deploy.inspection import require_outputs
        from readmodel_cfn.deploy.values import stack_outputs

        require_outputs(stack, self.location)
        found = stack_outputs(stack, self.connection.emulator_url, show_secrets=True)
        return {output.name: output.value for output in found}

    def _own(self, outputs: Mapping[str, str]) -> ModelOutputs:
        """This read model's outputs among those of the stack."""
        return ModelOutputs.of(outputs, self.config.stack.prefix, self.location)

    def _with_url(self, published: Published, outputs: Mapping[str, str]) -> Published:
        """With the URL at which the document can now be read."""
        url = self._own(outputs).document_url(published.key, self.model.routes)
        return replace(published, url=url)


class _Lookup:
    """Looks up the bucket to publish to, and keeps the connection that reaches it."""

    def __init__(self, find: "Callable[[], Destination]") -> None:
        self._find = find
        self.connection: Connection | None = None

    def __call__(self) -> "Destination":
        found = self._find()
        self.connection = found.connection
        return found


def _connected(requested: Connection, on_progress: OnProgress) -> Connection:
    # boto3 reads AWS_DEFAULT_REGION only; every other AWS SDK reads AWS_REGION.
    region = requested.region or (None if requested.session else os.environ.get("AWS_REGION"))
    if requested.sandbox:  # which may have any account
        from readmodel_cfn.local import sandbox

        box = sandbox.start(on_progress=on_progress)
        key = Credentials(box.access_key_id, box.secret_access_key)
        place = (region or box.region, None, box.endpoint_url, key)
        return Connection(*place, sandbox=True, env=requested.env)
    if endpoint_url := requested.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"):
        check_endpoint_url(endpoint_url)
    return replace(requested, region=region)
