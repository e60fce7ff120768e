"""DeployContext: the client, spec, options and callbacks that the steps of a deploy share."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.consent import Confirm, Consent, ConsentKind, require_consent
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.diagnosis import check
from readmodel_cfn.deploy.events import EventStream, OnInterrupt, OperationEnd
from readmodel_cfn.deploy.releases import ReleaseCalls
from readmodel_cfn.deploy.rollback import AlarmWatch
from readmodel_cfn.deploy.settings import FindSettings, no_settings
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.template_bucket import TemplateBucket, prepare, upload
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.progress import OnProgress, Step


class Detached(Exception):
    """The operation is in progress, and the caller does not wait."""

    def __init__(self, location: StackLocation) -> None:
        super().__init__()
        self.location = location


@dataclass(frozen=True)
class DeployOptions:
    """The options of `deploy`, which documents them."""

    adopt: bool
    recreate: bool
    import_existing: bool
    revert_drift: bool
    template_bucket: str | None
    detach: bool
    timeout: float | None

    @property
    def needs_change_set(self) -> bool:
        """Whether only a change set can do what is requested."""
        return self.import_existing or self.revert_drift

    @property
    def change_set_arguments(self) -> dict[str, Any]:
        """The arguments of CreateChangeSet for it."""
        imports = {"ImportExistingResources": True} if self.import_existing else {}
        return imports | ({"DeploymentMode": "REVERT_DRIFT"} if self.revert_drift else {})


def check_boto3(client: StackClient, spec: StackSpec, options: DeployOptions) -> None:
    """Check that the installed boto3 has what the options need.

    Raises:
        ConfigError: it is too old.
    """
    if spec.express:
        client.require("CreateStack", "DeploymentConfig", "--express")
    if options.import_existing:
        client.require("CreateChangeSet", "ImportExistingResources", "--import-existing")
    if options.revert_drift:
        client.require("CreateChangeSet", "DeploymentMode", "--revert-drift")


def sendable(
    spec: StackSpec,
    bucket: TemplateBucket,
    location: StackLocation,
    confirm: Confirm | None,
    on_progress: OnProgress,
) -> StackSpec:
    """Upload the template of a spec; return the spec with its URL.

    The bucket is created if necessary; on the sandbox without a question.

    Raises:
        ConsentRequired: `confirm` did not agree to create the bucket.
    """

    def require(text: str) -> None:
        if not location.connection.sandbox:
            consent = Consent("template-bucket", spec.name, text, target=location.target)
            require_consent(consent, confirm)

    prepare(bucket, require, on_progress)
    on_progress(Step(f"Uploading the template to {bucket.name}"))
    return upload(bucket, spec)


@dataclass(frozen=True)
class DeployContext:
    """One call of `deploy`; `bucket` is that of a template that is too long for a request.

    `releases` is None for a template without releases, `watch` for one that has no alarms of a
    read model.
    """

    client: StackClient
    spec: StackSpec
    location: StackLocation
    options: DeployOptions
    origin: Mapping[str, str]
    confirm: Confirm | None
    on_progress: OnProgress
    on_interrupt: OnInterrupt | None
    bucket: TemplateBucket | None = None
    find_settings: FindSettings = no_settings
    releases: ReleaseCalls | None = None
    watch: AlarmWatch | None = None

    @cached_property
    def sendable(self) -> StackSpec:
        """The spec; a template that is too long for a request is uploaded first."""
        if self.bucket is None:
            return self.spec
        return sendable(self.spec, self.bucket, self.location, self.confirm, self.on_progress)

    def require(self, kind: ConsentKind, text: str, lost: tuple[str, ...] = ()) -> None:
        """Require consent.

        Raises:
            ConsentRequired: `confirm` did not agree, or is missing.
        """
        consent = Consent(kind, self.spec.name, text, lost, self.location.target)
        require_consent(consent, self.confirm)

    def events(self, stack_id: str, known: set[str]) -> EventStream:
        """The events of an operation that has started; `known` are the IDs of earlier ones."""
        return EventStream(
            self.client,
            stack_id,
            known,
            self.options.timeout,
            where=str(self.location),
            again=self.location.command("follow"),
            on_interrupt=self.on_interrupt,
        )

    def wait(self, events: EventStream) -> OperationEnd:
        """Wait until the operation ends.

        Raises:
            Detached: the caller does not wait.
            RolledBack, Stuck: the operation failed.
            Unfinished: it is still in progress.
        """
        if self.options.detach:
            raise Detached(self.location)
        with self._reads(events.stack_id):
            end = events.wait(self.on_progress)
        return replace(end, stack=self.check(end))

    def _reads(self, stack_id: str) -> AbstractContextManager[None]:
        """Reads of the API while alarms are watched."""
        watched = self.watch and self.spec.rollback and self.spec.rollback.triggers
        stack = self.client.describe(stack_id) if watched else None
        return self.watch.reads(stack) if self.watch and stack else nullcontext()

    def check(self, end: OperationEnd) -> Stack:
        """Return the stack if the operation succeeded.

        Raises:
            RolledBack, Stuck: it failed.
        """
        return check(self.client, str(self.location), end, self.origin.get)
