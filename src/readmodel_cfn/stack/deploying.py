"""Creating, updating, inspecting and deleting the stack."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.config.file import check_article
from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.stack.releases import Releasing
from readmodel_cfn.threads import call_within

if TYPE_CHECKING:
    from awacs.aws import PolicyDocument

    from readmodel_cfn.deploy.delete import DeleteResult
    from readmodel_cfn.deploy.deploy import DeployResult
    from readmodel_cfn.deploy.diagnosis import Diagnosis
    from readmodel_cfn.deploy.events import OnInterrupt
    from readmodel_cfn.deploy.follow import FollowResult
    from readmodel_cfn.deploy.rollback import AlarmWatch
    from readmodel_cfn.deploy.settings import ChangedSetting
    from readmodel_cfn.deploy.spec import StackSpec
    from readmodel_cfn.deploy.stack_diff import StackDiff
    from readmodel_cfn.deploy.status import StackStatus
    from readmodel_cfn.deploy.values import Stack
    from readmodel_cfn.policy import Purpose


T = TypeVar("T")


class Deploying(Releasing):
    """A stack that is deployed, inspected and deleted."""

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

    def _alarm_watch(self, watch: bool, on_progress: OnProgress) -> "AlarmWatch | None":
        """The alarms that CloudFormation watches during an update."""
        from readmodel_cfn.deploy.rollback import AlarmWatch

        if self.article:
            return None
        alarms = self.model.alarms
        minutes = alarms.watch if alarms and watch else None
        return AlarmWatch(self._triggers, minutes, partial(self._reading, on_progress))
