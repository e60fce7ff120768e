"""Reading of the documentation: code blocks, code spans and links."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
# Generated from the code; `tools/generate.py --check` compares them, and a test the screens.
GENERATED = (
    "docs/audit.md",
    "docs/cli.md",
    "docs/readmodel-toml.md",
    "docs/screens.md",
    "docs/troubleshooting.md",
)
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")),
]
WRITTEN = [page for page in PAGES if page not in GENERATED]
PROGRAM = "readmodel-cfn"


@dataclass(frozen=True)
class Block:
    """A code block; `title` is its file name, `not_run` the reason why no test runs it."""

    page: str
    line: int
    language: str
    title: str | None
    text: str
    not_run: str | None

    @property
    def place(self) -> str:
        """Page and line."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command line; `exits` are the exit codes in its comment (default 0)."""

    words: tuple[str, ...]
    exits: frozenset[int]


def blocks(page: str) -> list[Block]:
    """The code blocks of a page, in order; an indented block has no language."""
    found, comment = [], ""
    for token in _tokens(page):
        if token.type in ("fence", "code_block"):
            found.append(_block(page, token, comment))
        comment = token.content if token.type == "html_block" else ""
    return found


def spans(page: str) -> list[str]:
    """The code spans in the text of a page."""
    return [
        child.content
        for token in _tokens(page)
        for child in token.children or ()
        if child.type == "code_inline"
    ]


def links(page: str) -> Iterator[str]:
    """Targets of the links and images of a page."""
    for token in _tokens(page):
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                yield str(child.attrs.get("href") or child.attrs["src"])


def commands(text: str) -> list[Command]:
    """The command lines of a block, without comments."""
    lines = text.replace("\\\n", " ").splitlines()
    words = ((tuple(shlex.split(line, comments=True)), line.partition(" #")[2]) for line in lines)
    return [Command(command, _exits(comment)) for command, comment in words if command]


def _exits(comment: str) -> frozenset[int]:
    codes = re.findall(r"\d+", comment.partition("exit code")[2])
    return frozenset(map(int, codes)) or frozenset({0})


def _tokens(page: str) -> list[Token]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return MarkdownIt("commonmark").enable("table").parse(text)


def _block(page: str, token: Token, comment: str) -> Block:
    title = re.search(r'title="([^"]+)"', token.info)
    reason = re.match(r"<!-- not run: (.+?) -->", comment, re.DOTALL)
    return Block(
        page,
        line=token.map[0] + 1 if token.map else 0,
        language=token.info.partition(" ")[0],
        title=title and title[1],
        text=token.content,
        not_run=reason and reason[1],
    )
