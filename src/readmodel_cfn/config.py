"""readmodel.toml: the stack, the routes, the sections of the article, and how to publish.

Strict: an unknown key, a wrong type or a value that AWS would refuse is an error that names the
file, the key, the value and what is allowed. One file describes one environment.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.model import ReadModel
from readmodel_cfn.naming import PREFIX, PREFIX_IN_WORDS
from readmodel_cfn.options import OptionError, check_options, option, options_of
from readmodel_cfn.routes import Route
from readmodel_cfn.sections.api import Api
from readmodel_cfn.sections.data_store import DataStore
from readmodel_cfn.sections.deployment import Deployment
from readmodel_cfn.sections.gateway_role import GatewayRole
from readmodel_cfn.sections.writer import Writer

DEFAULT_FILE = Path("readmodel.toml")
DEFAULT_STACK_NAME = "read-model"
STACK_NAME = r"[A-Za-z][A-Za-z0-9-]{0,127}"
STACK_NAME_IN_WORDS = "1 to 128 of A-Z a-z 0-9 and -, a letter first"
# Of the 50 tags that a stack may have, one marks it as this tool's:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
_MOST_TAGS, _LONGEST_TAG_KEY = 49, 128
_TAGS_IN_WORDS = (
    f"a table of at most {_MOST_TAGS} texts, each 1 to 256 (a key: {_LONGEST_TAG_KEY}) of "
    "A-Z a-z 0-9 space and _ . : / = + @ -"
)


@dataclass(frozen=True)
class Stack:
    """Where and how the stack is deployed; of the template only the prefix is a part."""

    name: str = option(
        DEFAULT_STACK_NAME, "Name of the stack.", pattern=STACK_NAME, allowed=STACK_NAME_IN_WORDS
    )
    region: str | None = option(
        None,
        "Region to deploy to; without one the AWS profile's.",
        pattern=r"[a-z]{2,3}(-[a-z]+)+-\d{1,2}",
        allowed="a region, such as eu-west-1",
        example="eu-west-1",
    )
    tags: dict[str, str] = option(
        dict,
        "Tags of the stack, which CloudFormation passes on to its resources.",
        pattern=r"(?!aws:)[A-Za-z0-9 _.:/=+@-]{1,256}",
        allowed=_TAGS_IN_WORDS,
        example={"team": "shop"},
    )
    termination_protection: bool = option(
        False, "Refuse to delete the stack until it is off again."
    )
    role_arn: str | None = option(
        None,
        "Role that CloudFormation acts as; without one it acts as whoever deploys.",
        pattern=r"arn:[a-z-]+:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}",
        allowed="a role's ARN, such as arn:aws:iam::123456789012:role/deploy",
        example="arn:aws:iam::123456789012:role/deploy",
    )

    prefix: str = option(
        "",
        "Begins every logical id and output: a read model that is one of several in a stack.",
        pattern=PREFIX,
        allowed=PREFIX_IN_WORDS,
    )

    def __post_init__(self) -> None:
        check_options(self, "stack")
        if len(self.tags) > _MOST_TAGS or any(len(key) > _LONGEST_TAG_KEY for key in self.tags):
            raise OptionError("stack.tags", self.tags, _TAGS_IN_WORDS)


@dataclass(frozen=True)
class Publish:
    """What `publish` does with the files of a folder."""

    exclude: tuple[str, ...] = option(
        (),
        "Patterns of keys that publish neither sends nor deletes, such as drafts/*.",
        pattern=r"(?!\.{0,2}/).+",
        allowed="a pattern of keys, such as drafts/*, with * for any text, without / or ./ at its "
        "beginning",
    )

    def __post_init__(self) -> None:
        check_options(self, "publish")


SECTIONS: Mapping[str, type] = {
    "data_store": DataStore,
    "writer": Writer,
    "gateway_role": GatewayRole,
    "api": Api,
    "deployment": Deployment,
}
TABLES: Mapping[str, type] = {"stack": Stack, "routes": Route, **SECTIONS, "publish": Publish}


@dataclass(frozen=True)
class Config:
    """What readmodel.toml says: the stack to deploy to, the read model, and how to publish."""

    stack: Stack = field(default_factory=Stack)
    model: ReadModel = field(default_factory=ReadModel)
    publish: Publish = field(default_factory=Publish)


def load(path: Path) -> Config:
    """Read a readmodel.toml.

    Raises:
        ConfigError: naming the file, and what in it is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows likes to mark it
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"cannot be read: {reason}", where=str(path)) from error
    return parse(text, str(path))


def parse(text: str, source: str) -> Config:
    """The same from text; `source` names it in errors."""
    import tomllib  # with difflib, loaded only where there is a file to read

    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of too many digits
        what = "nested too deeply" if isinstance(error, RecursionError) else error
        raise ConfigError(f"not TOML: {what}", where=source) from error
    with _told_of(source):
        return _config(content)


def read_model(content: Any, source: str) -> ReadModel:
    """The read model that the tables of readmodel.toml describe, as plain values.

    For another tool's file, which has no [stack] and no [publish]: it deploys the stack itself.
    `source` names it in errors.

    Raises:
        ConfigError: naming the source, and what in it is wrong.
    """
    with _told_of(source):
        if not isinstance(content, dict):
            raise ConfigError(f"{content!r} is not allowed", hint="give a table")
        _known(content, ["routes", *SECTIONS], "")
        return _model(content)


@contextmanager
def _told_of(source: str) -> Iterator[None]:
    """An error within is told of that source."""
    try:
        yield
    except ConfigError as error:
        where = f"{source}: {error.where}" if error.where else source
        raise ConfigError(error.what, where=where, hint=error.hint) from error


def _config(content: Mapping[str, Any]) -> Config:
    _known(content, TABLES, "")
    return Config(
        _table(Stack, content.get("stack", {}), "stack"),
        _model(content),
        _table(Publish, content.get("publish", {}), "publish"),
    )


def _model(content: Mapping[str, Any]) -> ReadModel:
    given = {
        name: _table(cls, content[name], name) for name, cls in SECTIONS.items() if name in content
    }
    if "routes" in content:
        given["routes"] = _routes(content["routes"])
    return ReadModel(**given)


def _routes(items: Any) -> tuple[Route, ...]:
    if not isinstance(items, list):
        raise OptionError("routes", items, "tables, each headed [[routes]]")
    return tuple(_route(item, f"routes[{number}]") for number, item in enumerate(items, start=1))


def _route(item: Any, place: str) -> Route:
    try:
        route: Route = _table(Route, item, place)
    except OptionError as error:
        key = error.key.replace("routes.", f"{place}.")
        raise OptionError(key, error.value, error.allowed) from error
    missing = [name for name in ("path", "key") if name not in item]
    if missing:
        raise ConfigError(f"{missing[0]} is missing", where=place, hint="give both path and key")
    return route


def _table(cls: type, table: Any, place: str) -> Any:
    if not isinstance(table, dict):
        raise OptionError(place, table, "a table")
    allowed = [declared.name for declared, _ in options_of(cls) if declared.metadata["config"]]
    _known(table, allowed, place)
    return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in table.items()})


def _known(table: Mapping[str, Any], allowed: Any, place: str) -> None:
    for key in table:
        if key not in allowed:
            import difflib

            near = difflib.get_close_matches(str(key), allowed, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(allowed)}"
            raise ConfigError("unknown key", where=f"{place}.{key}".lstrip("."), hint=hint)
