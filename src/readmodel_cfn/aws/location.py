"""The location of a stack: its name, and the connection to its account and region."""

import shlex
from dataclasses import dataclass, replace
from typing import Self

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.target import Target


@dataclass(frozen=True)
class StackLocation:
    """A stack's name, and the connection to its account and region.

    `account` and `role_arn` are those of Target, which names the stack in messages.
    `command_options` are the options of the command line that select its read model, such as
    --config FILE.
    """

    name: str
    connection: Connection
    account: str | None = None
    role_arn: str | None = None
    command_options: tuple[str, ...] = ()

    @property
    def target(self) -> Target:
        """The account, region and stack, for messages and programs."""
        found = self.connection.target
        return replace(found, account=self.account, stack=self.name, role_arn=self.role_arn)

    def __str__(self) -> str:
        return str(self.target)

    def in_account(self, account: str, role_arn: str | None = None) -> Self:
        """The location with its account.

        Raises:
            ConfigError: the connection is limited to another account.
        """
        allowed = self.connection.allowed_account
        if allowed and account != allowed:
            what = f"the account is {account or 'unknown'}, and only {allowed} is allowed"
            table = self.target.table
            hint = f"choose another profile with --profile, or correct account under {table}"
            raise ConfigError(what, where=str(self), hint=hint)
        return replace(self, account=account, role_arn=role_arn)

    def of_stack(self, stack_id: str, role_arn: str | None = None) -> Self:
        """The location with the account in the stack's ARN.

        Raises:
            ConfigError: the connection is limited to another account.
        """
        return self.in_account(account_of(stack_id), role_arn)

    def command(self, name: str, *options: str) -> str:
        """A command line for this stack, for messages."""
        place = ["--stack-name", self.name, *self.connection.options]
        words = [name, *self.command_options, *place, *options]
        return shlex.join(["readmodel-cfn", *words])


def account_of(arn: str) -> str:
    """The account ID in an ARN; empty if it has none."""
    return [*arn.split(":"), *[""] * 5][4]
