"""`deploy`: create or update a stack, from any status, and wait until it is complete.

The steps: lint the template; inspect the stack and plan; recover the stack if necessary; refuse
what is known to fail; show the difference; ask for consent; change the stack; wait.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.consent import Confirm, ConsentKind
from readmodel_cfn.deploy.change_sets import (
    ChangeSetType,
    TemporaryChangeSet,
    delete_abandoned,
    temporary_change_set,
)
from readmodel_cfn.deploy.changes import from_change_set
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.context import DeployContext, DeployOptions, Detached, check_boto3
from readmodel_cfn.deploy.diff import CLOCK, compare
from readmodel_cfn.deploy.edge import disabled_endpoints, effect_on_readers
from readmodel_cfn.deploy.events import EventStream, OnInterrupt, OperationEnd, event_ids
from readmodel_cfn.deploy.inspection import Inspection
from readmodel_cfn.deploy.obstacles import removed_methods
from readmodel_cfn.deploy.plan import CHANGING
from readmodel_cfn.deploy.preflight import preflight
from readmodel_cfn.deploy.recovery import recover
from readmodel_cfn.deploy.releases import (
    ReleaseCalls,
    make_first_release,
    release_notes,
    releases_before,
    set_releases,
)
from readmodel_cfn.deploy.rollback import AlarmWatch, with_rollback
from readmodel_cfn.deploy.settings import FindSettings, no_settings
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.stack_diff import StackDiff
from readmodel_cfn.deploy.template_bucket import TemplateBucket, check_template_bucket
from readmodel_cfn.deploy.values import Stack, stack_outputs
from readmodel_cfn.errors import ReadModelError, Unfinished, require_no_findings
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.target import Target

_REMOVED_METHODS = (
    "A removed route is still in the deployed API and may still answer; to remove it, raise serial "
    "under [deployment] and deploy again."
)


@dataclass(frozen=True)
class DeployResult:
    """The stack after a deploy.

    `outputs` are the values by name, with URLs that this machine can reach and secrets masked.
    `changed` is whether an operation ran. `detached` is whether the operation is still in progress:
    then there is no status and no output. `where` is the stack, its account and its region, which
    `target` has as fields. `seconds` is the duration of the operation; `created`, `updated` and
    `deleted` are the numbers of resources that it changed. `urls` has the URL of each route by its
    path, with parameters in braces; it is empty for a template that is not a read model's.
    """

    where: str
    status: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False
    detached: bool = False
    seconds: float = 0.0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    urls: Mapping[str, str] = field(default_factory=dict)
    target: Target = field(default_factory=Target)

    def as_dict(self) -> dict[str, Any]:
        """The object that the command prints with `--json`."""
        return {
            "status": self.status,
            "outputs": dict(self.outputs),
            "seconds": round(self.seconds, 3),
            "created": self.created,
            "updated": self.updated,
            "deleted": self.deleted,
            "urls": dict(self.urls),
            **self.target.as_dict(),
        }

    def __str__(self) -> str:
        if self.detached:
            return f"{self.where}: in progress"
        name, place = self.target.stack, self.target.place
        if not self.changed:
            return f"No change: {name} in {place} is as the template describes it"
        counts = {"created": self.created, "updated": self.updated, "deleted": self.deleted}
        seconds = max(round(self.seconds), 1)
        words = [f"{count} {done}" for done, count in counts.items() if count]
        changes = ", ".join(words) or "no resource changed"
        return f"{name} deployed to {place} in {seconds} s ({changes})"


@readable_errors()
def deploy(
    spec: StackSpec,
    connection: Connection | None = None,
    *,
    adopt: bool = True,
    recreate: bool = False,
    import_existing: bool = False,
    revert_drift: bool = False,
    template_bucket: str | None = None,
    detach: bool = False,
    timeout: float | None = None,
    lint: bool = True,
    origin: Mapping[str, str] | None = None,
    find_settings: FindSettings = no_settings,
    releases: ReleaseCalls | None = None,
    watch: AlarmWatch | None = None,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
    on_interrupt: OnInterrupt | None = None,
) -> DeployResult:
    """Create or update a stack of any template, and wait until it is complete.

    An operation in progress is waited for first. An unchanged stack is not updated. What is known
    to fail is refused before anything is changed.

    Args:
        spec: The stack.
        connection: The account and region; by default those of the environment.
        adopt: Whether a stack without this tool's tag may be adopted, with consent; otherwise it is
            refused.
        recreate: Consent to delete a stack whose creation never succeeded.
        import_existing: Import resources that exist, such as a retained bucket.
        revert_drift: Revert changes that were made outside of CloudFormation.
        template_bucket: S3 bucket for a template of more than 51,200 bytes; by default a private
            bucket of the account, which is created if it does not exist.
        detach: Return when the operation has started.
        timeout: Seconds to wait for an operation at most.
        lint: Whether cfn-lint checks the template first.
        origin: The table of readmodel.toml that creates a resource, by logical ID, for errors.
        find_settings: Finds the changed settings of the deployed template, for the StackDiff.
        releases: What to ask about releases, if the template reads documents of releases.
        watch: The alarms that roll an update back, if the template has or had them.
        confirm: Called before each change; without it these are refused: adopting a stack,
            recreating it, continuing a failed rollback, replacing a bucket or an API, removing
            all routes, and disabling the execute-api URL.
        on_progress: Gets the lint findings, the Plan, the StackDiff, each StackEvent, and Step and
            Note.
        on_interrupt: Called on Ctrl-C during the wait; without it the wait ends.

    Raises:
        ConfigError: the template is invalid, too large, or an option needs a newer boto3.
        FindingsError: cfn-lint has findings; nothing was changed.
        ConsentRequired: `confirm` did not agree to the error's `consent`.
        RolledBack: the operation failed and was rolled back; the error has the cause.
        Stuck: manual intervention in AWS is required.
        Unfinished: the operation is still in progress; call it again to continue.
        ReadModelError: it was refused, or AWS did not respond, before anything was changed.
    """
    _ = spec.content  # raises ConfigError if the template is invalid
    connection = connection or Connection()
    location = StackLocation(spec.name, connection, command_options=spec.command_options)
    client = StackClient(connection.client("cloudformation"))
    options = DeployOptions(
        adopt, recreate, import_existing, revert_drift, template_bucket, detach, timeout
    )
    check_boto3(client, spec, options)
    if lint:
        _lint(spec, connection, on_progress)
    context = DeployContext(
        client,
        spec,
        location,
        options,
        origin or {},
        confirm,
        on_progress,
        on_interrupt,
        find_settings=find_settings,
        releases=releases,
        watch=watch,
    )
    try:
        return _run(context)
    except Detached as detached:
        location = detached.location
        on_progress(Note(f"Deployment started. Follow it with: {location.command('follow')}"))
        return DeployResult(str(location), changed=True, detached=True, target=location.target)


def _lint(spec: StackSpec, connection: Connection, on_progress: OnProgress) -> None:
    from readmodel_cfn.lint import DEFAULT_REGION, lint_once

    region = connection.region_name or DEFAULT_REGION
    findings = lint_once(spec.template, [region], on_progress=on_progress)
    for finding in findings:
        on_progress(finding)
    hint = "fix the template; nothing was sent to AWS"
    require_no_findings(findings, "template", hint)
    on_progress(Note("Template: no cfn-lint finding."))


def _run(context: DeployContext) -> DeployResult:
    inspection = recover(context)
    context = replace(context, location=inspection.location)
    action, by_change_set = inspection.plan.action, context.options.needs_change_set
    if by_change_set or action in CHANGING:
        context = with_rollback(context, inspection)
        context = _with_bucket(context)
        _preflight(context, inspection)
    before = releases_before(context, inspection)
    apply = _execute_change_set if by_change_set else _create_or_update
    end = apply(context, inspection)
    assert end.stack is not None  # noqa: S101 - a deployed stack exists
    changed = end.stack is not inspection.stack
    protected = _protect(context, end.stack, changed=changed)
    released = set_releases(context, inspection, end.stack, before)
    if removed_methods(inspection.template, context.spec.content):
        context.on_progress(Note(_REMOVED_METHODS))
    return _result(context, end, end.stack, changed=changed or protected or released)


def _with_bucket(context: DeployContext) -> DeployContext:
    """The context with the bucket, if the template is too long for a request."""
    if context.spec.fits_request:
        return context
    given = context.options.template_bucket
    return replace(context, bucket=TemplateBucket.of(context.location, given))


def _result(
    context: DeployContext, end: OperationEnd, stack: Stack, *, changed: bool
) -> DeployResult:
    emulator_url = context.location.connection.emulator_url
    outputs = stack_outputs(stack, emulator_url, show_secrets=False)
    return DeployResult(
        str(context.location),
        stack.status,
        {output.name: output.value for output in outputs},
        changed,
        seconds=end.seconds,
        created=end.count("CREATE_COMPLETE", "IMPORT_COMPLETE"),
        updated=end.count("UPDATE_COMPLETE"),
        deleted=end.count("DELETE_COMPLETE"),
        target=context.location.target,
    )


def _preflight(context: DeployContext, inspection: Inspection) -> None:
    context.on_progress(Step("Checking names and quotas"))
    connection, stack = context.location.connection, inspection.stack
    notes = preflight(
        context.spec,
        inspection.template,
        connection.client,
        region=connection.region_name,
        deployed_parameters=stack.parameters if stack else None,
        import_existing=context.options.import_existing,
    )
    if context.bucket and context.bucket.given:
        notes += check_template_bucket(context.bucket)
    notes += release_notes(inspection.template, context.spec.content)
    for line in notes:
        context.on_progress(Note(line))


def _create_or_update(context: DeployContext, inspection: Inspection) -> OperationEnd:
    """Carry out the plan; without an operation the end has no events."""
    action, stack, where = inspection.plan.action, inspection.stack, context.location
    spec = context.sendable if action in ("update", "adopt") else context.spec
    diff = compare(context.client, spec, inspection, context.on_progress, context.find_settings)
    _report(context, diff)
    if action in CHANGING:
        _require_consent_to_loss(context, diff, inspection)
        kind: ConsentKind = "create" if action == "create" else "update"
        context.require(kind, f"{kind} {where}")
        make_first_release(context, inspection)
        events = _start(context, inspection)
        if events:
            return context.wait(events)
    elif action == "protect":
        if context.spec.termination_protection:
            context.require("protect", f"enable termination protection of {where}")
        else:
            context.require("unprotect", f"disable termination protection of {where}")
    return OperationEnd(stack, [])


def _start(context: DeployContext, inspection: Inspection) -> EventStream | None:
    """Start to create or update; None if CloudFormation finds nothing to update."""
    client, stack = context.client, inspection.stack
    if inspection.plan.action == "create" or stack is None:
        return context.events(client.create(context.sendable), set())
    known = event_ids(client, stack.id)
    return context.events(stack.id, known) if client.update(context.sendable) else None


def _execute_change_set(context: DeployContext, inspection: Inspection) -> OperationEnd:
    """Create a change set and execute it; without changes the end has no events."""
    with _change_set(context, inspection) as (diff, change_set):
        _report(context, diff)
        if not diff.resources and inspection.stack:
            return OperationEnd(inspection.stack, [])
        _require_consent_to_loss(context, diff, inspection)
        if context.options.import_existing:
            context.require("import", f"import existing resources into {context.location}")
        else:
            context.require("revert-drift", f"revert the drift of {context.location}")
        make_first_release(context, inspection)
        stack_id, change_set_id = change_set.content.stack_id, change_set.content.id
        known = event_ids(context.client, stack_id)
        rollback = {"disable_rollback": context.spec.disable_rollback}
        context.client.execute(stack_id, change_set_id, **rollback)
        change_set.executed = True
        return context.wait(context.events(stack_id, known))


@contextmanager
def _change_set(
    context: DeployContext, inspection: Inspection
) -> Iterator[tuple[StackDiff, TemporaryChangeSet]]:
    """A change set with the requested options, and what it would change."""
    client, spec, plan = context.client, context.sendable, inspection.plan
    stack = None if plan.action == "create" else inspection.stack
    context.on_progress(Step("Comparing the stack with its template"))
    if stack:
        delete_abandoned(client, spec.name)
    kind: ChangeSetType = "UPDATE" if stack else "CREATE"
    arguments = context.options.change_set_arguments
    with temporary_change_set(
        client, spec, kind, CLOCK, context.on_progress, **arguments
    ) as change_set:
        found = from_change_set(
            change_set.content, stack, inspection.template, spec, context.find_settings
        )
        yield replace(found, action=plan.action), change_set


def _require_consent_to_loss(
    context: DeployContext, diff: StackDiff, inspection: Inspection
) -> None:
    """Require consent for what an update would lose.

    What adopting a stack removes is named in the consent to adopt it.

    Raises:
        ConsentRequired: `confirm` did not agree, or is missing.
    """
    adopted = diff.action == "adopt"
    found = [item for item in diff.lost if not (adopted and item.kind == "remove")]
    if found:
        changes = ", ".join(f"{resource.kind} {resource.logical_id}" for resource in found)
        texts = "; ".join(dict.fromkeys(resource.loss for resource in found))
        lost = tuple(resource.logical_id for resource in found)
        context.require("replace", f"{changes} of {context.location}: {texts}", lost)
    if diff.removes_all_routes:
        count = counted(len(diff.removed_routes), "route")
        text = f"remove all routes of {context.location} ({count})"
        context.require("remove-all-routes", text, diff.removed_routes)
    if apis := disabled_endpoints(inspection.template, context.spec.content):
        effect = effect_on_readers(apis, context.spec.content)
        text = f"disable the execute-api URL of {context.location}: {effect}"
        context.require("disable-endpoint", text, tuple(apis))


def _report(context: DeployContext, diff: StackDiff) -> None:
    if diff:
        context.on_progress(diff)


def _protect(context: DeployContext, stack: Stack, *, changed: bool) -> bool:
    """Set the termination protection if it differs; a new stack has it already.

    Raises:
        Unfinished: it could not be set, and the stack was `changed` before.
    """
    protection = context.spec.termination_protection
    if stack.termination_protection == protection:
        return False
    try:
        with readable_errors():
            context.client.protect(stack.name, protection)
    except (ReadModelError, KeyboardInterrupt) as error:
        if not changed:
            raise
        why = f"{error.where}: {error.what}" if isinstance(error, ReadModelError) else "interrupted"
        what = f"the stack is {stack.status}, but its termination protection is not set: {why}"
        hint = "run the same command again"
        raise Unfinished(what, where=f"stack {stack.name}", hint=hint) from error
    return True
