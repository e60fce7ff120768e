"""Which settings differ between a deployed template and a read model, each with its effect."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from readmodel_cfn.config.file import read_model
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.model import SECTIONS, ReadModel
from readmodel_cfn.template.naming import PREFIX
from readmodel_cfn.template.options import options_of
from readmodel_cfn.template.render import build_template
from readmodel_cfn.template.routes import Route
from readmodel_cfn.template.settings import plain, settings_in

Template = Mapping[str, Any]
ChangedSetting = tuple[str, str, Any, Any, Template, Template]
"""Table, key, value before and after, and two templates: without and with this change only."""

_SINGLE_ROUTES = 8  # of more changed routes, the effect of all together is computed


def changed_settings(
    deployed: Template, model: ReadModel, prefix: str = ""
) -> Iterator[ChangedSetting]:
    """The settings of `model` that differ from those in the metadata of the deployed template.

    Nothing if the metadata is missing or from a version that has other settings.
    """
    found = settings_in(deployed)
    old_prefix = prefix if prefix in found else next(iter(found), None)
    if not isinstance(old_prefix, str) or not re.fullmatch(PREFIX, old_prefix):
        return
    try:
        old = read_model(found[old_prefix], "Metadata")
        before = _template(old, old_prefix)
    except ConfigError:
        return
    model = replace(model, routes=[replace(route, schema=None) for route in model.routes])
    if old_prefix != prefix:
        yield "stack", "prefix", old_prefix, prefix, before, _template(old, prefix)
    yield from _of_routes(old, model, old_prefix, before)
    for table in SECTIONS:
        yield from _of_section(table, old, model, old_prefix, before)


def _template(model: ReadModel, prefix: str) -> Template:
    content: dict[str, Any] = build_template(model, prefix).to_dict()
    return content


def _of_section(
    table: str, old: ReadModel, new: ReadModel, prefix: str, before: Template
) -> Iterator[ChangedSetting]:
    section, target = getattr(old, table), getattr(new, table)
    if section is None or target is None:
        yield from _turned_on_or_off(table, old, new, prefix, before)
        return
    for declared, _ in options_of(SECTIONS[table]):
        name = declared.name
        value, changed = getattr(section, name), getattr(target, name)
        if value != changed:
            after = None
            with suppress(ConfigError):  # this change is valid only with others of its table
                single = replace(section, **{name: changed})
                after = _template(replace(old, **{table: single}), prefix)
            pair = (before, after) if after else _effect_of_table(table, old, new, prefix, before)
            yield table, name, plain(value), plain(changed), *pair


def _turned_on_or_off(
    table: str, old: ReadModel, new: ReadModel, prefix: str, before: Template
) -> Iterator[ChangedSetting]:
    """The options without their default of a table that only one model has; one, if it has none."""
    section, target = getattr(old, table), getattr(new, table)
    if section == target:
        return
    pair = _effect_of_table(table, old, new, prefix, before)
    found = []
    for declared, _ in options_of(SECTIONS[table]):
        value, changed = (getattr(each, declared.name, None) for each in (section, target))
        if value != changed:
            is_default = {value, changed} == {None, declared.default}
            found.append((is_default, declared.name, plain(value), plain(changed)))
    given = [setting for setting in found if not setting[0]] or found[:1]
    for _, *setting in given:
        yield (table, *setting, *pair)


def _effect_of_table(
    table: str, old: ReadModel, new: ReadModel, prefix: str, before: Template
) -> tuple[Template, Template]:
    """Two templates, without and with the change of a table.

    A change that is valid only with those of other tables is made last instead of first; if it
    is valid neither way, the templates are those without and with all changes.
    """
    with suppress(ConfigError):
        return before, _template(replace(old, **{table: getattr(new, table)}), prefix)
    after = _template(new, prefix)
    with suppress(ConfigError):
        return _template(replace(new, **{table: getattr(old, table)}), prefix), after
    return before, after


def _of_routes(
    old: ReadModel, new: ReadModel, prefix: str, before: Template
) -> Iterator[ChangedSetting]:
    own = {route.path: route for route in old.routes}
    target = {route.path: route for route in new.routes}
    removed = [path for path in own if path not in target]
    others = [path for path in target if own.get(path) != target[path]]
    for paths in (removed, others):
        together = None
        removes_all = paths is removed and len(removed) == len(own)
        if len(paths) > _SINGLE_ROUTES or removes_all:
            changed = {*own, *target} if removes_all else set(paths)  # a model needs a route
            together = _with(old, prefix, before, routes=_routes(own, target, changed))
        for path in paths:
            # A route may be valid only without a removed one: two names of one parameter.
            alone = (_routes(own, target, each) for each in ([path], [*removed, path]))
            after = together or _first_valid(old, prefix, alone) or before
            for name, *pair in _values(path, own.get(path), target.get(path)):
                yield "routes", name, *pair, before, after


def _values(path: str, old: Route | None, new: Route | None) -> Iterator[tuple[str, Any, Any]]:
    """The changed values of a route: the document's key of a new or a removed one."""
    if not old or not new:
        yield path, old and old.key, new and new.key
        return
    for declared, _ in options_of(Route):
        pair = getattr(old, declared.name), getattr(new, declared.name)
        if pair[0] != pair[1]:
            yield f"{path} {declared.name}", *pair


def _routes(
    own: Mapping[str, Route], target: Mapping[str, Route], changed: Collection[str]
) -> tuple[Route, ...]:
    """The old routes with the changes of some paths."""
    kept = {path: route for path, route in own.items() if path not in changed or path in target}
    return tuple((kept | {path: target[path] for path in target if path in changed}).values())


def _first_valid(
    old: ReadModel, prefix: str, candidates: Iterable[tuple[Route, ...]]
) -> Template | None:
    """The template of the first routes that are valid."""
    for routes in candidates:
        with suppress(ConfigError):
            return _template(replace(old, routes=routes), prefix)
    return None


def _with(old: ReadModel, prefix: str, before: Template, **changes: Any) -> Template:
    """The old model's template with changes; unchanged if they are valid only with others."""
    try:
        return _template(replace(old, **changes), prefix)
    except ConfigError:
        return before
