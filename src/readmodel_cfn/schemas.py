"""The JSON Schemas of routes: `publish` checks documents against them, `openapi` contains them.

jsonschema-rs, the extra `schema`, compiles them. A schema is draft 4, 6, 7, 2019-09 or 2020-12, as
its `$schema` says; without one it is 2020-12. `format` is checked with every draft. Nothing outside
the file is read: a `$ref` to another file or to a URL is refused.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.files import read_text
from readmodel_cfn.levels import is_deeper
from readmodel_cfn.limits import SCHEMA_BYTES, SCHEMA_LEVELS
from readmodel_cfn.printable import printable

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

Schema = dict[str, Any] | bool

_INSTALL = "pip install 'readmodel-cfn[schema]', or with pipx: pipx inject readmodel-cfn"
_MESSAGE = 200  # characters
_DRAFTS = ("draft-04", "draft-06", "draft-07", "draft/2019-09", "draft/2020-12")
_DRAFT = rf"https?://json-schema\.org/({'|'.join(_DRAFTS)})/schema#?"


class RouteSchema:
    """The JSON Schema of a route, compiled; `file` is its path as messages show it.

    Raises:
        ConfigError: the extra is not installed, or the file cannot be read or is not a JSON Schema.
    """

    def __init__(self, file: str, route: str) -> None:
        self.file = file
        self.content, self.validator = _load(file, f"correct schema of the route {route}", route)


def _load(file: str, hint: str, route: str) -> "tuple[Schema, Validator]":
    try:
        import jsonschema_rs
    except ImportError as error:
        what = f"the schema {file} needs jsonschema-rs, which is not installed"
        install = f"run: {_INSTALL} jsonschema-rs"
        raise ConfigError(what, where=f"route {route}", hint=install) from error
    content = _json(file, hint)
    _check_draft(content, file)
    try:
        return content, jsonschema_rs.validator_for(content, validate_formats=True, offline=True)
    except jsonschema_rs.ValidationError as error:
        raise _not_a_schema(error, file) from error
    except (ValueError, OverflowError, jsonschema_rs.ReferencingError) as error:
        raise ConfigError(f"not a JSON Schema: {error}", where=file, hint="correct it") from error


def _json(file: str, hint: str) -> Any:
    try:
        content = json.loads(read_text(Path(file), SCHEMA_BYTES), parse_constant=_refuse_constant)
    except ConfigError as error:
        raise ConfigError(error.what, where=error.where, hint=hint) from error
    except ValueError as error:
        raise ConfigError(f"not JSON: {error}", where=file, hint="correct it") from error
    except RecursionError as error:
        raise _too_deep(file) from error
    if is_deeper(content, SCHEMA_LEVELS):
        raise _too_deep(file)
    return content


def _too_deep(file: str) -> ConfigError:
    what = f"nested in more than {SCHEMA_LEVELS} levels"
    return ConfigError(what, where=file, hint="use $defs and $ref")


def _check_draft(content: Any, file: str) -> None:
    named = content.get("$schema") if isinstance(content, dict) else None
    if isinstance(named, str) and not re.fullmatch(_DRAFT, named):
        hint = f"use https://json-schema.org/{_DRAFTS[-1]}/schema, or one of {', '.join(_DRAFTS)}"
        raise ConfigError(f"$schema is {named!r}, which is not known", where=file, hint=hint)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _not_a_schema(error: "ValidationError", file: str) -> ConfigError:
    if error.kind.name == "$ref":
        return unresolved(message_of(error), file)
    place = pointer(error.instance_path)
    what = f"not a JSON Schema: {place + ': ' if place else ''}{message_of(error)}"
    return ConfigError(what, where=file, hint="correct it")


def unresolved(what: str, file: str) -> ConfigError:
    """The error of a `$ref` to something that is not in the file."""
    hint = "put what it refers to into $defs of the same file"
    return ConfigError(f"a $ref cannot be resolved: {what}", where=file, hint=hint)


def pointer(path: list[str | int]) -> str:
    """A JSON Pointer (RFC 6901); the whole document is the empty text."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def message_of(error: "ValidationError") -> str:
    """What is wrong, without the middle of a long value."""
    text = error.message
    if len(text) > _MESSAGE:
        text = f"{text[: _MESSAGE // 2]} ... {text[-_MESSAGE // 2 :]}"
    return printable(text)
