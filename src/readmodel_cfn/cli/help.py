"""Help pages that end with examples, each on one line."""

from typing import Any

import click

from readmodel_cfn.cli.debug import debug_option

_SENTENCE = 1000  # characters; no sentence is longer


class WithExamples(click.Command):
    """A command with --debug, whose epilog is examples, one on each line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not isinstance(self, click.Group):
            self.params.append(debug_option())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The examples as a section, without line breaks."""
        with formatter.section("Examples"):
            for line in (self.epilog or "").splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Add the command to errors of click's parser, which does not always name it."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Group(WithExamples, click.Group):
    """A group of commands with examples."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command with its full first sentence, which click would shorten."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        texts = [
            (name, command.get_short_help_str(_SENTENCE))
            for name, command in commands.items()
            if command
        ]
        with formatter.section("Commands"):
            formatter.write_dl(texts)


def examples(*lines: str) -> str:
    """The epilog of a command, from its examples."""
    return "\n".join(lines)
