"""Where a stack is: its name, and the connection to its account and region."""

import shlex
from dataclasses import dataclass

from readmodel_cfn.aws.connection import Connection


@dataclass(frozen=True)
class StackLocation:
    """One stack, as messages name it and as commands find it."""

    name: str
    connection: Connection

    def __str__(self) -> str:
        return f"stack {self.name} in {self.connection.region_name or 'no region'}"

    def command(self, name: str, *options: str) -> str:
        """The command line of another command on the same stack, ready to type."""
        where = self.connection.options
        return shlex.join(["readmodel-cfn", name, "--stack-name", self.name, *where, *options])
