"""The readmodel.toml to start from: every option with its meaning, most of them commented out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field
from textwrap import wrap
from typing import Any

from readmodel_cfn.config import TABLES, Stack
from readmodel_cfn.options import describe, options_of
from readmodel_cfn.routes import Route

_WIDTH = 100
_HEAD = (
    "One read model, for readmodel-cfn. A line with a # before its key is not in force: it shows "
    "the default, or an example where there is none."
)


def starter(stack: Stack, route: Route) -> str:
    """The file's text: the stack's name, its region if it has one, and the route are in force."""
    region = {} if stack.region is None else {"region": stack.region}
    in_force: dict[str, Mapping[str, Any]] = {
        "stack": {"name": stack.name, **region},
        "routes": {"path": route.path, "key": route.key},
    }
    tables = (_table(name, cls, in_force.get(name, {})) for name, cls in TABLES.items())
    return "\n".join([*_comment(_HEAD), *(line for table in tables for line in table)]) + "\n"


def key_for(path: str) -> str:
    """The key that a path's documents get: the path itself, as a .json file.

    The default path has the default key, and what a greedy parameter takes ends as its reader says.
    """
    if path == Route().path:
        return Route().key
    return path.replace("+}", "}") + ("" if path.endswith(("+}", ".json")) else ".json")


def _table(name: str, cls: type, in_force: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield from _comment((cls.__doc__ or "").partition("\n")[0])
    yield f"[[{name}]]" if cls is Route else f"[{name}]"
    for declared, annotation in options_of(cls):
        if declared.metadata["config"]:
            yield ""
            yield from _comment(_meaning(declared, annotation))
            mark = "" if declared.name in in_force else "# "
            value = in_force.get(declared.name, _shown(declared))
            yield f"{mark}{declared.name} = {_toml(value)}"


def _meaning(declared: Field[Any], annotation: Any) -> str:
    """What it means, and what it may be where the value shown does not say that."""
    doc = str(declared.metadata["doc"])
    return doc if annotation is bool else f"{doc} Give {describe(annotation, declared.metadata)}."


def _shown(declared: Field[Any]) -> Any:
    has_default = declared.default not in (MISSING, None)
    return declared.default if has_default else declared.metadata["example"]


def _toml(value: Any) -> str:
    """As TOML writes it, which is as JSON does, but for a table."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
