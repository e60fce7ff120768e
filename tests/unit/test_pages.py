"""Commands, options, make targets, keys and files in the documentation exist."""

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import click
import pytest

import readmodel_cfn
from documents import (
    GENERATED,
    PAGES,
    PROGRAM,
    ROOT,
    WRITTEN,
    Block,
    blocks,
    commands,
    links,
    spans,
)
from readmodel_cfn.cli import main
from readmodel_cfn.config.file import parse
from readmodel_cfn.estimate.prices import load_prices

BLOCKS = [block for page in WRITTEN for block in blocks(page)]
FILES = [block for page in PAGES for block in blocks(page) if block.language in ("toml", "json")]
# What a test can do with each: tests/sandbox/test_documents_followed.py runs the first three.
LANGUAGES = {"sh", "python", "text", "toml", "json", "mermaid"}
TARGETS = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)


def call(words: Sequence[str]) -> None:
    """Parse a command line as the program does, and run nothing.

    Raises:
        click.UsageError: there is no such command or option.
    """
    left, context = list(words), click.Context(main, info_name=PROGRAM)
    while isinstance(context.command, click.Group) and left and not left[0].startswith("-"):
        found = context.command.get_command(context, left.pop(0))
        if found is None:
            raise click.UsageError(f"no such command: {' '.join(words)}")
        context = click.Context(found, parent=context)
    _, beyond, _ = context.command.make_parser(context).parse_args(left)
    if beyond:
        raise click.UsageError(f"too many arguments: {' '.join(words)}")


def place(block: Block) -> str:
    return block.place


@pytest.mark.parametrize("block", BLOCKS, ids=place)
def test_every_code_block_is_tested_or_has_a_reason(block: Block) -> None:
    assert block.language in LANGUAGES or block.not_run, "fence it, or say <!-- not run: why -->"


@pytest.mark.parametrize("block", FILES, ids=place)
def test_every_shown_file_is_valid(block: Block, tmp_path: Path) -> None:
    if block.language == "json":
        json.loads(block.text)
    elif block.title == "prices.toml":
        (tmp_path / block.title).write_text(block.text, encoding="utf-8")
        assert load_prices(tmp_path / block.title)
    else:
        parse(block.text, block.place)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "sh"], ids=place)
def test_every_shown_command_line_exists(block: Block) -> None:
    """Commands that no test runs are included."""
    for command in commands(block.text):
        check(command.words)


@pytest.mark.parametrize("page", sorted({*PAGES} - {"docs/cli.md"}))
def test_commands_and_options_in_the_text_exist(page: str) -> None:
    options = {
        name for command in every(main) for parameter in command.params for name in parameter.opts
    }
    options.add("--help")
    names = main.list_commands(click.Context(main))
    for span in spans(page):
        first, *more = span.split() or [""]
        if first in (PROGRAM, "make"):
            if more[:1] != ["="]:  # the tag that marks a stack is written so
                check([first, *more])
        elif first in names and more:
            check([PROGRAM, first, *more])
        elif first.startswith("--"):
            assert first.partition("=")[0] in options, span


def check(words: Sequence[str]) -> None:
    if words[0] == PROGRAM:
        call(words[1:])
    elif words[0] == "make":
        assert {word for word in words[1:] if "=" not in word} <= set(TARGETS)


def every(group: click.Group) -> list[click.Command]:
    """The commands below a group."""
    with click.Context(group) as context:
        names = group.list_commands(context)
        below = [found for name in names if (found := group.get_command(context, name))]
    return below + [
        two for child in below if isinstance(child, click.Group) for two in every(child)
    ]


@pytest.mark.parametrize(
    "words",
    [["dploy"], ["deploy", "--dry"], ["sandbox", "begin"], ["diff", "a"], ["read", "a", "b"]],
)
def test_check_fails_for_unknown_commands_and_options(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        call(words)


@pytest.mark.parametrize("page", [*WRITTEN, *GENERATED])
def test_every_link_to_a_file_resolves(page: str) -> None:
    """Where it is read in the repository; on the site mkdocs sees to it."""
    for link in links(page):
        path = link.partition("#")[0]
        if path and "//" not in link:
            assert (ROOT / PurePosixPath(page).parent / path).exists(), link


@pytest.mark.parametrize("page", WRITTEN)
def test_every_shown_script_is_run_by_a_test(page: str) -> None:
    typed = "".join(block.text for block in blocks(page) if block.language == "sh")
    for block in blocks(page):
        if block.language == "python" and block.title:
            assert block.title in typed, block.place


@pytest.mark.parametrize("name", sorted({*readmodel_cfn.__all__} - {"__version__"}))
def test_every_public_name_is_in_the_library_reference(name: str) -> None:
    page = (ROOT / "docs/library.md").read_text(encoding="utf-8")
    assert f"::: readmodel_cfn.{name}\n" in page
