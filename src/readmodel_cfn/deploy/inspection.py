"""Inspection of a stack before it is changed: its description, its template and the plan."""

from dataclasses import dataclass, replace
from typing import Any

from readmodel_cfn.aws.connection import StackLocation
from readmodel_cfn.deploy.advice import with_location
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.plan import COMPARABLE, NEVER_CREATED, Plan, is_managed, plan
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.errors import ReadModelError, Stuck
from readmodel_cfn.progress import OnProgress, Step


@dataclass(frozen=True)
class Inspection:
    """A stack, its deployed template if that is compared, and the plan."""

    stack: Stack | None
    template: Any
    plan: Plan


def inspect_stack(
    client: StackClient,
    spec: StackSpec,
    location: StackLocation,
    on_progress: OnProgress,
    *,
    adopt: bool = False,
) -> Inspection:
    """Read the stack and plan; the plan is reported, and nothing is changed.

    Raises:
        ReadModelError: the plan is to refuse; the error has the reason and what to do.
        Stuck: it requires manual intervention in AWS.
    """
    on_progress(Step(f"Describing {location}"))
    stack = client.describe(spec.name)
    template, history = None, list[str]()
    if stack and stack.status in COMPARABLE and (adopt or is_managed(stack)):
        template = client.template(stack.id)
    if stack and stack.status in NEVER_CREATED and is_managed(stack):
        own = (event for event in client.events(stack.id) if event.physical_id == stack.id)
        history = [event.status for event in own]
    decided = plan(stack, template, spec, history, adopt=adopt)
    decided = replace(decided, where=str(location))
    on_progress(decided)
    if decided.action == "refuse":
        kind = Stuck if decided.stuck else ReadModelError
        hint = decided.hint and with_location(decided.hint, location)
        raise kind(decided.why, where=f"stack {spec.name}", hint=hint)
    return Inspection(stack, template, decided)


def existing_stack(client: StackClient, location: StackLocation, on_progress: OnProgress) -> Stack:
    """The deployed stack.

    Raises:
        ReadModelError: it does not exist.
    """
    on_progress(Step(f"Describing {location}"))
    stack = client.describe(location.name)
    if stack is None:
        hint = f"run: {location.command('deploy')}"
        raise ReadModelError("does not exist", where=str(location), hint=hint)
    return stack
