"""`diff`: what a deploy would change, without changing it."""

from collections.abc import Mapping
from dataclasses import replace

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.consent import Confirm
from readmodel_cfn.deploy.change_sets import delete_abandoned, temporary_change_set
from readmodel_cfn.deploy.changes import additions, from_change_set, others, readable
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.context import sendable
from readmodel_cfn.deploy.inspection import Inspection, inspect_stack
from readmodel_cfn.deploy.obstacles import obstacles
from readmodel_cfn.deploy.releases import release_notes
from readmodel_cfn.deploy.settings import FindSettings, no_settings, stack_settings
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.stack_diff import StackDiff
from readmodel_cfn.deploy.template_bucket import TemplateBucket, check_template_bucket
from readmodel_cfn.errors import Unfinished
from readmodel_cfn.progress import Note, OnProgress, Step, ignore

CLOCK = Clock()


@readable_errors()
def diff(
    spec: StackSpec,
    connection: Connection | None = None,
    *,
    template_bucket: str | None = None,
    confirm: Confirm | None = None,
    find_settings: FindSettings = no_settings,
    on_progress: OnProgress = ignore,
) -> StackDiff:
    """What `deploy` with the same spec would change.

    A change set is created for it, and deleted again. `template_bucket` is an S3 bucket for a
    template of more than 51,200 bytes; by default a private bucket of the account, which is created
    if it does not exist: `confirm` is called before that. `find_settings` finds the changed
    settings of the deployed template.

    Raises:
        ConfigError: the template is invalid.
        ConsentRequired: `confirm` did not agree to create the bucket.
        ReadModelError, Stuck: `deploy` would refuse the stack.
        Unfinished: an operation is in progress, or a rollback has failed.
    """
    _ = spec.content  # raises ConfigError if the template is invalid
    connection = connection or Connection()
    location = StackLocation(spec.name, connection, command_options=spec.command_options)
    client = StackClient(connection.client("cloudformation"))
    inspection = inspect_stack(client, spec, location, on_progress)
    location = inspection.location
    if inspection.plan.action in ("attach", "continue rollback"):
        hint = f"wait until it ends: {location.command('follow')}"
        raise Unfinished("it cannot be compared now", where=str(location), hint=hint)
    if inspection.plan.action == "update" and not spec.fits_request:
        bucket = TemplateBucket.of(location, template_bucket)
        for line in check_template_bucket(bucket) if bucket.given else ():
            on_progress(Note(line))
        spec = sendable(spec, bucket, location, confirm, on_progress)
    before = inspection.template if isinstance(inspection.template, Mapping) else None
    for obstacle in obstacles(before, spec.content):
        text = f"deploy will refuse this: {obstacle.where}: {obstacle.what}; {obstacle.hint}"
        on_progress(Note(text))
    for line in release_notes(inspection.template, spec.content):
        on_progress(Note(line))
    return compare(client, spec, inspection, on_progress, find_settings)


def compare(
    client: StackClient,
    spec: StackSpec,
    inspection: Inspection,
    on_progress: OnProgress,
    find_settings: FindSettings = no_settings,
    clock: Clock = CLOCK,
) -> StackDiff:
    """The difference between the inspected stack and the spec.

    A new stack, or an unchanged template, needs no change set.
    """
    stack, action = inspection.stack, inspection.plan.action
    if stack is None or action in ("create", "recreate"):
        return replace(additions(spec), action=action)
    on_progress(Step("Comparing the stack with its template"))
    delete_abandoned(client, spec.name)
    if action in ("nothing", "protect"):
        changes = others(stack, readable(inspection.template), spec)
        return StackDiff((), changes, action, tuple(stack_settings(changes)))
    with temporary_change_set(client, spec, "UPDATE", clock, on_progress) as change_set:
        found = from_change_set(change_set.content, stack, inspection.template, spec, find_settings)
        return replace(found, action=action)
