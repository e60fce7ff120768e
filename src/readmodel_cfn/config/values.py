"""The content of readmodel.toml as frozen values: stack, read model, publish, environments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readmodel_cfn.config.environments import UnknownEnvironment, table_name
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import STACK_TAGS, TAG_KEY_LENGTH, TAG_VALUE_LENGTH
from readmodel_cfn.template.model import SECTIONS, ReadModel
from readmodel_cfn.template.naming import PREFIX, PREFIX_IN_WORDS
from readmodel_cfn.template.options import OptionError, check_options, option
from readmodel_cfn.template.routes import Route

DEFAULT_FILE = Path("readmodel.toml")
DEFAULT_STACK_NAME = "read-model"
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

    def may_be_stack(self, name: str, account: str | None, region: str | None) -> bool:
        """Whether it may be the stack of that name; an account or region of None may be any."""
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
            if env != self.env and other.stack.may_be_stack(name, self.stack.account, region):
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
