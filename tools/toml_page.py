"""docs/readmodel-toml.md: every table and key of readmodel.toml, generated from the dataclasses."""

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from readmodel_cfn.config.environments import NAME_IN_WORDS
from readmodel_cfn.config.schema import schema
from readmodel_cfn.config.values import TABLES
from readmodel_cfn.template.options import describe, options_of

_HEAD = """# readmodel.toml

Generated from the code, like the [JSON Schema](readmodel.schema.json) for editors. The file
describes one stack, or one for each of its [environments](#envname), and `readmodel-cfn init`
writes one. Every table is optional; without `[[routes]]` there is one route, `samples`, which
serves `payload.json`. An unknown key, a wrong type or a value that AWS would refuse is an error
that names the file, the key and the allowed values (exit code 2).

Without `./readmodel.toml` and without `--config` the commands that need the read model refuse with
exit code 2, before AWS is called. Two other read models have an option: `--example` is the
built-in example, `--article` the original 2018 template. Both ignore `readmodel.toml`, and their
stacks have names of their own, `readmodel-example` and `readmodel-article`, unless `--stack-name`
is given. `status`, `outputs`, `follow`, `diagnose`, `history` and `delete` need no read model:
`--stack-name` is enough. The commands that do not call AWS use the built-in example if there is no
file, and say so on stderr.

```toml title="readmodel.toml"
[stack]
name = "shop"
region = "eu-west-1"

[[routes]]
path = "products/{id}"
key = "products/{id}.json"

[writer]
allow = ["put", "list", "compare"]
```

In Python, the keys of `[[routes]]`, `[data_store]`, `[writer]`, `[gateway_role]`, `[api]`,
`[deployment]`, `[releases]`, `[access]`, `[domain]`, `[logs]`, `[alarms]`, `[cdn]` and `[waf]` are
the fields of the [library's](library.md) `Route`, `DataStore`, `Writer`, `GatewayRole`, `Api`,
`Deployment`, `Releases`, `Access`, `Domain`, `Logs`, `Alarms`, `Cdn` and `Waf`.
"""
_ENVIRONMENTS = f"""
## `[env.NAME]`

An [environment](environments.md): tables that override the ones above for one stack. Each has the
keys of the table that it overrides, such as `[env.production.stack]` those of `[stack]`. The name
is {NAME_IN_WORDS}.

```toml title="readmodel.toml"
[stack]
name = "shop"

[env.production.stack]
name = "shop-production"
termination_protection = true

[env.production.api]
cors_origin = "https://shop.example"
```

A key that an environment does not set has the value of the table above. A list replaces the list,
a table such as `tags` is merged. Routes are shared: `[[env.production.routes]]` is refused.
"""
_ROUTES = "The path and the key have the same parameters."
_TYPES = {"string": "string", "integer": "integer", "boolean": "boolean"}


def page() -> str:
    """The page in Markdown."""
    properties = schema()["properties"]
    return _HEAD + "".join(_table(name, properties[name]) for name in TABLES) + _ENVIRONMENTS


def _table(name: str, found: dict[str, Any]) -> str:
    table, heading = found.get("items", found), f"[[{name}]]" if "items" in found else f"[{name}]"
    about = " ".join([table["description"], *([_ROUTES] if name == "routes" else [])])
    rows = "".join(_rows(TABLES[name], table))
    columns = "| key | type | default | meaning | allowed |\n|---|---|---|---|---|\n"
    return f"\n## `{heading}`\n\n{about}\n\n{columns}{rows}"


def _rows(cls: type, table: dict[str, Any]) -> Iterator[str]:
    for declared, annotation in options_of(cls):
        if declared.name in table["properties"]:
            option = table["properties"][declared.name]
            required = declared.name in table.get("required", ())
            default = "required" if required else _default(option)
            allowed = _allowed(describe(annotation, declared.metadata))
            meaning = escape(option["description"], quote=False)
            cells = [f"`{declared.name}`", _type(option), default, meaning, allowed]
            yield f"| {' | '.join(cells)} |\n"


def _default(option: dict[str, Any]) -> str:
    return f"`{json.dumps(option['default'])}`" if "default" in option else ""


def _type(option: dict[str, Any]) -> str:
    if "anyOf" in option:
        return " or ".join(map(_type, option["anyOf"]))
    if "enum" in option:
        return "string"
    if option["type"] == "array":
        return f"list of {_type(option['items'])}s"
    if option["type"] == "object":
        return "table of strings"
    return _TYPES[option["type"]]


def _allowed(words: str) -> str:
    """The allowed values, unless the type says it all."""
    return "any" if words in ("a text", "true or false") else re.sub(r"'(\S+)'", r"`\1`", words)
