"""Print what a deploy changes: settings first, then resources, with equal changes grouped.

`full` prints every resource and every value in a line of its own.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.fit import fitted
from readmodel_cfn.plural import counted
from readmodel_cfn.results import PropertyChange, ResourceDiff, SettingChange, StackDiff

_COLOURS = {"add": "green", "import": "green", "modify": "yellow", "may replace": "yellow"}
_LEGEND = "! widens access"
_SHOWN_ROUTES = 4  # added or removed ones, each in a line; more are one line
_SHOWN_VALUES = 6  # changed values of a resource, or of a group
_MARGIN = 6  # before a value
_KIND = len("replace")  # columns; longer kinds, with the name of a property, are not aligned
_NARROWEST = 40  # columns
_IN_A_PIPE = 80  # columns, where no width is known

full_option = click.option(
    "--full", is_flag=True, help="Show every resource and value; do not group equal changes."
)


def print_diff(diff: StackDiff, *, full: bool = False, err: bool = False) -> None:
    """Print the difference on stdout, or on stderr with `err`."""
    width = output.width(sys.stderr if err else sys.stdout) or _IN_A_PIPE
    for line in _full(diff) if full else _grouped(diff, max(width, _NARROWEST)):
        output.echo(output.Styled(line), err=err)


def _full(diff: StackDiff) -> Iterator[str]:
    for setting in diff.settings:
        yield f"{_mark(setting.access)} {setting}"
    yield from _removed(diff)
    kinds = max((len(_word(resource)) for resource in diff.resources), default=0)
    names = max((len(resource.logical_id) for resource in diff.resources), default=0)
    for resource in diff.resources:
        name = resource.logical_id.ljust(names)
        type_ = f"{resource.type}{_kept(resource)}"
        yield f"{_mark(resource.access)} {_kind(resource, kinds)}  {name}  {type_}"
        yield from _loss(resource)
        for change in _values(resource):
            yield f"{_mark(change.access)}     {change}"
    for change in diff.parts:
        yield f"{_mark(change.access)}     {change}"
    yield from _ending(diff)


def _grouped(diff: StackDiff, width: int) -> Iterator[str]:
    for line, access in _settings(diff.settings, width - 2):
        yield f"{_mark(access)} {_cut(line, width - 2)}"
    yield from _removed(diff, width)
    kinds = min(max((len(_word(resource)) for resource in diff.resources), default=0), _KIND)
    groups: dict[Any, list[ResourceDiff]] = {}
    shown = [resource for resource in diff.resources if not _is_quiet(resource)]
    quiet = len(diff.resources) - len(shown)
    for resource in shown:
        groups.setdefault(_group(resource), []).append(resource)
    for group in sorted(groups.values(), key=_rank):
        yield from _group_lines(group, kinds, width)
    if quiet:
        text = f"{counted(quiet, 'more resource')}: only tags, or references to what changes"
        yield _cut(f"  {'modify'.ljust(kinds)}  {text}", width)
    yield from _outputs(diff.parts, width)
    yield from _value_lines([part for part in diff.parts if not _is_output(part)], width, 2)
    yield from _ending(diff, width)


def _outputs(parts: Sequence[PropertyChange], width: int) -> Iterator[str]:
    """The names of the added outputs in one line, and of the removed ones in another."""
    for sign in ("+", "-"):
        found = [
            part for part in parts if _is_output(part) and (part.before is None) is (sign == "+")
        ]
        if found:
            start = f"Outputs: {sign} "
            names = _listed([part.path.split("/")[2] for part in found], width - 2 - len(start))
            yield f"{_mark(any(part.access for part in found))} {start}{names}"


def _is_output(part: PropertyChange) -> bool:
    """Whether a whole output is added or removed."""
    steps = part.path.split("/")
    return steps[1] == "Outputs" and len(steps) == 3 and None in (part.before, part.after)


def _settings(settings: Sequence[SettingChange], width: int) -> Iterator[tuple[str, bool]]:
    """Each setting in a line, many routes in one; with its mark."""
    for name, found in groupby(settings, key=_route_change):
        group = list(found)
        if not name or len(group) <= _SHOWN_ROUTES:
            yield from ((_setting(setting, width), setting.access) for setting in group)
            continue
        pairs = {setting.values(width // 2) for setting in group}
        values = f" {' -> '.join(*pairs)}" if len(pairs) == 1 else ""
        resources = {name for setting in group for name in setting.resources}
        count = f"{len(group)} ({counted(len(resources), 'resource')})"
        text = f"[[routes]] {name}{values} {count}: "
        text += _listed([_path(setting) for setting in group], width - len(text))
        yield text, any(setting.access for setting in group)


def _setting(setting: SettingChange, width: int) -> str:
    count = f" ({counted(len(setting.resources), 'resource')})" if setting.resources else ""
    if _route_change(setting) in ("added", "removed"):
        whole = str(setting).removesuffix(count)
        return f"{_cut(whole, width - len(count))}{count}"
    return _change(setting.name, setting, count, width)


def _route_change(setting: SettingChange) -> str:
    """What happens to a route: added, removed, or the name of its setting; empty for no route."""
    if setting.table != "routes":
        return ""
    _, _, name = setting.key.partition(" ")
    if name:
        return f"changed {name}"
    return "added" if setting.before is None else "removed"


def _path(setting: SettingChange) -> str:
    return setting.key.partition(" ")[0]


def _removed(diff: StackDiff, width: int | None = None) -> Iterator[str]:
    """How many routes are removed, and which."""
    if not diff.removed_routes:
        return
    removed, total = len(diff.removed_routes), len(diff.removed_routes) + diff.kept_routes
    text = f"Removes {removed} of {counted(total, 'route')}: {', '.join(diff.removed_routes)}"
    yield from (output.style(line, fg="red") for line in fitted(text, width))


def _is_quiet(resource: ResourceDiff) -> bool:
    """Whether it changes with the stack's tags, or refers to a changed resource, and no more."""
    return resource.kind == "modify" and not _values(resource)


def _group(resource: ResourceDiff) -> Any:
    """What resources of one group have in common."""
    places = frozenset(_place(change) for change in _values(resource))
    alone = resource.logical_id if resource.loss else ""
    return _word(resource), resource.type, resource.retained, resource.access, places, alone


def _rank(group: Sequence[ResourceDiff]) -> tuple[bool, bool]:
    """The order of groups: what loses something first, then what widens access."""
    return not group[0].loss, not group[0].access


def _group_lines(group: Sequence[ResourceDiff], kinds: int, width: int) -> Iterator[str]:
    first = group[0]
    start = f"{_mark(first.access)} {_kind(first, kinds)}  "
    space = width - 2 - max(kinds, len(_word(first))) - 2
    if len(group) == 1:
        text = f"{first.logical_id}  {first.type}{_kept(first)}"
    else:
        text = f"{len(group)} {first.type}{_kept(first)}: "
        text += _listed([resource.logical_id for resource in group], space - len(text))
    yield start + _cut(text, space)
    yield from _loss(first, width)
    changes = [change for item in group for change in _values(item)]
    yield from _value_lines(changes, width, _MARGIN)


def _value_lines(changes: Iterable[PropertyChange], width: int, margin: int) -> Iterator[str]:
    """The changed values, those of the same property in one line."""
    places: dict[str, list[PropertyChange]] = {}
    for change in changes:
        places.setdefault(_place(change), []).append(change)
    for place, found in list(places.items())[:_SHOWN_VALUES]:
        access = any(change.access for change in found)
        yield f"{_mark(access)}{' ' * (margin - 1)}{_value(place, found, width - margin)}"
    if len(places) > _SHOWN_VALUES:
        yield f"{' ' * margin}and {len(places) - _SHOWN_VALUES} more (--full shows all)"


def _value(place: str, changes: Sequence[PropertyChange], width: int) -> str:
    """One property before and after, and how many other values it has elsewhere."""
    first = min(changes, key=lambda change: not change.access)
    different = len({json.dumps((change.before, change.after)) for change in changes})
    if len(changes) == 1:
        place = ".".join(_steps(first))
    other = f" (and {different - 1} more)" if different > 1 else ""
    space = width - len(other) - len(": ")
    shown = len(first.arrow(space))
    return _change(_shortened(place, max(space - shown, space // 2)), first, other, width)


def _change(name: str, change: PropertyChange | SettingChange, ending: str, width: int) -> str:
    """`name: before -> after`, the values cut so that the line fits."""
    left = width - len(ending) - len(name) - len(": ")
    return f"{name}: {change.arrow(left)}{ending}"


def _place(change: PropertyChange) -> str:
    """The path of a value, with `*` for the number of an item and the name of an output."""
    steps = _steps(change)
    if steps[0] == "Outputs":
        steps[1:2] = ["*"]
    return ".".join("*" if step.isdigit() else step for step in steps)


def _steps(change: PropertyChange) -> list[str]:
    """The path; of an item that is added to a list or removed from it, the path of the list."""
    steps = change.path.removeprefix("/").removeprefix("Properties/").split("/")
    return steps[:-1] if change.sign else steps


def _ending(diff: StackDiff, width: int | None = None) -> Iterator[str]:
    if diff.exposure:
        yield from fitted(diff.exposure, width)
    found = (diff.settings, diff.resources, diff.others)
    if any(item.access for items in found for item in items):
        yield _LEGEND


def _values(resource: ResourceDiff) -> tuple[PropertyChange, ...]:
    """The values of a changed resource; those of a new or removed one are in the template.

    The stack's tags are settings.
    """
    if resource.kind in ("add", "remove", "import"):
        return ()
    return tuple(change for change in resource.properties if change.path != "/Tags")


def _word(resource: ResourceDiff) -> str:
    word = "AWS decides" if resource.kind == "may replace" else resource.kind
    names = f" ({', '.join(resource.replaced_by)})" if resource.replaced_by else ""
    return f"{word}{names}"


def _kind(resource: ResourceDiff, width: int) -> str:
    colour = _COLOURS.get(resource.kind, "red")
    return output.style(_word(resource).ljust(width), fg=colour, bold=resource.is_protected or None)


def _kept(resource: ResourceDiff) -> str:
    return " (kept)" if resource.retained else ""


def _loss(resource: ResourceDiff, width: int | None = None) -> Iterator[str]:
    if resource.loss:
        may = "if AWS replaces it: " if resource.kind == "may replace" else ""
        space = width and width - _MARGIN
        for line in fitted(f"{may}{resource.loss}", space):
            yield " " * _MARGIN + output.style(line, fg="red", bold=True)


def _mark(access: bool) -> str:
    return output.style("!", fg="red", bold=True) if access else " "


def _listed(names: Sequence[str], space: int) -> str:
    """As many names as fit, and how many more there are."""
    shown = list(names)
    while True:
        more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
        text = ", ".join(shown)
        if len(text) + len(more) <= space:
            return f"{text}{more}"
        if len(shown) == 1:
            return f"{_cut(text, space - len(more))}{more}"
        shown.pop()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."


def _shortened(place: str, width: int) -> str:
    """A path without its middle: its first step, if that fits, and its end."""
    if len(place) <= width:
        return place
    first = place.partition(".")[0]
    start = first if len(first) <= width // 3 else ""
    left = max(width - len(start) - len("..."), 0)
    return f"{start}...{place[len(place) - left :].removeprefix('.')}"
