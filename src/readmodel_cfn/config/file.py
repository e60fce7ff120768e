"""Reading of the file readmodel.toml.

An unknown key, a wrong type or a value that AWS would refuse is an error that names the file, the
key, the value and the allowed values. A file describes one stack, or one for each of its
environments: the tables `[env.NAME.*]` override the others (environments.py).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from os.path import lexists
from pathlib import Path
from typing import Any

from readmodel_cfn.config.environments import (
    ENV,
    UnknownEnvironment,
    env_tables,
    merged,
    place_of,
    table_name,
)
from readmodel_cfn.config.values import (
    DEFAULT_FILE,
    STACK_NAME_IN_WORDS,
    TABLES,
    Config,
    Publish,
    StackSettings,
)
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.files import read_text
from readmodel_cfn.limits import CONFIG_BYTES
from readmodel_cfn.printable import shortened, shown
from readmodel_cfn.template.model import SECTIONS, ReadModel
from readmodel_cfn.template.options import OptionError, options_of
from readmodel_cfn.template.routes import Route
from readmodel_cfn.toml import parse_toml

# No readmodel.toml has these names unless a person writes them, so the example and the article's
# template replace no other stack.
_EXAMPLE_STACK_NAME = "readmodel-example"
_ARTICLE_STACK_NAME = "readmodel-article"


def load(path: str | Path = DEFAULT_FILE, env: str | None = None) -> Config:
    """Read a readmodel.toml, or one of its environments.

    Raises:
        ConfigError: the file cannot be read, a key or value in it is invalid, or it does not have
            the environment.
    """
    path = Path(path)
    return _selected(_file_content(path), str(path), env, _command_options(path))


def load_environments(path: str | Path = DEFAULT_FILE) -> Mapping[str, Config]:
    """Every environment of a readmodel.toml, by name, in the file's order; empty if it has none.

    Raises:
        ConfigError: the file cannot be read, or a key or value in it is invalid.
    """
    path = Path(path)
    content = _file_content(path)
    with _naming_source(str(path)):
        return _environments(content, _command_options(path))


def _file_content(path: Path) -> Mapping[str, Any]:
    """The file's content, in which the paths of schemas begin at the working directory."""
    content = parse_toml(read_text(path, CONFIG_BYTES), str(path))
    routes = content.get("routes")
    for route in routes if isinstance(routes, list) else ():
        schema = route.get("schema") if isinstance(route, dict) else None
        if schema and isinstance(schema, str):
            route["schema"] = str(path.parent / schema)
    return content


def _command_options(path: Path) -> tuple[str, ...]:
    return () if path == DEFAULT_FILE else ("--config", str(path))


def has_default_file() -> bool:
    """Whether there is a ./readmodel.toml, even one that cannot be read."""
    return lexists(DEFAULT_FILE)


def no_default_file(hint: str) -> ConfigError:
    """The error that there is no ./readmodel.toml."""
    return ConfigError(f"not found in {working_directory()}", where=str(DEFAULT_FILE), hint=hint)


def working_directory() -> str:
    """The path of the working directory, for messages."""
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted
        return "the working directory"


def example() -> Config:
    """The built-in example: one route, as in the article."""
    return Config(StackSettings(name=_EXAMPLE_STACK_NAME), command_options=("--example",))


def article() -> Config:
    """The settings of the article's stack, whose template has no options."""
    return Config(StackSettings(name=_ARTICLE_STACK_NAME), command_options=("--article",))


def check_article(name: str, region: str | None) -> None:
    """Check the name and the region of the article's stack.

    Raises:
        ConfigError: the article's template does not allow one of them.
    """
    from readmodel_cfn.template.article import REGION
    from readmodel_cfn.template.article import STACK_NAME_LENGTH as LONGEST

    if len(name) > LONGEST or name != name.lower():
        allowed = f"{STACK_NAME_IN_WORDS}, lower case, at most {LONGEST} characters"
        raise OptionError("--stack-name", name, f"{allowed}: the article names resources by it")
    if region != REGION:
        raise OptionError("--region", region, f"{REGION}, the region of the article's template")


def parse(text: str, source: str, env: str | None = None) -> Config:
    """Read the text of a readmodel.toml, or one of its environments; `source` is for errors.

    All environments are checked. The tables that they share need not be valid without one.

    Raises:
        ConfigError: a key or value is invalid, or there is no such environment.
    """
    return _selected(parse_toml(text, source), source, env, ())


def _selected(
    content: Mapping[str, Any], source: str, env: str | None, command_options: tuple[str, ...]
) -> Config:
    with _naming_source(source):
        environments = _environments(content, command_options)
    if env is not None:
        if env not in environments:
            raise UnknownEnvironment(env, environments, where=source)
        return environments[env]
    with _naming_source(source):
        config = _base(content, environments)
    return replace(config, command_options=command_options, environments=environments)


def read_model(content: Any, source: str) -> ReadModel:
    """The read model of plain values: the tables of readmodel.toml without [stack] and [publish].

    For the files of other tools, which have their own stack settings. `source` names the file in
    errors.

    Raises:
        ConfigError: a key or value is invalid.
    """
    with _naming_source(source):
        if not isinstance(content, dict):
            raise ConfigError(f"{shown(content)} is not allowed", hint="use a table")
        _check_keys(content, ["routes", *SECTIONS], "")
        return _model(content)


@contextmanager
def _naming_source(source: str) -> Iterator[None]:
    """Add the source to errors of the block."""
    try:
        yield
    except ConfigError as error:
        where = f"{source}: {shortened(error.where)}" if error.where else source
        raise ConfigError(error.what, where=where, hint=error.hint) from error


def _base(content: Mapping[str, Any], environments: Mapping[str, Config]) -> Config:
    """The configuration without an environment.

    Raises:
        ConfigError: a key or value is invalid, or its environments have to add one.
    """
    try:
        return _config(content)
    except ConfigError as error:
        if environments:
            choice = f"choose an environment with --env: {', '.join(environments)}"
            error.hint = f"{error.hint}, or {choice}" if error.hint else choice
        raise


def _environments(
    content: Mapping[str, Any], command_options: tuple[str, ...]
) -> Mapping[str, Config]:
    """The configuration of each environment, by name.

    Raises:
        ConfigError: a key or value is invalid, or two environments may be the same stack.
    """
    found: dict[str, Config] = {}
    base = {name: table for name, table in content.items() if name != ENV}
    for name, overrides in env_tables(content).items():
        _check_env_keys(name, overrides)
        try:
            config = _config(merged(base, overrides))
        except ConfigError as error:
            where = place_of(error.where or "", name, overrides, base)
            raise ConfigError(error.what, where=where, hint=error.hint) from error
        found[name] = replace(
            config,
            command_options=(*command_options, "--env", name),
            env=name,
            environments=found,
            overrides=overrides,
        )
    for config in found.values():
        _check_other_stack(config)
    return found


def _check_env_keys(name: str, overrides: Mapping[str, Any]) -> None:
    """Check the names of an environment's tables.

    Raises:
        ConfigError: one is unknown, or is `routes`.
    """
    place = table_name(name)
    if "routes" in overrides:
        hint = "move them to [[routes]]"
        raise ConfigError(
            "routes are shared by all environments", where=f"{place}.routes", hint=hint
        )
    for key in overrides:
        if key not in TABLES and key in StackSettings.__dataclass_fields__:
            hint = f"add it under [{place}.stack]"
            raise ConfigError("unknown key", where=f"{place}.{key}", hint=hint)
    _check_keys(overrides, [table for table in TABLES if table != "routes"], place)


def _check_other_stack(config: Config) -> None:
    """Check that no environment before this one may be the same stack.

    Raises:
        ConfigError: one may be.
    """
    stack = config.stack
    for env, other in config.environments.items():
        if env == config.env:
            return
        if other.stack.may_be_stack(stack.name, stack.account, stack.region):
            what = f"stack {stack.name} is that of environment {env} too"
            hint = "set another name, or an account or region in both"
            raise ConfigError(what, where=table_name(config.env, "stack"), hint=hint)


def _config(content: Mapping[str, Any]) -> Config:
    _check_keys(content, [*TABLES, ENV], "")
    return Config(
        _table(StackSettings, content.get("stack", {}), "stack"),
        _model(content),
        _table(Publish, content.get("publish", {}), "publish"),
    )


def _model(content: Mapping[str, Any]) -> ReadModel:
    sections = {
        name: _table(cls, content[name], name) for name, cls in SECTIONS.items() if name in content
    }
    if "routes" in content:
        sections["routes"] = _routes(content["routes"])
    return ReadModel(**sections)


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
        raise ConfigError(f"{missing[0]} is missing", where=place, hint="add both path and key")
    return route


def _table(cls: type, table: Any, place: str) -> Any:
    if not isinstance(table, dict):
        raise OptionError(place, table, "a table")
    allowed = [declared.name for declared, _ in options_of(cls)]
    _check_keys(table, allowed, place)
    return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in table.items()})


def _check_keys(table: Mapping[str, Any], allowed: Any, place: str) -> None:
    for key in table:
        if key not in allowed:
            import difflib

            near = difflib.get_close_matches(str(key), allowed, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(allowed)}"
            raise ConfigError("unknown key", where=f"{place}.{key}".lstrip("."), hint=hint)
