"""Commands whose help ends with examples: whole lines, as they can be typed."""

import click

_WHOLE = 1000  # characters, more than a sentence has


class WithExamples(click.Command):
    """A command whose epilog is examples, a line each."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """A section of their own, never broken into other lines."""
        with formatter.section("Examples"):
            for line in (self.epilog or "").splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The same; whose error it is, click's parser does not always say."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Group(WithExamples, click.Group):
    """A group of such commands."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with its first sentence, whole: click would cut it at the end of the line."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, one.get_short_help_str(_WHOLE)) for name, one in found.items() if one]
            )


def examples(*lines: str) -> str:
    """The epilog that these make."""
    return "\n".join(lines)
