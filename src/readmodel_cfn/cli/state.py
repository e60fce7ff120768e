"""A stack's state: its last operation, and whether its stages serve what its template says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from readmodel_cfn.cli.description import template_of
from readmodel_cfn.cli.target import Target
from readmodel_cfn.cloudformation.reader import read_template
from readmodel_cfn.config.load import Config
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.live.compare import compare, together
from readmodel_cfn.deploy.live.drift import Drift, detect
from readmodel_cfn.deploy.live.expected import expected
from readmodel_cfn.deploy.live.snapshot import snapshot
from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.deploy.spec import MANAGED_TAG
from readmodel_cfn.deploy.values import Stack, StackResource
from readmodel_cfn.template.render import render

Template = Mapping[str, Any]


@dataclass(frozen=True)
class LastOperation:
    """The stack's last operation, such as UPDATE_STACK, and its status since a point in time."""

    kind: str
    status: str
    time: datetime

    def __str__(self) -> str:
        return f"{self.kind}, {self.status} at {self.time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

    def as_json(self) -> dict[str, str]:
        """The same for programs."""
        return {**vars(self), "time": self.time.astimezone(UTC).isoformat()}


@dataclass(frozen=True)
class State:
    """All that `status` tells; `template` is None where the stack does not hold all it says."""

    stack: Stack
    resources: Sequence[StackResource]
    last_operation: LastOperation | None
    template: Template | None
    live: Live
    drift: Drift | None

    def as_json(self) -> dict[str, Any]:
        """The same for programs, in one object."""
        stack, last = self.stack, self.last_operation
        return {
            "name": stack.name,
            "status": stack.status,
            "reason": stack.reason,
            "tags": dict(stack.tags),
            "resources": [vars(one) for one in self.resources],
            "last_operation": last and last.as_json(),
            "live": asdict(self.live),
            **({"drift": asdict(self.drift)} if self.drift else {}),
        }


def state_of(target: Target, *, with_drift: bool) -> State:
    """Look at the stack, and at what is live of it."""
    stack = target.stack()
    resources = target.stacks.resources(stack.id)
    template = _template(target, stack)
    return State(
        stack=stack,
        resources=resources,
        last_operation=_last_operation(target.stacks, stack),
        template=template,
        live=_live(target, stack, template, resources),
        drift=_drift(target, stack, resources) if with_drift else None,
    )


def _last_operation(client: StackClient, stack: Stack) -> LastOperation | None:
    """By the stack's own newest event; None where CloudFormation has forgotten it."""
    own = (one for one in client.events(stack.id) if one.physical_id == stack.id)
    newest = next(own, None)
    return LastOperation(_kind(stack), newest.status, newest.time) if newest else None


def _kind(stack: Stack) -> str:
    """As CloudFormation counts it, else what the status tells: a create that fails rolls back."""
    changes = (one.kind for one in stack.operations if one.kind != "CREATE_CHANGESET")
    word = stack.status.partition("_")[0].replace("ROLLBACK", "CREATE")
    return next(changes, f"{word}_STACK")


def _template(target: Target, stack: Stack) -> Template | None:
    """The template as a value, JSON or YAML; None where the stack does not hold all it says."""
    failed = stack.status.startswith(("ROLLBACK", "DELETE"))
    if failed or not stack.status.endswith("_COMPLETE"):
        return None
    found: Template | str = target.stacks.template(stack.id)
    if not isinstance(found, str):
        return found
    return read_template(found, f"the template of {target.where}")


def _live(
    target: Target, stack: Stack, template: Template | None, resources: Sequence[StackResource]
) -> Live:
    """Ask API Gateway for every stage of the template, and compare."""
    if template is None:
        return Live(unknown=(f"nothing live to compare: the stack is {stack.status}",))
    there = [one for one in resources if one.physical_id and "DELETE" not in one.status]
    ids = {one.logical_id: one.physical_id for one in there}
    wanted = expected(template, ids, stack.id, stack.parameters)
    if not wanted:
        return Live(unknown=("nothing live to compare: the template has no stage",))
    client = target.connection.client("apigateway")
    return together([compare(one, snapshot(client, one.api, one.stage)) for one in wanted])


def _drift(target: Target, stack: Stack, resources: Sequence[StackResource]) -> Drift:
    types = {one.logical_id: one.type for one in resources}
    return detect(target.connection.client("cloudformation"), stack.id, types)


def is_another(state: State, config: Config) -> bool:
    """Is it a stack of ours, but not the file's? The article's stack describes itself."""
    if state.template is None or not MANAGED_TAG.items() <= state.stack.tags.items():
        return False
    texts = (render(template_of(config, article), "compact") for article in (False, True))
    return not any(json.loads(text) == state.template for text in texts)
