"""The alarms that roll an update back: the RollbackConfiguration of a stack operation.

CloudFormation watches the alarms while it updates the stack, and some minutes afterwards. It fails
if an alarm does not exist, so an alarm is a trigger only if the stack has it before and after the
update. It remembers the triggers for later updates, so the list is sent each time, also if it is
empty.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from readmodel_cfn.aws.alarms import AlarmState, alarm_states
from readmodel_cfn.deploy.inspection import Inspection
from readmodel_cfn.deploy.values import Stack, StackResource
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note

if TYPE_CHECKING:
    from readmodel_cfn.deploy.context import DeployContext

ALARM = "AWS::CloudWatch::Alarm"


@dataclass(frozen=True)
class Rollback:
    """The triggers of an operation, as ARNs of alarms, and the minutes after it; maybe none."""

    triggers: tuple[str, ...] = ()
    minutes: int = 0

    @property
    def as_argument(self) -> dict[str, Any]:
        """The argument of UpdateStack and CreateChangeSet."""
        triggers = [{"Arn": arn, "Type": ALARM} for arn in self.triggers]
        return {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": self.minutes}


@dataclass(frozen=True)
class AlarmWatch:
    """What a deploy needs to let CloudFormation watch the alarms of a read model.

    `alarms` are the logical IDs of the alarms that may be triggers. `minutes` is None if they are
    not watched. `reads` reads the API of a stack while its `with` block runs: without reads an
    alarm has nothing to measure.
    """

    alarms: Collection[str]
    minutes: int | None
    reads: Callable[[Stack], AbstractContextManager[None]]


def physical_names(
    resources: Iterable[StackResource], chosen: Collection[str] | None = None
) -> dict[str, str]:
    """The names of a stack's alarms by logical ID: all of them, or those of `chosen`."""
    return {
        resource.logical_id: resource.physical_id
        for resource in resources
        if resource.type == ALARM
        and resource.physical_id
        and "DELETE" not in resource.status
        and (chosen is None or resource.logical_id in chosen)
    }


def with_rollback(context: "DeployContext", inspection: Inspection) -> "DeployContext":
    """The context with the triggers of the update."""
    watch, stack = context.watch, inspection.stack
    if watch is None or stack is None or inspection.plan.action == "create":
        return context
    before = _declared(inspection.template, watch.alarms)
    after = _declared(context.spec.content, watch.alarms)
    if not before and not after:
        return context
    names: Mapping[str, str] = {}
    if watch.minutes is not None and before & after:
        names = physical_names(context.client.resources(stack.id), before & after)
        names = _existing(context, names)
    rollback = Rollback()
    if names and watch.minutes is not None:
        triggers = tuple(alarm_arn(stack.id, name) for name in names.values())
        rollback = Rollback(triggers, watch.minutes)
        context.on_progress(Note(_watched(names, watch.minutes)))
    return replace(context, spec=replace(context.spec, rollback=rollback))


def alarm_arn(stack_id: str, name: str) -> str:
    """The ARN of an alarm of a stack."""
    partition, _, region, account = stack_id.split(":")[1:5]
    return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"


def _declared(template: Any, alarms: Collection[str]) -> set[str]:
    resources = template.get("Resources") if isinstance(template, Mapping) else None
    return set(alarms) & set(resources) if isinstance(resources, Mapping) else set()


def _existing(context: "DeployContext", names: Mapping[str, str]) -> Mapping[str, str]:
    """The alarms that can be triggers; those that fire already, or do not exist, are reported."""
    report = context.on_progress
    client = context.location.connection.client("cloudwatch")
    try:
        states = {state.alarm: state for state in alarm_states(client, names)}
    except ReadModelError as error:
        report(Note(f"Could not check whether an alarm fires already: {error}"))
        return names
    for alarm in names:
        if alarm not in states:
            report(Note(f"Warning: {alarm} is not watched: somebody has deleted it"))
        elif states[alarm].fires:
            report(Note(already_fires(states[alarm])))
    return {alarm: name for alarm, name in names.items() if alarm in states}


def _watched(names: Iterable[str], minutes: int) -> str:
    after = f" and {counted(minutes, 'minute')} after it" if minutes else ""
    takes = f" The deploy takes {counted(minutes, 'minute')} more." if minutes else ""
    what = f"During the update{after}, CloudFormation watches {', '.join(names)}"
    return f"{what}: if one fires, it rolls back.{takes}"


def already_fires(state: AlarmState) -> str:
    """The warning about an alarm that fires before the update."""
    reason = f" ({state.reason})" if state.reason else ""
    return (
        f"Warning: {state.alarm} fires already{reason}: CloudFormation may roll this update back. "
        "To deploy without it: --no-watch"
    )
