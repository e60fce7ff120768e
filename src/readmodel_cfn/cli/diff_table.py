"""A difference as people read it: a line a resource, and below it each value before and after."""

import json
from collections.abc import Iterator
from typing import Any

import click

from readmodel_cfn.deploy.diff import Change, Diff, PropertyChange, plain_value

_COLOURS = {"add": "green", "import": "green", "modify": "yellow", "remove": "red"}
_LONGEST = 72  # characters of a value that are shown; --json has all of it
_LEGEND = "! concerns who may do what"


def print_diff(diff: Diff, *, err: bool = False) -> None:
    """Print it; with `err` as part of the story, else as the result."""
    for line in _lines(diff):
        click.echo(line, err=err)


def _lines(diff: Diff) -> Iterator[str]:
    kinds = max((len(one.kind) for one in diff.changes), default=0)
    names = max((len(one.logical_id) for one in diff.changes), default=0)
    for one in diff.changes:
        mark = click.style("!", fg="red", bold=True) if one.access else " "
        kind = click.style(one.kind.ljust(kinds), fg=_COLOURS.get(one.kind, "red"))
        yield f"{mark} {kind}  {one.logical_id.ljust(names)}  {one.type}"
        yield from (_value(each) for each in _shown(one))
    yield from (_value(each) for each in diff.others)
    if any(one.access for one in diff.changes):
        yield _LEGEND


def _shown(change: Change) -> tuple[PropertyChange, ...]:
    """Of what comes or goes as a whole the values say nothing that the line does not."""
    return () if change.kind in ("add", "remove", "import") else change.properties


def _value(one: PropertyChange) -> str:
    mark = click.style("!", fg="red", bold=True) if one.access else " "
    path = one.path.removeprefix("/").replace("/", ".").removeprefix("Properties.")
    return f"{mark}     {path}: {_text(one.before)} -> {_text(one.after)}"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    plain = plain_value(value)
    if plain is None:  # AWS::NoValue
        return "-"
    text = plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"))
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
