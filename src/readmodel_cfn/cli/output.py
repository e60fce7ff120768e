"""What people read: results on stdout, the story on stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from readmodel_cfn.aws.http import Response
    from readmodel_cfn.deploy.live.drift import Drift
    from readmodel_cfn.deploy.live.values import Live
    from readmodel_cfn.deploy.values import Stack, StackEvent, StackResource
    from readmodel_cfn.lint import Finding
    from readmodel_cfn.publish.results import Published


def story(line: str) -> None:
    """Say what is going on.

    To the stderr that there is now: click by itself looks for the one behind rich's view of what is
    in progress, and would write into that view.
    """
    click.echo(line, file=sys.stderr, err=True)


def print_json(value: Any) -> None:
    """Print a result for programs."""
    click.echo(json.dumps(value, indent=2))


def print_json_line(kind: str, value: Any) -> None:
    """Print one JSON line: an object whose one key is `kind`."""
    click.echo(json.dumps({kind: value}))


def table(rows: Iterable[Sequence[str]]) -> None:
    """Print rows in aligned columns."""
    lines = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for row in lines:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def findings(found: Sequence["Finding"]) -> None:
    """Print cfn-lint's findings: rule, place, message, and what the rule means."""
    for one in found:
        colour = "red" if one.level == "error" else "yellow"
        click.echo(f"{click.style(one.rule, fg=colour)} {one.place}: {one.message}")
        click.echo(f"      {one.meaning}")


def outputs(found: Mapping[str, tuple[str, str]]) -> None:
    """Print outputs with their meaning."""
    table(
        [name, value, f"# {meaning}" if meaning else ""] for name, (value, meaning) in found.items()
    )


def event(one: "StackEvent") -> None:
    """Tell one stack event, in one line."""
    failed = one.status.endswith("_FAILED") or "ROLLBACK" in one.status
    done = one.status.endswith("_COMPLETE")
    colour = "red" if failed else "green" if done else None
    line = f"{one.time:%H:%M:%S}  {click.style(one.status.ljust(28), fg=colour)} {one.logical_id}"
    story(f"{line}  {one.type}  {one.reason}".rstrip())


def status(stack: "Stack", last_operation: object) -> None:
    """Print a stack's state and its last operation."""
    click.echo(f"{stack.name}: {stack.status} {stack.reason}".rstrip())
    if last_operation:
        click.echo(f"Last operation: {last_operation}")


def live(found: "Live") -> None:
    """Print whether the stages serve what the template says, and what does not."""
    broken = {one.stage for one in found.findings}
    for stage, parts in found.compared.items():
        serves = "does not serve" if stage in broken else "serves"
        click.echo(f"Live: {stage} {serves} what the template says; compared: {', '.join(parts)}")
    table([f"  {one.kind}", f"{one.method} {one.route}", one.detail] for one in found.findings)
    for line in found.unknown:
        click.echo(f"Live: {line}")


def drift(found: "Drift") -> None:
    """Print what was changed by hand, and what CloudFormation cannot check."""
    changed = [one for one in found.resources if one.is_changed]
    unchecked = [one.logical_id for one in found.resources if not one.is_checked]
    checked = len(found.resources) - len(unchecked)
    click.echo(f"Drift: {len(changed)} of {checked} checked resources were changed by hand")
    for one in changed:
        click.echo(f"  {one.logical_id}  {one.status}  {one.type}")
        for each in one.differences:
            click.echo(f"    {each.path}: {each.actual}, in the template {each.expected}")
    if unchecked:
        click.echo(f"Drift: not checked: {', '.join(unchecked)}")
    if found.failure:
        click.echo(f"Drift: the detection failed in part: {found.failure}")


def resources(found: Sequence["StackResource"]) -> None:
    """Print a stack's resources."""
    table([one.logical_id, one.status, one.type, one.physical_id] for one in found)


def published(done: "Published") -> None:
    """Print what S3 stored."""
    rows = {"key": f"{done.bucket}/{done.key}", "ETag": done.etag, "version": done.version or "-"}
    table([name, value] for name, value in rows.items())


def response(response: "Response") -> None:
    """Print status, headers and time on stderr, the body on stdout, byte for byte."""
    colour = "green" if response.ok else "red"
    milliseconds = f"{response.seconds * 1000:.0f} ms"
    status = click.style(str(response.status), fg=colour)
    story(f"GET {response.url}\n{status} in {milliseconds}")
    for name, value in response.headers:
        story(f"{name}: {value}")
    click.echo(response.body)


def sandbox(found: Any) -> None:
    """Print where the embedded AWS runs, and its key."""
    table(
        [
            ["endpoint", found.endpoint_url],
            ["region", found.region],
            ["access key id", found.access_key_id],
            ["secret access key", found.secret_access_key],
            ["process", str(found.pid)],
        ]
    )
