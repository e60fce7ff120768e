"""A reader of a page who does what it says: writes its files, types its commands, compares."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from io import StringIO
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from documents import PROGRAM, Block, commands
from readmodel_cfn.cli import main
from readmodel_cfn.config.load import load

PATIENCE = 60
DONE = frozenset({0})
ALIKE = ELLIPSIS | NORMALIZE_WHITESPACE


@dataclass
class Reader:
    """Someone in a folder, with one Python session for the page.

    `told` is what the last commands or the last Python said, None where they were not run for lack
    of a program, `left_out`.
    """

    folder: Path
    session: dict[str, Any] = field(default_factory=dict)
    told: str | None = ""
    left_out: str | None = None

    def make(self, files: Sequence[Block]) -> None:
        """Have the files of the tour, and one document beside them, as the pages name it."""
        for block in files:
            self.follow(block)
        shutil.copy(self.folder / "data/products/42.json", self.folder / "42.json")

    def follow(self, block: Block) -> None:
        """Do what the block says."""
        if block.title:
            file = self.folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            self._type(block)
        elif block.language == "python":
            with redirect_stdout(StringIO()) as said:
                exec(compile(block.text, block.place, "exec"), self.session)  # noqa: S102
            self.told = said.getvalue()
        elif block.language == "text" and self.told is not None:
            assert OutputChecker().check_output(block.text, self.told, ALIKE), self._differs(block)

    def _differs(self, block: Block) -> str:
        return f"{block.place} says\n{block.text}but it was\n{self.told}"

    def _type(self, block: Block) -> None:
        """Plain lines of ours run in this process, which is quicker; all else is bash's."""
        typed = commands(block.text)
        if any(line.words[0] not in (PROGRAM, "make") for line in typed):
            self._bash(block)
            return
        told = [
            self.run(*line.words[1:], exits=line.exits)
            for line in typed
            if line.words[0] == PROGRAM
        ]
        self.told = "".join(told)

    def run(self, *words: str, exits: frozenset[int] = DONE) -> str:
        """Run a command of ours, say yes where it asks, and return what it said."""
        if words[0] == "serve":
            return serve(self.folder, words)
        done = CliRunner().invoke(main, [*(named(word, words) for word in words), *consent(words)])
        assert done.exit_code in exits, f"{' '.join(words)}\n{done.output}"
        return done.output

    def _bash(self, block: Block) -> None:
        if "curl" in block.text and not shutil.which("curl"):
            self.left_out, self.told = "curl", None
            return
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{block.place}\n{done.stdout}"
        self.told = done.stdout


def consent(words: Sequence[str]) -> list[str]:
    """What a reader at a terminal answers where a command asks."""
    with click.Context(main) as context:
        command = main.get_command(context, words[0])
    asks = any("--yes" in option.opts for option in command.params) if command else False
    return ["--yes"] if asks and "--yes" not in words else []


def named(word: str, words: Sequence[str]) -> str:
    """The word, with the stack's name where a reader at a terminal is asked for it."""
    if word != "--with-data":
        return word
    if "--stack-name" in words:
        return f"{word}={words[words.index('--stack-name') + 1]}"
    return f"{word}={load(Path('readmodel.toml')).stack.name}"


def serve(folder: Path, words: Sequence[str]) -> str:
    """Start it, wait until it says where it serves, and end it with Ctrl-C."""
    program = [sys.executable, "-m", "readmodel_cfn", *words]
    told: list[str] = []
    with subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            while not told or (told[-1] and "http:" not in told[-1]):
                told.append(process.stdout.readline())  # type: ignore[union-attr]
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
    return "".join(told)
