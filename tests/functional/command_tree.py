"""All commands, and the examples of their help."""

import shlex
from collections.abc import Iterator

import click

from readmodel_cfn.cli import main

PROGRAM = "readmodel-cfn"


def all_commands() -> dict[str, click.Command]:
    """Each command and group by the words that call it; the program itself by no words."""
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

# The commands that call AWS, with the arguments that they need.
NEED_THE_MODEL: dict[str, list[str]] = {
    "deploy": ["--yes"],
    "diff": [],
    "publish": ["payload.json"],
    "read": [],
    "verify": ["--yes"],
    "restore": ["payload.json", "version", "--yes"],
    "ls": [],
    "unpublish": ["payload.json", "--yes"],
    "release list": [],
    "release activate": ["one"],
    "release rollback": [],
    "release prune": ["--yes"],
}
NEED_A_NAME: dict[str, list[str]] = {
    "status": [],
    "outputs": [],
    "follow": [],
    "diagnose": [],
    "history": ["payload.json"],
    "delete": ["--yes"],
}

# What a command without AWS needs besides a read model.
NEEDED: dict[str, list[str]] = {"estimate": ["--reads", "1", "--writes", "1"]}


def options_of(command: click.Command) -> set[str]:
    """The options of a command, as they are typed."""
    names = (name for parameter in command.params for name in parameter.opts)
    return {name for name in names if name.startswith("-")}


def examples_of(command: click.Command) -> list[str]:
    """The examples at the end of its help."""
    return (command.epilog or "").splitlines()


def words_of(example: str) -> list[str]:
    """The arguments of an example, without the shell's redirections and comments."""
    words = shlex.split(example, comments=True)
    ends = [number for number, word in enumerate(words) if word in (">", ">>")]
    return words[1 : ends[0] if ends else None]


def command_of(example: str) -> str:
    """The command of an example, also of one that a shell evaluates: `eval "$(...)"`."""
    return example.removeprefix('eval "$(').removesuffix(')"')


EXAMPLES = [
    (words, command_of(line))
    for words, command in COMMANDS.items()
    for line in examples_of(command)
]
