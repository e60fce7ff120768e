"""The command line: each command parses its options, makes one call, and prints the result.

Results go to stdout, logs to stderr; every error is one line with an exit code (errors.py).
"""

import gc
from importlib import import_module
from typing import Any

import click

from readmodel_cfn.cli.errors import last_resort, one_line_errors
from readmodel_cfn.cli.help import Group
from readmodel_cfn.cli.output import colour
from readmodel_cfn.version import __version__

# Each command and its module, which is imported when the command is used.
_COMMANDS = {
    "init": "init",
    "template": "template",
    "lint": "template",
    "audit": "analysis",
    "graph": "analysis",
    "openapi": "analysis",
    "policy": "policy",
    "estimate": "estimate",
    "serve": "serve",
    "diff": "deploy",
    "deploy": "deploy",
    "follow": "deploy",
    "outputs": "status",
    "status": "status",
    "diagnose": "status",
    "publish": "publish",
    "release": "release",
    "ls": "stored",
    "history": "documents",
    "restore": "documents",
    "read": "documents",
    "unpublish": "stored",
    "verify": "verify",
    "delete": "deploy",
    "sandbox": "sandbox",
    "completion": "completion",
}


class Commands(Group):
    """The commands; every error is printed in one line, and sets the exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands, in the order in which they are used."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"readmodel_cfn.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of one run, with colours on or off."""
        with one_line_errors():
            return super().make_context(info_name, args, parent, color=colour(), **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with one_line_errors():
            return super().invoke(ctx)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program.

        The garbage collector is off: it finds nothing to free among the classes that troposphere
        and cfn-lint create when they are imported, and takes a fifth of the time of a lint.
        """
        gc.disable()
        with last_resort():
            return super().__call__(*args, **kwargs)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="readmodel-cfn init\nreadmodel-cfn deploy --sandbox\nreadmodel-cfn publish --help",
)
@click.version_option(__version__, prog_name="readmodel-cfn")
def main() -> None:
    """A read model on AWS: JSON published ahead of time to S3, served by API Gateway."""
