"""Inspection of a stack before it is changed: its description, its template and the plan."""

from dataclasses import dataclass, replace
from typing import Any

from readmodel_cfn.aws.caller import in_callers_account
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.advice import with_location
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.plan import COMPARABLE, NEVER_CREATED, Plan, is_managed, plan
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished
from readmodel_cfn.progress import OnProgress, Step


@dataclass(frozen=True)
class Inspection:
    """A stack, its deployed template if that is compared, the plan, and the stack's location."""

    stack: Stack | None
    template: Any
    plan: Plan
    location: StackLocation


def inspect_stack(
    client: StackClient,
    spec: StackSpec,
    location: StackLocation,
    on_progress: OnProgress,
    *,
    adopt: bool = False,
    creates: bool = False,
) -> Inspection:
    """Read the stack and plan; the plan is reported, and nothing is changed.

    With `creates` the account is read even if there is no stack, since one will be created.

    Raises:
        ConfigError: the connection is limited to another account.
        ReadModelError: the plan is to refuse; the error has the reason and what to do.
        Stuck: it requires manual intervention in AWS.
    """
    on_progress(Step(f"Describing {location}"))
    stack = client.describe(spec.name)
    location = _located(location, stack, spec.role_arn, on_progress, creates=creates)
    template, history = None, list[str]()
    if stack and stack.status in COMPARABLE and (adopt or is_managed(stack)):
        template = client.template(stack.id)
    if stack and stack.status in NEVER_CREATED and is_managed(stack):
        own = (event for event in client.events(stack.id) if event.physical_id == stack.id)
        history = [event.status for event in own]
    decided = plan(stack, template, spec, history, adopt=adopt)
    decided = replace(decided, where=str(location), target=location.target)
    on_progress(decided)
    if decided.action == "refuse":
        kind = Stuck if decided.stuck else ReadModelError
        hint = decided.hint and with_location(decided.hint, location)
        raise kind(decided.why, where=f"stack {spec.name}", hint=hint)
    return Inspection(stack, template, decided, location)


def _located(
    location: StackLocation,
    stack: Stack | None,
    role_arn: str | None,
    on_progress: OnProgress,
    *,
    creates: bool,
) -> StackLocation:
    """The location with its account and the role that CloudFormation assumes.

    Without a stack AWS is asked only if the answer is needed: before the first create, and if the
    connection is limited to one account.
    """
    if stack:
        return location.of_stack(stack.id, role_arn or stack.role_arn or None)
    location = replace(location, role_arn=role_arn)
    if location.account is None and (creates or location.connection.allowed_account):
        return in_callers_account(location, on_progress)
    return location


def existing_stack(client: StackClient, location: StackLocation, on_progress: OnProgress) -> Stack:
    """The deployed stack.

    Raises:
        ConfigError: the connection is limited to another account.
        ReadModelError: it does not exist.
    """
    on_progress(Step(f"Describing {location}"))
    stack = client.describe(location.name)
    location = _located(location, stack, None, on_progress, creates=False)
    if stack is None:
        hint = f"check the name and the region; to create it, run: {location.command('deploy')}"
        raise ReadModelError("does not exist", where=str(location), hint=hint)
    return stack


def require_outputs(stack: Stack, location: StackLocation) -> None:
    """Check that a stack without outputs is not one whose creation failed or has not ended.

    Raises:
        ReadModelError: its creation failed.
        Unfinished: it is still being created.
    """
    if stack.outputs:
        return
    if stack.status == "CREATE_IN_PROGRESS":
        hint = f"wait for its end; run: {location.command('follow')}"
        raise Unfinished("it is being created", where=str(location), hint=hint)
    if stack.status in NEVER_CREATED:
        hint = f"to see why, run: {location.command('diagnose')}"
        what = f"its creation did not succeed ({stack.status})"
        raise ReadModelError(what, where=str(location), hint=hint)
