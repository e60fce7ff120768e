"""The file readmodel.toml: the stack, the read model, and the settings of `publish`.

An unknown key, a wrong type or a value that AWS would refuse is an error that names the file, the
key, the value and the allowed values. A file describes one stack, or one for each of its
environments: the tables `[env.NAME.*]` override the others (environments.py).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.files import read_text
from readmodel_cfn.limits import STACK_TAGS, TAG_KEY_LENGTH, TAG_VALUE_LENGTH
from readmodel_cfn.template.model import SECTIONS, ReadModel
from readmodel_cfn.template.naming import PREFIX, PREFIX_IN_WORDS
from readmodel_cfn.template.options import OptionError, check_options, option, options_of
from readmodel_cfn.template.routes import Route

DEFAULT_FILE = Path("readmodel.toml")
DEFAULT_STACK_NAME = "read-model"
# No readmodel.toml has these names unless a person writes them, so the example and the article's
# template replace no other stack.
_EXAMPLE_STACK_NAME = "readmodel-example"
_ARTICLE_STACK_NAME = "readmodel-article"
STACK_NAME_LENGTH = 128
STACK_NAME = rf"[A-Za-z][A-Za-z0-9-]{{0,{STACK_NAME_LENGTH - 1}}}"
STACK_NAME_IN_WORDS = (
    f"1 to {STACK_NAME_LENGTH} characters A-Z a-z 0-9 and -, beginning with a letter"
)
_MOST_TAGS = STACK_TAGS - 1  # this tool adds its own tag
_TAGS_IN_WORDS = (
    f"a table of at most {_MOST_TAGS} strings of 1 to {TAG_VALUE_LENGTH} characters (keys: "
    f"{TAG_KEY_LENGTH}): A-Z a-z 0-9 space and _ . : / = + @ -"
)


@dataclass(frozen=True)
class StackSettings:
    """The CloudFormation stack: name, region, tags and protection."""

    name: str = option(
        DEFAULT_STACK_NAME,
        "Name of the stack.",
        pattern=STACK_NAME,
        allowed=STACK_NAME_IN_WORDS,
    )
    region: str | None = option(
        None,
        "AWS region of the stack. By default the region of the environment or the AWS profile.",
        # Every partition's regions, which cfn-lint and botocore know (botocore: partitions.json).
        pattern=r"([a-z]{2}|eusc)(-[a-z]+)+-\d{1,2}",
        allowed="a region, such as eu-west-1",
        example="eu-west-1",
    )
    tags: dict[str, str] = option(
        dict,
        "Tags of the stack; CloudFormation copies them to its resources (default none).",
        pattern=r"(?!aws:)[A-Za-z0-9 _.:/=+@-]{1,256}",
        allowed=_TAGS_IN_WORDS,
        example={"team": "shop"},
    )
    termination_protection: bool = option(
        False, "Enable CloudFormation termination protection (default false)."
    )
    role_arn: str | None = option(
        None,
        "ARN of the IAM role that CloudFormation assumes. By default CloudFormation uses the "
        "caller's permissions.",
        pattern=r"arn:[a-z-]+:iam::\d{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}",
        allowed="a role's ARN, such as arn:aws:iam::123456789012:role/deploy",
        example="arn:aws:iam::123456789012:role/deploy",
    )
    account: str | None = option(
        None,
        "The only AWS account that may be used, except for the sandbox (default any account).",
        pattern=r"\d{12}",
        allowed='12 digits in quotes, such as "123456789012"',
        example="123456789012",
    )
    prefix: str = option(
        "",
        "Prefix of every logical ID and output, for several read models in one stack (default "
        "none).",
        pattern=PREFIX,
        allowed=PREFIX_IN_WORDS,
    )

    def __post_init__(self) -> None:
        check_options(self, "stack")
        if len(self.tags) > _MOST_TAGS or any(len(key) > TAG_KEY_LENGTH for key in self.tags):
            raise OptionError("stack.tags", self.tags, _TAGS_IN_WORDS)

    def may_be(self, name: str, account: str | None, region: str | None) -> bool:
        """Whether it may be the stack of that name: an account or region of None may be any."""
        return (
            self.name == name
            and (not self.account or not account or self.account == account)
            and (not self.region or not region or self.region == region)
        )


@dataclass(frozen=True)
class Publish:
    """What `publish` does with the files of a directory."""

    exclude: tuple[str, ...] = option(
        (),
        "Patterns of keys that are neither published nor deleted, such as drafts/* (default none).",
        pattern=r"(?!\.{0,2}/).+",
        allowed="a pattern of keys, such as drafts/*, with * for any text; it does not begin with "
        "/ or ./",
    )

    def __post_init__(self) -> None:
        check_options(self, "publish")


TABLES: Mapping[str, type] = {
    "stack": StackSettings,
    "routes": Route,
    **SECTIONS,
    "publish": Publish,
}


@dataclass(frozen=True)
class Config:
    """The content of readmodel.toml: the stack, the read model, and how to publish.

    `command_options` are the options of the command line that select it, for commands in messages;
    there are none for ./readmodel.toml. `env` is the environment that it describes, `environments`
    are all of the file, by name, and `overrides` are the tables of this one. A file that has
    environments describes no stack without one of them.
    """

    stack: StackSettings = field(default_factory=StackSettings)
    model: ReadModel = field(default_factory=ReadModel)
    publish: Publish = field(default_factory=Publish)
    command_options: tuple[str, ...] = field(default=(), compare=False)
    env: str | None = None
    environments: Mapping[str, "Config"] = field(default_factory=dict, compare=False, repr=False)
    overrides: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def file(self) -> str:
        """The file's path, for messages."""
        options = self.command_options
        return options[1] if options[:1] == ("--config",) else str(DEFAULT_FILE)

    def environment(self, name: str) -> "Config":
        """The configuration of an environment of the file.

        Raises:
            UnknownEnvironment: the file does not have it.
        """
        if name not in self.environments:
            raise UnknownEnvironment(name, self.environments, where=self.file)
        return self.environments[name]

    def require_stack(self) -> None:
        """Check that it describes a stack: that an environment was chosen, if there are any.

        Raises:
            ConfigError: none was chosen.
        """
        if self.environments and self.env is None:
            hint = f"use --env NAME, in Python env=NAME: {', '.join(self.environments)}"
            raise ConfigError("no environment is chosen", where=self.file, hint=hint)

    def check_own_stack(self, name: str, region: str | None) -> None:
        """Check that a stack is not that of another environment; without one `require_stack` does.

        Raises:
            ConfigError: it is.
        """
        for env, other in self.environments.items() if self.env else ():
            if env != self.env and other.stack.may_be(name, self.stack.account, region):
                what = f"stack {name} is that of environment {env}"
                hint = f"choose another name or region, or use the environment {env}"
                raise ConfigError(what, where=f"environment {self.env}", hint=hint)

    def table_of(self, table: str, key: str) -> str:
        """The table that sets a key, such as `api` or `env.production.api`.

        `key` may be a dotted one, such as tags.team.
        """
        found: Any = self.overrides.get(table)
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return table if found is None else table_name(self.env, table)

    def tables_of(self, heading: str) -> str:
        """The headings of a table and of its overrides: `[api] or [env.production.api]`."""
        table = heading.strip("[]")
        if table not in self.overrides:
            return heading
        return f"{heading} or [{table_name(self.env, table)}]"


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
    content = _content(read_text(path), str(path))
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
    return _selected(_content(text, source), source, env, ())


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


def _content(text: str, source: str) -> Mapping[str, Any]:
    import tomllib  # takes time to import, as does difflib below

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also for too many digits
        what = "nested too deeply" if isinstance(error, RecursionError) else error
        raise ConfigError(f"not TOML: {what}", where=source) from error


def read_model(content: Any, source: str) -> ReadModel:
    """The read model of plain values: the tables of readmodel.toml without [stack] and [publish].

    For the files of other tools, which have their own stack settings. `source` names the file in
    errors.

    Raises:
        ConfigError: a key or value is invalid.
    """
    with _naming_source(source):
        if not isinstance(content, dict):
            raise ConfigError(f"{content!r} is not allowed", hint="use a table")
        _check_keys(content, ["routes", *SECTIONS], "")
        return _model(content)


@contextmanager
def _naming_source(source: str) -> Iterator[None]:
    """Add the source to errors of the block."""
    try:
        yield
    except ConfigError as error:
        where = f"{source}: {error.where}" if error.where else source
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
        if other.stack.may_be(stack.name, stack.account, stack.region):
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
