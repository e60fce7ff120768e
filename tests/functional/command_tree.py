"""All commands there are, and the examples that their help gives."""

import shlex
from collections.abc import Iterator

import click

from readmodel_cfn.cli import main

PROGRAM = "readmodel-cfn"


def all_commands() -> dict[str, click.Command]:
    """Each command by the words that call it; groups too, the program itself by none."""
    return dict(_below(main, ""))


def _below(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _below(child, f"{words} {name}".strip())


COMMANDS = all_commands()
LEAVES = {
    words: command for words, command in COMMANDS.items() if not isinstance(command, click.Group)
}


def options_of(command: click.Command) -> set[str]:
    """The options of a command, as they are typed."""
    return {option for each in command.params for option in each.opts if option.startswith("-")}


def examples_of(command: click.Command) -> list[str]:
    """The lines that its help ends with."""
    return (command.epilog or "").splitlines()


def words_of(example: str) -> list[str]:
    """The arguments of an example, without what the shell takes for itself."""
    words = shlex.split(example, comments=True)
    ends = [number for number, word in enumerate(words) if word in (">", ">>")]
    return words[1 : ends[0] if ends else None]


EXAMPLES = [(words, line) for words, command in COMMANDS.items() for line in examples_of(command)]
