"""The changed settings of readmodel.toml, each with the resources that it changes. No AWS calls."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from readmodel_cfn.deploy.access import Access
from readmodel_cfn.deploy.stack_diff import STACK_KEYS, PropertyChange, SettingChange

ChangedSetting = tuple[str, str, Any, Any, Mapping[str, Any], Mapping[str, Any]]
"""Table, key, value before and after, and two templates: without and with this change only."""

FindSettings = Callable[[Mapping[str, Any]], Iterable[ChangedSetting]]
"""Finds the changed settings of a deployed template."""


def no_settings(deployed: Mapping[str, Any]) -> Iterable[ChangedSetting]:  # noqa: ARG001
    """For a template whose settings are unknown."""
    return ()


def setting_changes(found: Iterable[ChangedSetting]) -> Iterator[SettingChange]:
    """The settings that change something in the template; `publish` alone uses the others."""
    compared: dict[int, tuple[Any, tuple[str, ...], bool]] = {}  # routes may share a template
    for table, key, old, new, without, changed in found:
        if id(changed) not in compared:
            compared[id(changed)] = (changed, *_effect(without, changed))
        _, resources, widens = compared[id(changed)]
        if resources or without.get("Outputs") != changed.get("Outputs"):
            # A removed limit of a route has a key of two words: `samples throttle_rate`.
            is_removed_route = table == "routes" and " " not in key and new is None
            widens = widens and not is_removed_route
            yield SettingChange(table, key, old, new, resources, widens)


def _effect(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """The resources that differ, and whether access widens."""
    old, new = before.get("Resources", {}), after.get("Resources", {})
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    access = Access(before, after)
    widens = any(access.widened(name) for name in names) or bool(access.newly_shown_keys())
    return tuple(names), widens


def stack_settings(changes: Iterable[PropertyChange]) -> Iterator[SettingChange]:
    """The changed keys of [stack] among the changes outside the resources."""
    for change in changes:
        _, part, *rest = change.path.split("/", 2)
        if part in STACK_KEYS:
            key = ".".join([STACK_KEYS[part], *rest])
            yield SettingChange("stack", key, change.before, change.after)
