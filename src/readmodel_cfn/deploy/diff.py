"""The difference between a stack and what is wanted of it, as data. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from readmodel_cfn.cloudformation.evaluate import show
from readmodel_cfn.deploy.access import concerns_access
from readmodel_cfn.deploy.changes import ChangeSet, Detail, ResourceChange
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.deploy.wanted import Wanted

Kind = Literal["add", "modify", "replace", "may replace", "remove", "import"]
ABSENT = None  # the value of what is not there: a template has no null
_KINDS: Mapping[str, Kind] = {"Add": "add", "Remove": "remove", "Import": "import"}
_REPLACEMENTS: Mapping[str, Kind] = {"True": "replace", "Conditional": "may replace"}
# Differences that are shown beside the resources': parts of the template, and the stack's own.
_PARTS: Mapping[str, Any] = {
    "Description": ABSENT,
    "Parameters": {},
    "Conditions": {},
    "Mappings": {},
    "Transform": ABSENT,
    "Outputs": {},
}


@dataclass(frozen=True)
class PropertyChange:
    """One value before and after; None is absent. `access` marks what concerns who may do what.

    A value that is known only while the change is carried out is a text that begins with `(`.
    """

    path: str
    before: Any
    after: Any
    access: bool = False


@dataclass(frozen=True)
class Change:
    """What becomes of one resource."""

    kind: Kind
    logical_id: str
    type: str
    physical_id: str = ""
    properties: tuple[PropertyChange, ...] = ()

    @property
    def access(self) -> bool:
        """Does any of it concern who may do what?"""
        return any(one.access for one in self.properties)


@dataclass(frozen=True)
class Diff:
    """All that would change: resources, and the stack's other parts such as outputs and tags."""

    changes: tuple[Change, ...] = ()
    others: tuple[PropertyChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.others)


def additions(wanted: Wanted) -> Diff:
    """All that a new stack would have."""
    resources = wanted.content["Resources"].items()
    return Diff(tuple(_whole("add", title, one["Type"], one) for title, one in resources))


def from_change_set(found: ChangeSet, stack: Stack | None, before: Any, wanted: Wanted) -> Diff:
    """What a change set says, told with the values of both templates where it has none.

    `before` is the present template; one in YAML, of another tool, cannot be told from.
    """
    present: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    changes = tuple(_change(one, present, wanted.content) for one in found.changes)
    return Diff(changes, others(stack, before, wanted) if stack else ())


def _change(found: ResourceChange, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    kind = _KINDS.get(found.action) or _REPLACEMENTS.get(found.replacement, "modify")
    old, new = (part.get("Resources", {}).get(found.logical_id) for part in (before, after))
    if kind in ("add", "import", "remove"):
        return _whole(kind, found.logical_id, found.type, new or old or {}, found.physical_id)
    rows = _rows(found.details, old, new or {})
    marked = (_marked(found.type, path, *values) for path, values in rows.items())
    return Change(kind, found.logical_id, found.type, found.physical_id, tuple(marked))


def _whole(
    kind: Kind, logical_id: str, type_: str, resource: Mapping[str, Any], physical_id: str = ""
) -> Change:
    """A resource that comes or goes: each of its properties does."""
    kept = resource.get("Properties", {})
    gone = kind == "remove"
    properties = (
        _marked(type_, f"/Properties/{name}", *((value, ABSENT) if gone else (ABSENT, value)))
        for name, value in kept.items()
    )
    return Change(kind, logical_id, type_, physical_id, tuple(properties))


def _rows(
    details: tuple[Detail, ...], old: Mapping[str, Any] | None, new: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """CloudFormation's own values where it tells them, else the templates'.

    What only follows from another change has no difference of its own in the templates.
    """
    told = {one.path: (_parsed(one.before), _parsed(one.after)) for one in details if _told(one)}
    if told:
        return told
    rows = {path: (a, b) for path, a, b in leaves(old, new)} if old else {}
    for one in details:
        if not any(path.startswith(one.path) for path in rows):
            rows[one.path] = (
                "(as it is)",
                f"(follows {one.cause})" if one.cause else "(known later)",
            )
    return rows


def _told(detail: Detail) -> bool:
    return bool(detail.before or detail.after)


def plain_value(value: Any) -> Any:
    """A value for people: functions as Fn::Sub writes them, `${DataStore.Arn}/a.json`."""
    return show(value)


def _parsed(text: str) -> Any:
    """A value of a change set: JSON for what is not a plain text."""
    if not text:
        return ABSENT
    try:
        return json.loads(text) if text[0] in "[{" else text
    except ValueError:
        return text


def _marked(type_: str, path: str, before: Any, after: Any) -> PropertyChange:
    return PropertyChange(path, before, after, concerns_access(type_, path))


def others(stack: Stack, before: Any, wanted: Wanted) -> tuple[PropertyChange, ...]:
    """What of the stack would change besides its resources."""
    present: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    both = (present, wanted.content)
    parts = {part: tuple(one.get(part, empty) for one in both) for part, empty in _PARTS.items()}
    asked = (stack.termination_protection, wanted.termination_protection)
    pairs = {
        **parts,
        "ParameterValues": (dict(stack.parameters), dict(wanted.parameters)),
        "Tags": (dict(stack.tags), wanted.all_tags),
        "TerminationProtection": asked,
    }
    return tuple(
        PropertyChange(path, old, new)
        for part, (before_it, after_it) in pairs.items()
        for path, old, new in leaves(before_it, after_it, f"/{part}")
    )


def leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts that differ: the path, the value before and the value after.

    Of a list that grew or shrank, the items that went (at `-`) and those that came (at `+`).
    """
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(one for one in after if one not in before)]:
            yield from leaves(before.get(name), after.get(name), f"{path}/{name}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    else:
        yield path, before, after


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[tuple[str, Any, Any]]:
    if len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from leaves(old, new, f"{path}/{number}")
        return
    came, went = [*after], []
    for one in before:
        if one in came:
            came.remove(one)
        else:
            went.append(one)
    yield from ((f"{path}/-", one, ABSENT) for one in went)
    yield from ((f"{path}/+", ABSENT, one) for one in came)
    if not came and not went:
        yield path, before, after
