"""A StackDiff as a table: a line for each resource, and below it each value before and after."""

from collections.abc import Iterator

import click

from readmodel_cfn.stack import PropertyChange, ResourceDiff, StackDiff

_COLOURS = {"add": "green", "import": "green", "modify": "yellow", "remove": "red"}
_LEGEND = "! security-relevant change"


def print_diff(diff: StackDiff, *, err: bool = False) -> None:
    """Print the table on stdout, or on stderr with `err`."""
    for line in _lines(diff):
        click.echo(line, err=err)


def _lines(diff: StackDiff) -> Iterator[str]:
    kinds = max((len(resource.kind) for resource in diff.resources), default=0)
    names = max((len(resource.logical_id) for resource in diff.resources), default=0)
    for resource in diff.resources:
        kind = click.style(resource.kind.ljust(kinds), fg=_COLOURS.get(resource.kind, "red"))
        name = resource.logical_id.ljust(names)
        yield f"{_mark(resource.access)} {kind}  {name}  {resource.type}"
        yield from (_value(change) for change in _shown(resource))
    yield from (_value(change) for change in diff.others)
    if any(resource.access for resource in diff.resources):
        yield _LEGEND


def _shown(resource: ResourceDiff) -> tuple[PropertyChange, ...]:
    """The values of a changed resource; those of a new or removed one are in the template."""
    return () if resource.kind in ("add", "remove", "import") else resource.properties


def _value(change: PropertyChange) -> str:
    return f"{_mark(change.access)}     {change}"


def _mark(access: bool) -> str:
    return click.style("!", fg="red", bold=True) if access else " "
