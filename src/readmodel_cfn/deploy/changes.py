"""Build the StackDiff of a change set and the two templates, value by value. No AWS calls."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from readmodel_cfn.cloudformation.evaluate import function_of
from readmodel_cfn.cloudformation.reader import read_template
from readmodel_cfn.deploy.access import Access
from readmodel_cfn.deploy.exposure import exposure, exposure_change
from readmodel_cfn.deploy.replacement import Verdict, effect, verdicts
from readmodel_cfn.deploy.routes import removed_routes, routes_of
from readmodel_cfn.deploy.settings import (
    FindSettings,
    no_settings,
    setting_changes,
    stack_settings,
)
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.stack_diff import ChangeKind, PropertyChange, ResourceDiff, StackDiff
from readmodel_cfn.deploy.values import ChangeSet, ResourceChange, ResourceChangeDetail, Stack
from readmodel_cfn.errors import ConfigError

ABSENT = None  # the value of a property that does not exist; a template has no null
_CURRENT, _LATER = "(current value)", "(known after deploy)"
_KINDS: Mapping[str, ChangeKind] = {"Add": "add", "Remove": "remove", "Import": "import"}
# The parts of a template besides its resources, and what an absent one equals.
_PARTS: Mapping[str, Any] = {
    "Description": ABSENT,
    "Parameters": {},
    "Conditions": {},
    "Mappings": {},
    "Transform": ABSENT,
    "Outputs": {},
}


def additions(spec: StackSpec) -> StackDiff:
    """The difference to no stack: every resource is added."""
    resources = spec.content["Resources"].items()
    added = (
        _whole("add", logical_id, resource["Type"], resource)
        for logical_id, resource in resources
        if isinstance(resource, Mapping)  # the value of Fn::ForEach is a list
    )
    return StackDiff(tuple(added), exposure=exposure(spec.content))


def from_change_set(
    found: ChangeSet,
    stack: Stack | None,
    before: Any,
    spec: StackSpec,
    find_settings: FindSettings = no_settings,
) -> StackDiff:
    """The changes of a change set; values that it does not have come from the templates.

    `before` is the deployed template, as text if it is in YAML.
    """
    if stack is None:
        return _created(found, spec)
    deployed = readable(before)
    access = Access(deployed, spec.content)
    decided = verdicts(found.changes, deployed.get("Resources", {}), spec.content["Resources"])
    resources = (
        _resource_diff(change, deployed, spec.content, decided, access) for change in found.changes
    )
    shown = {("Outputs", name) for name in access.newly_shown_keys()}
    changes = tuple(
        replace(change, access=tuple(change.path.split("/")[1:3]) in shown)
        for change in others(stack, deployed, spec)
    )
    removed = removed_routes(deployed, spec.content)
    return StackDiff(
        tuple(resources),
        changes,
        settings=(*setting_changes(find_settings(deployed)), *stack_settings(changes)),
        removed_routes=removed,
        kept_routes=len(routes_of(deployed)) - len(removed),
        exposure=exposure_change(deployed, spec.content) if deployed else "",
    )


def _created(found: ChangeSet, spec: StackSpec) -> StackDiff:
    """The changes of a change set that creates the stack."""
    resources = spec.content["Resources"]
    diffs = (
        _whole(
            _KINDS.get(change.action, "add"),
            change.logical_id,
            change.type,
            resources.get(change.logical_id, {}),
            change.physical_id,
        )
        for change in found.changes
    )
    return StackDiff(tuple(diffs), exposure=exposure(spec.content))


def readable(template: Any) -> Mapping[str, Any]:
    """The deployed template as a value; empty if it cannot be read."""
    if isinstance(template, str):
        try:
            template = read_template(template, "template")
        except ConfigError:
            return {}
    valid = isinstance(template, Mapping) and isinstance(template.get("Resources"), Mapping)
    return template if valid else {}


def others(
    stack: Stack, deployed: Mapping[str, Any], spec: StackSpec
) -> tuple[PropertyChange, ...]:
    """All differences of the stack except its resources."""
    parts = {
        part: (deployed.get(part, absent), spec.content.get(part, absent))
        for part, absent in _PARTS.items()
    }
    pairs = {
        **parts,
        "ParameterValues": (dict(stack.parameters), dict(spec.parameters)),
        "Tags": (dict(stack.tags), spec.all_tags),
        "TerminationProtection": (stack.termination_protection, spec.termination_protection),
    }
    return tuple(
        PropertyChange(path, old, new)
        for part, pair in pairs.items()
        for path, old, new in leaves(*pair, f"/{part}")
    )


def leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts that differ: the path, the value before and the value after.

    The call of a function, such as Fn::Join, is one value.

    If the length of a list differs, its removed items have the path `-`, its added items `+`.
    """
    if before == after:
        return
    if function_of(before) or function_of(after):
        yield path, before, after
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
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
    added, removed = [*after], []
    for item in before:
        if item in added:
            added.remove(item)
        else:
            removed.append(item)
    yield from ((f"{path}/-", item, ABSENT) for item in removed)
    yield from ((f"{path}/+", ABSENT, item) for item in added)
    if not added and not removed:
        yield path, before, after


def _resource_diff(
    change: ResourceChange,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    decided: Mapping[str, Verdict],
    access: Access,
) -> ResourceDiff:
    verdict = decided.get(change.logical_id, Verdict())
    kind = _KINDS.get(change.action) or verdict.kind
    logical_id = change.logical_id
    old, new = (template.get("Resources", {}).get(logical_id) for template in (before, after))
    widened = access.widened(logical_id)
    if kind in ("add", "import", "remove"):
        whole = new or old or {}
        return _whole(kind, logical_id, change.type, whole, change.physical_id, widened)
    details = [
        detail
        for detail in change.details
        if not detail.cause or effect(detail.cause, decided, after["Resources"]) != "modify"
    ]
    properties = _properties(_rows(details, old, new or {}), widened)
    replaced_by = verdict.properties
    return ResourceDiff(kind, logical_id, change.type, change.physical_id, properties, replaced_by)


def _whole(
    kind: ChangeKind,
    logical_id: str,
    type_: str,
    resource: Mapping[str, Any],
    physical_id: str = "",
    widened: Sequence[str] = (),
) -> ResourceDiff:
    """A resource that is added, imported or removed with all of its properties."""
    removed = kind == "remove"
    rows = {
        f"/Properties/{name}": (value, ABSENT) if removed else (ABSENT, value)
        for name, value in (resource.get("Properties") or {}).items()
    }
    retained = removed and str(resource.get("DeletionPolicy", "")).startswith("Retain")
    properties = _properties(rows, widened)
    return ResourceDiff(kind, logical_id, type_, physical_id, properties, retained=retained)


def _properties(
    rows: Mapping[str, tuple[Any, Any]], widened: Sequence[str]
) -> tuple[PropertyChange, ...]:
    """The changes, with those that widen access marked.

    Of a policy as a whole only what it adds is marked, unless it only loses something: a Deny.
    """
    marked = {path for path in rows if any(_within(path, wide) for wide in widened)}
    adding = {path for path in marked if rows[path][1] is not ABSENT}
    marked = adding or marked
    return tuple(PropertyChange(path, *values, path in marked) for path, values in rows.items())


def _within(path: str, wide: str) -> bool:
    """Whether one of two paths is a part of the other; items of lists are not compared."""
    steps = [step for step in path.split("/") if not (step.isdigit() or step in ("+", "-"))]
    return all(a == b for a, b in zip(steps, wide.split("/"), strict=False))


def _rows(
    details: Sequence[ResourceChangeDetail], old: Mapping[str, Any] | None, new: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Values by path: from CloudFormation if it returns them, otherwise from the templates.

    A property that changes because another one does has the same value in both templates.
    """
    rows = {
        path: (a, b)
        for detail in details
        if detail.before or detail.after
        for path, a, b in leaves(_parsed(detail.before), _parsed(detail.after), detail.path)
    }
    if rows:
        return rows
    rows = {path: (a, b) for path, a, b in leaves(old, new)} if old else {}
    for detail in details:
        if not any(path.startswith(detail.path) for path in rows):
            after = f"(depends on {detail.cause})" if detail.cause else _LATER
            rows[detail.path] = (_CURRENT, after)
    return rows


def _parsed(text: str) -> Any:
    """A value of a change set: JSON, except for a string."""
    if not text:
        return ABSENT
    try:
        return json.loads(text) if text[0] in "[{" else text
    except ValueError:
        return text
