"""The command line: the composition root, the one place that knows every room.

Results go to stdout, the story to stderr; every error is one line and an exit code (errors.py).
"""

import gc
from importlib import import_module
from typing import Any, NoReturn

import click

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.version import __version__

# Each command and its module, loaded when it is used: `template` does not wait for the others.
_COMMANDS = {
    "template": "template",
    "lint": "template",
    "audit": "audit",
    "graph": "graph",
    "openapi": "openapi",
    "serve": "serve",
    "diff": "diff",
    "deploy": "deploy",
    "follow": "follow",
    "outputs": "show",
    "status": "show",
    "diagnose": "diagnose",
    "publish": "publish",
    "history": "history",
    "restore": "history",
    "read": "data",
    "verify": "verify",
    "delete": "delete",
    "sandbox": "sandbox",
}


class Commands(click.Group):
    """The commands; what goes wrong in one is said in one line, with the error's exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of a read model's life."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"readmodel_cfn.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Without the collector of cycles: it finds nothing to free among the classes that troposphere
        and cfn-lint make as they load, and looking costs a fifth of a lint.
        """
        gc.disable()
        try:
            return super().invoke(ctx)
        except ReadModelError as error:
            _fail(ctx, str(error), error.exit_code)
        except BrokenPipeError:
            raise  # the reader of our output went away; click knows what to do
        except (KeyboardInterrupt, click.Abort):
            _fail(ctx, "interrupted; run the command again", 1)
        except (OSError, UnicodeError) as error:
            what = getattr(error, "strerror", None) or error
            file = getattr(error, "filename", None)
            _fail(ctx, f"{file}: {what}" if file else str(what), 1)
        finally:
            gc.enable()


def _fail(ctx: click.Context, line: str, code: int) -> NoReturn:
    click.echo(f"{click.style('Error:', fg='red')} {line}", err=True)
    ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="readmodel-cfn")
def main() -> None:
    """A read model on AWS: JSON published ahead of time to S3, served by API Gateway."""
