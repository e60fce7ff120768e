"""The tables [env.NAME.*] of readmodel.toml, which override the file's other tables key by key.

Everything here works on the file's content as plain values; config/file.py checks the result.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import CONFIG_ENVIRONMENTS
from readmodel_cfn.printable import shown
from readmodel_cfn.template.options import OptionError

ENV = "env"
"""The table that has the environments."""
NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
NAME_IN_WORDS = "1 to 64 characters A-Z a-z 0-9 _ and -, beginning with a letter or a digit"


class UnknownEnvironment(ConfigError):
    """A readmodel.toml does not have the environment."""

    def __init__(self, name: str, known: Iterable[str], *, where: str) -> None:
        import difflib  # takes time to import

        names = list(known)
        near = difflib.get_close_matches(name, names, n=1)
        if near:
            hint = f"did you mean {near[0]}?"
        elif names:
            hint = f"known environments: {', '.join(names)}"
        else:
            hint = f"the file has no environments; add a table [env.{name}.stack]"
        super().__init__(f"unknown environment {shown(name)}", where=where, hint=hint)


def env_tables(content: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The tables of each environment, by its name; empty if the file has none.

    Raises:
        ConfigError: a name is invalid, a value is not a table, or there are too many.
    """
    if ENV not in content:
        return {}
    found = content[ENV]
    if not isinstance(found, dict) or not found:
        raise OptionError(ENV, found, "tables, such as [env.production.stack]")
    if len(found) > CONFIG_ENVIRONMENTS:
        what = f"more than {CONFIG_ENVIRONMENTS} environments"
        raise ConfigError(what, where=ENV, hint="use several files, each with --config")
    for name, tables in found.items():
        if not re.fullmatch(NAME, name):
            raise OptionError(ENV, name, NAME_IN_WORDS)
        if not isinstance(tables, dict):
            raise OptionError(table_name(name), tables, f"tables, such as [env.{name}.stack]")
    return found


def merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The base with overrides: tables are merged key by key, every other value is replaced."""
    result = dict(base)
    for key, value in overrides.items():
        before = result.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            value = merged(before, value)
        result[key] = value
    return result


def place_of(where: str, name: str, overrides: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """The place in the file of an error in merged tables, such as env.production.stack.region.

    It is in the environment if that has the table, unless only the base has the key.
    """
    table, _, rest = where.partition(".")
    key = rest.partition(".")[0]
    if table not in overrides:
        return where
    own, shared = overrides[table], base.get(table)
    only_shared = isinstance(shared, dict) and key in shared and key not in own
    return where if only_shared else table_name(name, where)


def table_name(env: str | None, table: str | None = None) -> str:
    """The dotted name of a table of an environment, such as env.production.stack."""
    return ".".join(part for part in (ENV if env else None, env, table) if part)
