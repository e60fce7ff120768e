"""The settings of a read model as part of its template, for the next `diff` to compare.

The template's top-level `Metadata` has the settings that differ from their defaults, in the tables
of readmodel.toml. CloudFormation keeps them with the template and does nothing else with them.
"""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.template.model import OPTIONAL_SECTIONS, SECTIONS, ReadModel
from readmodel_cfn.template.options import options_of

KEY = "readmodel-cfn"
"""The key of `Metadata` whose value has the settings, by the prefix of the logical IDs."""


def metadata(model: ReadModel, prefix: str = "") -> dict[str, Any]:
    """The content of `Metadata` for one read model."""
    sections = {name: getattr(model, name) for name in SECTIONS}
    tables = {name: _changed(section) for name, section in sections.items() if section is not None}
    settings = {"routes": [_values(route) for route in model.routes]}
    shown = [name for name in tables if tables[name] or name in OPTIONAL_SECTIONS]
    return {KEY: {prefix: settings | {name: tables[name] for name in shown}}}


def settings_in(template: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in a template, by prefix; empty if it has none, as one of an older version."""
    found = template.get("Metadata")
    by_prefix = found.get(KEY) if isinstance(found, Mapping) else None
    return dict(by_prefix) if isinstance(by_prefix, Mapping) else {}


def _changed(section: Any) -> dict[str, Any]:
    """The options of a section that differ from their defaults."""
    defaults = {declared.name: plain(declared.default) for declared, _ in options_of(type(section))}
    return {name: value for name, value in _values(section).items() if value != defaults[name]}


def _values(options: Any) -> dict[str, Any]:
    """The options of the template that have a value, in the types of JSON."""
    found = {
        declared.name: getattr(options, declared.name)
        for declared, _ in options_of(type(options))
        if declared.metadata["in_template"]
    }
    return {name: plain(value) for name, value in found.items() if value is not None}


def plain(value: Any) -> Any:
    """An option's value in the types of JSON."""
    return list(value) if isinstance(value, tuple) else value
