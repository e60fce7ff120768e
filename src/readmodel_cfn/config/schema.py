"""The JSON Schema of readmodel.toml for editors, generated from the options' declarations."""

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from readmodel_cfn.config.environments import ENV, NAME
from readmodel_cfn.config.values import TABLES
from readmodel_cfn.template.options import options_of


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12: meaning, default and limits of every table and key."""
    tables = {name: _table(cls) for name, cls in TABLES.items()}
    tables["routes"] = {
        "type": "array",
        "minItems": 1,
        "items": tables["routes"] | {"required": ["path", "key"]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "readmodel.toml",
        "description": "One read model, for readmodel-cfn.",
        "type": "object",
        "additionalProperties": False,
        "properties": tables | {ENV: _environments()},
    }


def _environments() -> dict[str, Any]:
    """The tables [env.NAME.*], which have the keys of the tables that they override."""
    tables = {name: {"$ref": f"#/properties/{name}"} for name in TABLES if name != "routes"}
    return {
        "type": "object",
        "description": "Environments: each table overrides one of the file, key by key. Routes "
        "are shared.",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^(?:{NAME})$"},
        "additionalProperties": {
            "type": "object",
            "additionalProperties": False,
            "properties": tables,
        },
    }


def _table(cls: type) -> dict[str, Any]:
    properties = {
        declared.name: _option(declared.default, annotation, declared.metadata)
        for declared, annotation in options_of(cls)
    }
    summary = (cls.__doc__ or "").partition("\n")[0]
    return {
        "type": "object",
        "description": summary,
        "additionalProperties": False,
        "properties": properties,
    }


def _option(default: Any, annotation: Any, rules: Any) -> dict[str, Any]:
    made = {"description": rules["doc"]} | _type(annotation, rules)
    if isinstance(default, str | int | tuple):
        made["default"] = list(default) if isinstance(default, tuple) else default
    return made | ({} if rules["example"] is None else {"examples": [rules["example"]]})


def _type(annotation: Any, rules: Any) -> dict[str, Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _type(arguments[0], rules)}
    if origin is dict:
        texts = _type(str, rules)
        return {"type": "object", "additionalProperties": texts, "propertyNames": texts}
    if origin is not None:  # X | None is X: TOML has no null, the key is omitted
        kinds = [_type(argument, rules) for argument in arguments if argument is not NoneType]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    return {"type": {str: "string", int: "integer", bool: "boolean"}[annotation]} | _limits(rules)


def _limits(rules: Any) -> dict[str, Any]:
    limits = {name: rules[name] for name in ("minimum", "maximum") if rules[name] is not None}
    pattern = rules["pattern"]
    return limits | ({"pattern": f"^(?:{pattern})$"} if pattern else {})
