"""The readmodel.toml that `init` writes: every option explained, most of them commented out."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass
from hashlib import sha256
from pathlib import Path
from textwrap import wrap
from typing import Any

from readmodel_cfn.config.values import (
    DEFAULT_FILE,
    STACK_NAME_LENGTH,
    TABLES,
    Config,
    StackSettings,
)
from readmodel_cfn.files import write_new
from readmodel_cfn.template.oidc import issuers_of
from readmodel_cfn.template.options import describe, options_of
from readmodel_cfn.template.routes import Route

_WIDTH = 100
_HEAD = (
    "A read model for readmodel-cfn. Options that are commented out show their default, or an "
    "example if they have no default."
)
_ENVIRONMENT = """\
# An environment overrides keys of the tables above; routes are shared. In a file that has one, the
# commands that call AWS need --env, such as: readmodel-cfn deploy --env production
#
# [env.production.stack]
#   name = "shop-production"
#   account = "123456789012"
#   termination_protection = true
"""


@dataclass(frozen=True)
class Starter:
    """A new readmodel.toml: its path and its content."""

    path: Path
    config: Config

    @property
    def next_commands(self) -> Mapping[str, str]:
        """The commands to run next, each with a description."""
        document = self.config.model.routes[0].example
        issuers = issuers_of(self.config.model.writer.principals)
        return {
            **{issuer.command: f"once per account: trusts {issuer.name}" for issuer in issuers},
            "readmodel-cfn deploy": "shows the stack, and asks",
            f"readmodel-cfn publish FILE --key {document.key}": "publishes JSON",
            f"readmodel-cfn read {document.path}": "reads it from the API",
        }

    def __str__(self) -> str:
        paths = ", ".join(route.path for route in self.config.model.routes)
        return f"{self.path}: stack {self.config.stack.name}, routes {paths}"

    def as_dict(self) -> dict[str, Any]:
        """The result as `init --json` prints it; `route` is the first of the routes."""
        stack, model = self.config.stack, self.config.model
        routes = [{"path": route.path, "key": route.key} for route in model.routes]
        return {
            "file": str(self.path),
            "stack": {"name": stack.name, "region": stack.region},
            "route": routes[0],
            "routes": routes,
            "cors_origin": model.api.cors_origin,
            "writer": {"kind": model.writer.kind, "principals": list(model.writer.principals)},
            "next": list(self.next_commands),
        }


def write_starter(path: str | Path = DEFAULT_FILE, config: Config | None = None) -> Starter:
    """Write a readmodel.toml with every option explained in it.

    The options of `config` are set, and all others are commented out. The default is the route
    samples, and a stack with the name of the file's directory.

    Raises:
        ReadModelError: the file exists.
    """
    path = Path(path)
    if config is None:
        config = Config(StackSettings(name=stack_name_for(path.absolute().parent)))
    write_new(path, starter(config))
    return Starter(path, config)


def starter(config: Config) -> str:
    """The text of the file, with every option that differs from its default in force.

    The stack's name, and the path and the key of each route, are always set.
    """
    first, *others = config.model.routes
    values: dict[str, Any] = {"stack": config.stack, "routes": first, "publish": config.publish}
    lines = _comment(_HEAD)
    for name, cls in TABLES.items():
        table = values.get(name) or getattr(config.model, name)
        given = {} if table is None else _given(table)
        lines += _table(name, cls, given, is_off=table is None)
        if name == "routes":
            for route in others:
                given = _given(route)
                lines += ["", "[[routes]]", *(f"{key} = {_toml(given[key])}" for key in given)]
    return "\n".join([*lines, "", _ENVIRONMENT])


def _given(table: Any) -> dict[str, Any]:
    """The options of a table that the file sets."""
    always = {StackSettings: ("name",), Route: ("path", "key")}.get(type(table), ())
    values = {
        declared.name: getattr(table, declared.name) for declared, _ in options_of(type(table))
    }
    defaults = {declared.name: _default(declared) for declared, _ in options_of(type(table))}
    return {
        name: value for name, value in values.items() if name in always or value != defaults[name]
    }


def _default(declared: Field[Any]) -> Any:
    if declared.default_factory is not MISSING:
        return declared.default_factory()
    return declared.default


def stack_name_for(directory: Path) -> str:
    """A stack name made of a directory's: in lower case, with hyphens for all other characters.

    A name that does not begin with a letter gets the prefix readmodel-.
    """
    plain = unicodedata.normalize("NFKD", directory.name).encode("ascii", "ignore").decode()
    name = "-".join(re.findall("[a-z0-9]+", plain.lower()))
    if not name:  # a hash, so that two such directories have two names
        name = f"-{sha256(directory.name.encode(errors='surrogateescape')).hexdigest()[:8]}"
    if not name[0].isalpha():
        name = f"readmodel-{name.lstrip('-')}"
    return name[:STACK_NAME_LENGTH].rstrip("-")


def key_for(path: str) -> str:
    """The key for a route's path: the path with the suffix .json.

    The default path has the default key, and a path with a greedy parameter gets no suffix.
    """
    if path == Route().path:
        return Route().key
    return path.replace("+}", "}") + ("" if path.endswith(("+}", ".json")) else ".json")


def _table(name: str, cls: type, values: Mapping[str, Any], *, is_off: bool) -> Iterator[str]:
    yield ""
    yield from _comment((cls.__doc__ or "").partition("\n")[0])
    heading = f"[[{name}]]" if cls is Route else f"[{name}]"
    yield f"# {heading}" if is_off else heading
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
