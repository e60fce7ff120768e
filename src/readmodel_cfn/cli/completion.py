"""`completion`: the script that makes a shell complete commands, options and choices."""

import click
from click.shell_completion import get_completion_class

from readmodel_cfn.cli.help import WithExamples, examples


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn completion bash >> ~/.bashrc",
        "readmodel-cfn completion zsh >> ~/.zshrc  # after its compinit",
        "readmodel-cfn completion fish > ~/.config/fish/completions/readmodel-cfn.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options and choices.

    Add it to the shell's configuration as in the examples, and open a new shell.
    """
    program = ctx.find_root()
    complete = get_completion_class(shell)
    assert complete is not None  # noqa: S101 - click has a class for each choice
    name = program.info_name or ""
    variable = f"_{name}_COMPLETE".replace("-", "_").upper()
    click.echo(complete(program.command, {}, name, variable).source(), nl=False)
