"""Deploy: make a stack what is wanted of it, step by step, each step decided before it is taken.

`look` decides; `settle` leads a stack out of what it is in; `difference` tells what would change;
`change` begins it. Each step that begins an operation returns it to be followed to its end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.deploy.cause import Origin, last_operation
from readmodel_cfn.deploy.change_sets import Held, held, sweep
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.diagnosis import check
from readmodel_cfn.deploy.diff import Diff, additions, from_change_set, others
from readmodel_cfn.deploy.events import Ended, Following
from readmodel_cfn.deploy.plan import COMPARABLE, NEVER_MADE, Action, Plan, is_ours, plan
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished

CLOCK = Clock()
# These lead to another operation first, after which the stack is looked at again.
SETTLED_FIRST: frozenset[Action] = frozenset({"attach", "continue rollback", "recreate"})
Note = Callable[[str], None]


@dataclass(frozen=True)
class Look:
    """A stack as it is, its template where it has one to compare, and the plan that comes of it."""

    stack: Stack | None
    template: Any
    plan: Plan


@dataclass(frozen=True)
class Beyond:
    """What only a change set can do: import resources that exist, or undo changes by hand."""

    import_existing: bool = False
    revert_drift: bool = False

    def __bool__(self) -> bool:
        return self.import_existing or self.revert_drift

    @property
    def arguments(self) -> dict[str, Any]:
        """As CreateChangeSet takes it."""
        imports = {"ImportExistingResources": True} if self.import_existing else {}
        return imports | ({"DeploymentMode": "REVERT_DRIFT"} if self.revert_drift else {})


def check_known(client: StackClient, wanted: Wanted, beyond: Beyond) -> None:
    """Check that this boto3 knows all that is asked for.

    Raises:
        ConfigError: it does not.
    """
    if wanted.express:
        client.require("CreateStack", "DeploymentConfig", "--express")
    if beyond.import_existing:
        client.require("CreateChangeSet", "ImportExistingResources", "--import-existing")
    if beyond.revert_drift:
        client.require("CreateChangeSet", "DeploymentMode", "--revert-drift")


def look(client: StackClient, wanted: Wanted, *, adopt: bool = False) -> Look:
    """Look at the stack and decide; nothing is changed.

    With `adopt`, a stack without this tool's tag is not refused where it can be updated.
    """
    stack = client.describe(wanted.name)
    template, history = None, []
    if stack and stack.status in COMPARABLE and (adopt or is_ours(stack)):
        template = client.template(stack.id)
    if stack and stack.status in NEVER_MADE and is_ours(stack):
        history = _history(client, stack)
    return Look(stack, template, plan(stack, template, wanted, history, adopt=adopt))


def _history(client: StackClient, stack: Stack) -> list[str]:
    return [one.status for one in client.events(stack.id) if one.physical_id == stack.id]


def refuse(name: str, decided: Plan) -> None:
    """Raise what the plan refuses.

    Raises:
        ReadModelError: with the reason and the way out.
        Stuck: where a person must act in AWS first.
    """
    if decided.action == "refuse":
        kind = Stuck if decided.stuck else ReadModelError
        raise kind(decided.why, where=f"stack {name}", hint=decided.hint)


def settle(client: StackClient, seen: Look) -> Following:
    """Attach to what goes on, go on with a rollback, or delete what was never made."""
    assert seen.stack is not None  # noqa: S101 - these are decided over a stack only
    stack = seen.stack
    if seen.plan.action == "attach":
        return attached(client, stack)
    known = known_events(client, stack)
    if seen.plan.action == "continue rollback":
        client.continue_rollback(stack.id)
    else:
        client.delete(stack.id, role_arn=stack.role_arn)
    return Following(client, stack.id, known)


def check_settled(client: StackClient, name: str, seen: Look, ended: Ended, origin: Origin) -> None:
    """Check that what `settle` began, or attached to, ended well.

    Raises:
        RolledBack, Stuck: it failed.
    """
    expected = {"continue rollback": "UPDATE_ROLLBACK_COMPLETE"}.get(seen.plan.action)
    if ended.status not in ("DELETE_COMPLETE", expected):
        check(client, name, ended, origin)


def attached(client: StackClient, stack: Stack) -> Following:
    """The operation that goes on, or went on last, from its beginning."""
    events = list(client.events(stack.id))
    begin = len(last_operation(stack.id, events))
    return Following(client, stack.id, {one.id for one in events[begin:]})


def known_events(client: StackClient, stack: Stack) -> set[str]:
    """The ids of all that has happened to a stack so far."""
    return {one.id for one in client.events(stack.id)}


def difference(
    client: StackClient, wanted: Wanted, seen: Look, note: Note, clock: Clock = CLOCK
) -> Diff:
    """What would change. The change set that tells it is removed again.

    None is made for a stack that does not exist yet, nor where nothing differs.
    """
    if seen.stack is None or seen.plan.action in ("create", "recreate"):
        return additions(wanted)
    sweep(client, wanted.name)
    if seen.plan.action in ("nothing", "protect"):
        return Diff((), others(seen.stack, seen.template, wanted))
    with held(client, wanted, "UPDATE", clock, note) as one:
        return from_change_set(one.found, seen.stack, seen.template, wanted)


@contextmanager
def beyond_update(
    client: StackClient,
    wanted: Wanted,
    seen: Look,
    beyond: Beyond,
    note: Note,
    clock: Clock = CLOCK,
) -> Iterator[tuple[Diff, Held]]:
    """What would change, and the change set that can carry it out while the block lasts."""
    stack = None if seen.plan.action == "create" else seen.stack
    if stack:
        sweep(client, wanted.name)
    kind: Literal["CREATE", "UPDATE"] = "UPDATE" if stack else "CREATE"
    with held(client, wanted, kind, clock, note, **beyond.arguments) as one:
        yield from_change_set(one.found, stack, seen.template, wanted), one


def execute(client: StackClient, wanted: Wanted, one: Held) -> Following:
    """Begin to carry the change set out."""
    stack_id = one.found.stack_id
    known = {event.id for event in client.events(stack_id)}
    client.execute(stack_id, one.found.id, disable_rollback=wanted.disable_rollback)
    one.executed = True
    return Following(client, stack_id, known)


def change(client: StackClient, wanted: Wanted, seen: Look) -> Following | None:
    """Begin to create or update the stack; None where CloudFormation finds nothing to update."""
    if seen.plan.action == "create" or seen.stack is None:
        return Following(client, client.create(wanted), set())
    known = known_events(client, seen.stack)
    return Following(client, seen.stack.id, known) if client.update(wanted) else None


def protect(client: StackClient, wanted: Wanted, stack: Stack, *, changed: bool) -> None:
    """Set the protection that is wanted; a stack that was created by us has it already.

    Raises:
        Unfinished: it could not be set, while the stack has been `changed`.
    """
    if stack.termination_protection == wanted.termination_protection:
        return
    try:
        with readable_errors():
            client.protect(stack.name, wanted.termination_protection)
    except (ReadModelError, KeyboardInterrupt) as error:
        if not changed:
            raise
        why = f"{error.where}: {error.what}" if isinstance(error, ReadModelError) else "interrupted"
        what = f"the stack is {stack.status}, but its protection is not set: {why}"
        hint = "run the same command again"
        raise Unfinished(what, where=f"stack {stack.name}", hint=hint) from error
