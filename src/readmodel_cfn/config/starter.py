"""The readmodel.toml that `init` writes: every option explained, most of them commented out."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from readmodel_cfn.config.load import DEFAULT_FILE, TABLES, StackSettings
from readmodel_cfn.files import write_new
from readmodel_cfn.template.options import describe, options_of
from readmodel_cfn.template.routes import Route

_WIDTH = 100
_HEAD = (
    "A read model for readmodel-cfn. Options that are commented out show their default, or an "
    "example if they have no default."
)


@dataclass(frozen=True)
class Starter:
    """A new readmodel.toml: its path, and the stack and the route in it."""

    path: Path
    stack: StackSettings
    route: Route

    @property
    def next_commands(self) -> Mapping[str, str]:
        """The commands to run next, each with a description."""
        texts = (self.route.path, self.route.key)
        path, key = (re.sub(r"\{\w+\+?\}", "1", text) for text in texts)
        return {
            "readmodel-cfn deploy": "creates the stack, after showing the changes",
            f"readmodel-cfn publish FILE --key {key}": "publishes a JSON document",
            f"readmodel-cfn read {path}": "reads it through the API",
        }

    def __str__(self) -> str:
        return f"{self.path}: stack {self.stack.name}, route {self.route.path}"

    def as_dict(self) -> dict[str, Any]:
        """The result as `init --json` prints it."""
        return {
            "file": str(self.path),
            "stack": {"name": self.stack.name, "region": self.stack.region},
            "route": {"path": self.route.path, "key": self.route.key},
            "next": list(self.next_commands),
        }


def write_starter(
    path: str | Path = DEFAULT_FILE,
    stack: StackSettings | None = None,
    route: Route | None = None,
) -> Starter:
    """Write a readmodel.toml with every option explained in it.

    Only the name and region of `stack` and the path and key of `route` are written. The defaults
    are the stack read-model, without a region, and the route samples.

    Raises:
        ReadModelError: the file exists.
    """
    written = Starter(Path(path), stack or StackSettings(), route or Route())
    write_new(written.path, starter(written.stack, written.route))
    return written


def starter(stack: StackSettings, route: Route) -> str:
    """The text of the file, with the stack's name and region and the route set."""
    region = {} if stack.region is None else {"region": stack.region}
    values: dict[str, Mapping[str, Any]] = {
        "stack": {"name": stack.name, **region},
        "routes": {"path": route.path, "key": route.key},
    }
    tables = (_table(name, cls, values.get(name, {})) for name, cls in TABLES.items())
    return "\n".join([*_comment(_HEAD), *(line for table in tables for line in table)]) + "\n"


def key_for(path: str) -> str:
    """The key for a route's path: the path with the suffix .json.

    The default path has the default key, and a path with a greedy parameter gets no suffix.
    """
    if path == Route().path:
        return Route().key
    return path.replace("+}", "}") + ("" if path.endswith(("+}", ".json")) else ".json")


def _table(name: str, cls: type, values: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield from _comment((cls.__doc__ or "").partition("\n")[0])
    yield f"[[{name}]]" if cls is Route else f"[{name}]"
    for declared, annotation in options_of(cls):
        yield ""
        yield from _comment(_meaning(declared, annotation))
        mark = "" if declared.name in values else "# "
        value = values.get(declared.name, _shown(declared))
        yield f"{mark}{declared.name} = {_toml(value)}"


def _meaning(declared: Field[Any], annotation: Any) -> str:
    """The meaning of an option, and the allowed values unless it is true or false."""
    doc = str(declared.metadata["doc"])
    if annotation is bool:
        return doc
    return f"{doc} Allowed: {describe(annotation, declared.metadata)}."


def _shown(declared: Field[Any]) -> Any:
    has_default = declared.default not in (MISSING, None)
    return declared.default if has_default else declared.metadata["example"]


def _toml(value: Any) -> str:
    """A value in TOML, which is JSON except for tables."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
