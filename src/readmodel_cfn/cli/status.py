"""`status`, `outputs` and `diagnose`: describe a deployed stack."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.options import (
    every_stack,
    json_option,
    model_options,
    place_options,
    selected_stack,
    stack_name_option,
    stack_name_options,
)
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.cli.selected_model import SelectedModel
from readmodel_cfn.plural import counted
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.stacks import status_all

if TYPE_CHECKING:
    from readmodel_cfn.results import (
        AlarmStatus,
        AllStatus,
        Diagnosis,
        Drift,
        EnvironmentStatus,
        Live,
        ReleaseStatus,
        StackStatus,
    )

_WIDE = 100  # columns of a terminal on which the types of resources have a column


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn outputs",
        "readmodel-cfn outputs --json --show-secrets",
    ),
)
@stack_name_options
@json_option
@click.option("--show-secrets", is_flag=True, help="Print secrets instead of ****.")
def outputs(stack: ReadModelStack, as_json: bool, show_secrets: bool) -> None:
    """Print the stack's outputs and the URL of each route.

    Parameters of a route stay in braces. URLs of the sandbox can be opened on this machine.

    With --json: an object of names and values, without the URLs of the routes.
    """
    with Reporter(as_json) as report:
        found = stack.described_outputs(report, show_secrets=show_secrets)
        urls = {} if as_json else stack.route_urls(report)
    if as_json:
        output.print_json({each.name: each.value for each in found})
    else:
        output.outputs({each.name: (each.value, each.description) for each in found})
        if not found:
            output.log("The stack has no outputs.")
        output.urls(urls.values())


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn status",
        "readmodel-cfn status --drift",
        "readmodel-cfn status --all",
    ),
)
@model_options
@stack_name_option
@place_options
@json_option
@click.option(
    "--drift",
    is_flag=True,
    help="Detect what was changed outside the stack, which may take minutes.",
)
@click.option("--all", "all_environments", is_flag=True, help="Show every environment of the file.")
def status(
    model: SelectedModel,
    stack_name: str | None,
    as_json: bool,
    drift: bool,
    all_environments: bool,
    **place: Any,
) -> None:
    """Print the stack's status, and check that its stage serves what its template says.

    With --all, a row for each environment. The exit code is that of the first environment whose
    stack cannot be read, or whose stage does not serve what the template says.

    With --json: an object with name, status, reason, tags, resources, last_operation, live, drift
    if it was detected, releases and alarms if the stack has them. With --all: an object with
    environments, a list, each with env, status (that object, or null), differs, error, exit_code,
    account, region, stack, profile, role_arn and sandbox.
    """
    if all_environments:
        _status_all(every_stack(model, stack_name, **place), as_json=as_json, drift=drift)
        return
    stack = selected_stack(model, stack_name, needs_model=False, **place)
    with Reporter(as_json) as report:
        found = stack.status(drift=drift, on_progress=report)
    if as_json:
        output.print_json(found.as_dict())
    else:
        _print_status(found)
    if found.differs:
        command = stack.location.command("diff")
        output.log(f"The read model differs from the deployed stack. To compare, run: {command}")
    if found.releases and found.releases.differs and found.releases.live:
        live, stage = found.releases.live.release, found.releases.live_stage
        command = stack.location.command("release", "activate", live)
        output.log(f"Stage {stage} does not serve the live release. To activate it, run: {command}")
    found.raise_if_broken()


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn diagnose",
        "readmodel-cfn diagnose --stack-name shop --region eu-west-1",
    ),
)
@stack_name_options
@json_option
def diagnose(stack: ReadModelStack, as_json: bool) -> None:
    """Show why the last operation failed, which config table caused it, and how to fix it.

    With --json: an object with name, status, operation, began, ended, succeeded, cause,
    also_failed, cancelled and next.
    """
    with Reporter(as_json) as report:
        found = stack.diagnose(report)
    if as_json:
        output.print_json(found.as_dict())
    else:
        output.echo(str(found))
        _print_diagnosis(found)


def _status_all(stacks: dict[str, ReadModelStack], *, as_json: bool, drift: bool) -> None:
    with Reporter(as_json) as report:
        found = status_all(stacks, drift=drift, on_progress=report)
    if as_json:
        output.print_json(found.as_dict())
    else:
        _print_all(found)
    problems = [each.problem for each in found if each.problem]
    for problem in problems[1:]:  # the first is the error of the command
        output.log(str(problem))
    found.raise_if_broken()


def _print_all(found: "AllStatus") -> None:
    heading = ["environment", "stack", "account and region", "status", "notes"]
    rows = [[each.env, each.target.stack or "", *_cells(each)] for each in found]
    output.table([heading, *rows])


def _cells(each: "EnvironmentStatus") -> list[str]:
    """The account and region, the stack's status, and what is to be done about it."""
    place = replace(each.target, env=None).place  # it has a column
    if each.status is None:
        return [place, "-", each.error.what if each.error else ""]
    notes = ["does not serve what its template says"] * bool(each.status.live.findings)
    notes += ["differs from readmodel.toml"] * each.status.differs
    if each.status.releases and each.status.releases.differs:
        notes.append("does not serve the live release")
    if each.status.alarms:
        notes += [str(state) for state in each.status.alarms.firing]
    if each.status.drift:
        changed = [resource for resource in each.status.drift.resources if resource.is_changed]
        notes += [f"drift in {counted(len(changed), 'resource')}"] * bool(changed)
    return [place, each.status.stack.status, ", ".join(notes) or "-"]


def _print_status(found: "StackStatus") -> None:
    output.echo(str(found))
    if found.last_operation:
        output.echo(f"Last operation: {found.last_operation}")
    _print_live(found.live)
    if found.releases:
        _print_releases(found.releases)
    if found.alarms:
        _print_alarms(found.alarms)
    if found.drift:
        _print_drift(found.drift)
    _print_resources(found)


def _print_resources(found: "StackStatus") -> None:
    """A line for each resource, on a narrow terminal without its type."""
    width = output.width(sys.stdout)
    narrow = width is not None and width < _WIDE
    output.table(
        [each.logical_id, each.status, *([] if narrow else [each.type]), each.physical_id]
        for each in found.resources
    )


def _print_live(live: "Live") -> None:
    broken = {finding.stage for finding in live.findings}
    for stage, parts in live.compared.items():
        serves = "does not serve" if stage in broken else "serves"
        output.echo(f"Live: {stage} {serves} what the template says; compared: {', '.join(parts)}")
    output.table(
        [f"  {finding.kind}", f"{finding.method} {finding.route}", finding.detail]
        for finding in live.findings
    )
    for line in live.unknown:
        output.echo(f"Live: {line}")


def _print_releases(releases: "ReleaseStatus") -> None:
    live = releases.live
    if live:
        age = _age((datetime.now(UTC) - live.activated).total_seconds())
        count = counted(live.documents, "document")
        output.echo(f"Release: {live.release} is live, activated {age} ago, {count}")
    elif not releases.unknown:
        output.echo("Release: no release yet")
    for stage, release in releases.stages.items():
        output.echo(f"Release: stage {stage} serves {release or 'no release yet'}")
    if releases.unknown:
        output.echo(f"Release: not known: {releases.unknown}")


def _print_alarms(alarms: "AlarmStatus") -> None:
    """The states in one line, and the reason of each alarm that fires."""
    if alarms.unknown:
        output.echo(f"Alarms: not known: {alarms.unknown}")
    if alarms.states:
        states = (f"{each.alarm} {each.state}" for each in alarms.states)
        output.echo(f"Alarms: {', '.join(states)}")
    for state in alarms.firing:
        output.echo(f"  {state.alarm}: {state.reason}")


def _age(seconds: float) -> str:
    """A duration in its largest unit, such as 3 hours."""
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return counted(int(seconds / size), name)
    return counted(max(int(seconds), 0), "second")


def _print_drift(drift: "Drift") -> None:
    changed = [resource for resource in drift.resources if resource.is_changed]
    unchecked = [resource.logical_id for resource in drift.resources if not resource.is_checked]
    checked = len(drift.resources) - len(unchecked)
    output.echo(f"Drift: {len(changed)} of {checked} checked resources differ from the template")
    for resource in changed:
        output.echo(f"  {resource.logical_id}  {resource.status}  {resource.type}")
        for each in resource.differences:
            output.echo(f"    {each.path}: {each.actual}, in the template {each.expected}")
    if unchecked:
        output.echo(f"Drift: not checked: {', '.join(unchecked)}")
    if drift.failure:
        output.echo(f"Drift: the detection failed for some resources: {drift.failure}")


def _print_diagnosis(found: "Diagnosis") -> None:
    rows = {}
    if cause := found.cause:
        rows = {
            "cause": f"{cause.logical_id} ({cause.type})" if cause.logical_id else "the stack",
            "config": cause.table or "",
            "reason": " ".join(cause.reason.split()),
            "at": cause.path,
        }
    rows["next"] = found.next or ""
    output.table([name, value] for name, value in rows.items() if value)
    if found.also_failed:
        output.echo("Also failed:" if cause else "Not deleted:")
        output.table(
            [resource.logical_id, resource.type, resource.table or "-", resource.reason]
            for resource in found.also_failed
        )
    if found.cancelled:
        output.echo(f"Cancelled because of it: {counted(found.cancelled, 'resource')}")
