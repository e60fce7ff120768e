"""`diagnose`: why the stack's last operation failed, which table made that, and what to do next."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command
from readmodel_cfn.config.origins import origins
from readmodel_cfn.deploy.cause import Cause, cancelled, last_operation
from readmodel_cfn.deploy.values import Stack, StackEvent
from readmodel_cfn.deploy.verdict import DONE, Origin, all_causes, failures, next_step


@dataclass(frozen=True)
class _Operation:
    """A stack's last operation, all its events, and all that failed, the first cause first."""

    stack: Stack
    happened: Sequence[StackEvent]
    failed: Sequence[Cause]

    @property
    def succeeded(self) -> bool | None:
        """None while it goes on, or where none has begun."""
        return None if self.stack.status.endswith("_IN_PROGRESS") else self.stack.status in DONE

    @property
    def kind(self) -> str | None:
        """Such as create; None where CloudFormation has forgotten its events, or none has begun."""
        word = self.happened[0].status.partition("_")[0].lower() if self.happened else ""
        return word if word in ("create", "update", "delete", "import") else None

    @property
    def cause(self) -> Cause | None:
        """What has to be mended. Of an operation that succeeded only leftovers failed."""
        return self.failed[0] if self.failed and not self.succeeded else None

    @property
    def others(self) -> Sequence[Cause]:
        """What else failed."""
        return self.failed[1:] if self.cause else self.failed

    @property
    def cancelled(self) -> int:
        """How many failed only because another did."""
        return len(cancelled(self.stack.id, self.happened))


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn diagnose",
        "readmodel-cfn diagnose --stack-name shop --region eu-west-1",
    ),
)
@aws_command
@json_option
def diagnose(target: Target, as_json: bool) -> None:
    """Tell how the last operation ended: what failed first, which table made it, what to do.

    With --json: an object with name, status, operation, began, ended, succeeded, cause,
    also_failed, cancelled and next.
    """
    stack, client = target.stack(), target.stacks
    with slow("Reading what happened"):
        happened = last_operation(stack.id, client.events(stack.id))
        found = failures(client, stack) if stack.status not in DONE else []
    one = _Operation(stack, happened, all_causes(stack, happened, found))
    origin = origins(target.config.model, target.config.stack.prefix).get
    if as_json:
        report.print_json(_as_json(one, origin, _next(target, one)))
    else:
        click.echo(f"{target.where}: {_ending(one)}")
        _tell(one, origin, _next(target, one))


def _next(target: Target, one: _Operation) -> str | None:
    if one.stack.busy:
        return f"run: {target.command('follow')}"
    return None if one.succeeded else next_step(one.stack.status, one.cause)


def _ending(one: _Operation) -> str:
    """How it ended, in one line."""
    if one.kind is None:
        return f"{one.stack.status}; CloudFormation tells of no operation"
    how = {True: "succeeded", False: "failed", None: "goes on"}[one.succeeded]
    since = f"{one.happened[0].time:%Y-%m-%d %H:%M:%S}"
    until = "" if one.stack.busy else f" to {one.happened[-1].time:%H:%M:%S}"
    return f"its {one.kind} of {since}{until} UTC {how} ({one.stack.status})"


def _tell(one: _Operation, origin: Origin, then: str | None) -> None:
    rows = _rows(one.cause, origin) if one.cause else []
    report.table([*rows, *([["next", then]] if then else [])])
    if one.others:
        click.echo("Also failed:" if one.cause else "Failed all the same:")
        report.table(
            [each.logical_id, each.type, origin(each.logical_id) or "-", each.reason]
            for each in one.others
        )
    if one.cancelled:
        click.echo(f"Cancelled because of it: {one.cancelled}")


def _rows(cause: Cause, origin: Origin) -> list[list[str]]:
    resource = f"{cause.logical_id} ({cause.type})" if cause.logical_id else "the stack itself"
    rows = {
        "cause": resource,
        "made by": origin(cause.logical_id) or "",
        "reason": " ".join(cause.reason.split()),
        "at": cause.path,
    }
    return [[name, value] for name, value in rows.items() if value]


def _as_json(one: _Operation, origin: Origin, then: str | None) -> dict[str, Any]:
    def described(cause: Cause) -> dict[str, Any]:
        return {**asdict(cause), "table": origin(cause.logical_id)}

    return {
        "name": one.stack.name,
        "status": one.stack.status,
        "operation": one.kind,
        "began": one.happened[0].time.isoformat() if one.kind else None,
        "ended": one.happened[-1].time.isoformat() if one.kind and not one.stack.busy else None,
        "succeeded": one.succeeded,
        "cause": described(one.cause) if one.cause else None,
        "also_failed": [described(each) for each in one.others],
        "cancelled": one.cancelled,
        "next": then,
    }
