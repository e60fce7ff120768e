"""A stack's status: its last operation, and whether its stages serve what its template says."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from readmodel_cfn.aws.alarms import AlarmState, alarm_states
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.cloudformation.reader import read_template
from readmodel_cfn.deploy.advice import with_location
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.inspection import existing_stack
from readmodel_cfn.deploy.live.compare import compare, together
from readmodel_cfn.deploy.live.drift import Drift, detect
from readmodel_cfn.deploy.live.expected import expected
from readmodel_cfn.deploy.live.snapshot import snapshot
from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.deploy.plan import is_managed, without_metadata
from readmodel_cfn.deploy.rollback import physical_names
from readmodel_cfn.deploy.stage_release import (
    LiveRelease,
    ReleaseStatus,
    StageReleases,
    stages_of,
    uses_releases,
)
from readmodel_cfn.deploy.values import Stack, StackResource
from readmodel_cfn.errors import PromiseBroken, ReadModelError
from readmodel_cfn.progress import OnProgress, Step, ignore

Template = Mapping[str, Any]


@dataclass(frozen=True)
class LastOperation:
    """The last operation, such as UPDATE_STACK, with the status and time of its last event."""

    kind: str
    status: str
    time: datetime

    def __str__(self) -> str:
        return f"{self.kind}, {self.status} at {self.time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

    def as_dict(self) -> dict[str, str]:
        """The object that `status --json` has for it; `time` is in ISO 8601."""
        return {**vars(self), "time": self.time.astimezone(UTC).isoformat()}


@dataclass(frozen=True)
class AlarmStatus:
    """The states of the stack's alarms; if they cannot be read, `unknown` is the reason."""

    states: tuple[AlarmState, ...]
    unknown: str = ""

    @property
    def firing(self) -> tuple[AlarmState, ...]:
        """Those whose state is ALARM."""
        return tuple(state for state in self.states if state.fires)

    def as_dict(self) -> dict[str, Any]:
        """The object that `status --json` has for it."""
        return {"states": [each.as_dict() for each in self.states], "unknown": self.unknown}


@dataclass(frozen=True)
class StackStatus:
    """The status of a stack.

    `last_operation` is None if CloudFormation no longer has its events, `drift` without
    detection. `differs` is True if the deployed template is not one that readmodel.toml describes;
    it is False without a read model, for a stack of another tool, or if the last operation did not
    succeed. `releases` is None for a stack without releases, `alarms` for one without alarms.
    """

    location: StackLocation
    stack: Stack
    resources: Sequence[StackResource]
    last_operation: LastOperation | None
    live: Live
    drift: Drift | None
    differs: bool
    releases: ReleaseStatus | None = None
    alarms: AlarmStatus | None = None

    def as_dict(self) -> dict[str, Any]:
        """The object that `status --json` prints."""
        stack, last = self.stack, self.last_operation
        return {
            "name": stack.name,
            "status": stack.status,
            "reason": stack.reason,
            "tags": dict(stack.tags),
            "resources": [vars(resource) for resource in self.resources],
            "last_operation": last and last.as_dict(),
            "live": asdict(self.live),
            **({"drift": asdict(self.drift)} if self.drift else {}),
            **({"releases": self.releases.as_dict()} if self.releases else {}),
            **({"alarms": self.alarms.as_dict()} if self.alarms else {}),
        }

    def __str__(self) -> str:
        reason = " ".join(self.stack.reason.split())
        return f"{self.stack.name}: {self.stack.status} {reason}".rstrip()

    def raise_if_broken(self) -> None:
        """Check that all compared stages serve what the template says.

        Raises:
            PromiseBroken: one does not; the error has the first difference and how to fix it.
        """
        if self.live.findings:
            first, *others = self.live.findings
            route = f"{first.method} {first.route} " if first.route else ""
            more = f" (and {len(others)} more)" if others else ""
            what = f"{route}{first.detail}{more}"
            raise PromiseBroken(what, where=str(self.location), hint=first.todo)


def status(
    location: StackLocation,
    templates: Iterable[str] | None = None,
    *,
    drift: bool = False,
    live_release: Callable[[Stack], LiveRelease | None] = lambda _: None,
    on_progress: OnProgress = ignore,
) -> StackStatus:
    """Read the stack and compare its stages with its template; nothing is changed.

    Args:
        location: The stack.
        templates: Templates as JSON; `differs` is True if the deployed template equals none of
            them. They are read only if they are compared; without them nothing differs.
        drift: Whether to run drift detection too, which may take minutes.
        live_release: The live release in the bucket of a stack that has releases.
        on_progress: Called with a Step before each part.

    Raises:
        ReadModelError: the stack does not exist.
    """
    client = StackClient(location.connection.client("cloudformation"))
    stack = existing_stack(client, location, on_progress)
    location = location.of_stack(stack.id)
    on_progress(Step("Comparing what API Gateway serves with the template"))
    resources = client.resources(stack.id)
    template = _template(client, location, stack)
    last_operation = _last_operation(client, stack)
    live = _live(location, stack, template, resources)
    return StackStatus(
        location=location,
        stack=stack,
        resources=resources,
        last_operation=last_operation,
        live=live,
        drift=_drift(location, stack, resources, on_progress) if drift else None,
        differs=_differs(stack, template, templates),
        releases=_releases(client, location, stack, template, live_release),
        alarms=_alarms(location, resources),
    )


def _alarms(location: StackLocation, resources: Sequence[StackResource]) -> AlarmStatus | None:
    """The states of the stack's alarms, as far as they can be read."""
    names = physical_names(resources)
    if not names:
        return None
    try:
        return AlarmStatus(tuple(alarm_states(location.connection.client("cloudwatch"), names)))
    except ReadModelError as error:
        return AlarmStatus((), str(error))


def _releases(
    client: StackClient,
    location: StackLocation,
    stack: Stack,
    template: Template | None,
    live_release: Callable[[Stack], LiveRelease | None],
) -> ReleaseStatus | None:
    """The live release and that of each stage, as far as they can be read."""
    if template is None or not uses_releases(template):
        return None
    stages = stages_of(client, location.connection.client("apigateway"), stack)
    if stages is None:
        return None
    releases: StageReleases = {}
    try:
        releases = stages.releases()
        return ReleaseStatus(live_release(stack), releases, stages.live)
    except ReadModelError as error:
        return ReleaseStatus(None, releases, stages.live, str(error))


def _last_operation(client: StackClient, stack: Stack) -> LastOperation | None:
    """The last operation, from the newest event of the stack itself."""
    own = (event for event in client.events(stack.id) if event.physical_id == stack.id)
    newest = next(own, None)
    return LastOperation(_kind(stack), newest.status, newest.time) if newest else None


def _kind(stack: Stack) -> str:
    """The last operation's type, or what the status implies: ROLLBACK_* is a create."""
    kinds = (
        operation.kind for operation in stack.operations if operation.kind != "CREATE_CHANGESET"
    )
    word = stack.status.partition("_")[0].replace("ROLLBACK", "CREATE")
    return next(kinds, f"{word}_STACK")


def _template(client: StackClient, location: StackLocation, stack: Stack) -> Template | None:
    """The deployed template; None if the stack does not have all of its resources."""
    failed = stack.status.startswith(("ROLLBACK", "DELETE"))
    if failed or not stack.status.endswith("_COMPLETE"):
        return None
    found: Template | str = client.template(stack.id)
    if not isinstance(found, str):
        return found
    return read_template(found, f"the template of {location}")


def _live(
    location: StackLocation,
    stack: Stack,
    template: Template | None,
    resources: Sequence[StackResource],
) -> Live:
    """Compare every stage of the template with API Gateway."""
    if template is None:
        return Live(unknown=(f"not compared: the stack is {stack.status}",))
    ids = {
        resource.logical_id: resource.physical_id
        for resource in resources
        if resource.physical_id and "DELETE" not in resource.status
    }
    stages = expected(template, ids, stack.id, stack.parameters)
    if not stages:
        return Live(unknown=("not compared: the template has no stage",))
    client = location.connection.client("apigateway")
    live = together([compare(stage, snapshot(client, stage.api, stage.stage)) for stage in stages])
    findings = (
        replace(finding, todo=with_location(finding.todo, location)) for finding in live.findings
    )
    return replace(live, findings=tuple(findings))


def _drift(
    location: StackLocation,
    stack: Stack,
    resources: Sequence[StackResource],
    on_progress: OnProgress,
) -> Drift:
    on_progress(Step("Detecting drift"))
    types = {resource.logical_id: resource.type for resource in resources}
    return detect(location.connection.client("cloudformation"), stack.id, types)


def _differs(stack: Stack, template: Template | None, templates: Iterable[str] | None) -> bool:
    """Whether `deploy` would update the stack: for another metadata alone it does not."""
    if template is None or templates is None or not is_managed(stack):
        return False
    deployed = without_metadata(template)
    return all(without_metadata(json.loads(text)) != deployed for text in templates)
