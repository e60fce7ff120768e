"""Runs a page of the documentation: writes its files, runs its commands, compares the output."""

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
from progress_lines import without_progress
from readmodel_cfn.cli import main
from readmodel_cfn.config.file import load

TIMEOUT = 120
DONE = frozenset({0})
ALIKE = ELLIPSIS | NORMALIZE_WHITESPACE


@dataclass
class Reader:
    """A folder and a Python session for a page.

    `output` is what the last block printed, None if it was skipped for lack of a program,
    `left_out`.
    """

    folder: Path
    session: dict[str, Any] = field(default_factory=dict)
    output: str | None = ""
    left_out: str | None = None

    def make(self, files: Sequence[Block]) -> None:
        """Write the files of the tour, and the document that other pages name."""
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
            with redirect_stdout(StringIO()) as printed:
                exec(compile(block.text, block.place, "exec"), self.session)  # noqa: S102
            self.output = printed.getvalue()
        elif block.language == "text" and self.output is not None:
            assert is_shown(block.text, self.output), self._differs(block)

    def _differs(self, block: Block) -> str:
        return f"{block.place} says\n{block.text}but it was\n{self.output}"

    def _type(self, block: Block) -> None:
        """Run our commands in this process, which is quicker, and other lines in bash."""
        typed = commands(block.text)
        if any(line.words[0] not in (PROGRAM, "make") for line in typed):
            self._bash(block)
            return
        outputs = [
            self.run(*line.words[1:], exits=line.exits)
            for line in typed
            if line.words[0] == PROGRAM
        ]
        self.output = "".join(outputs)

    def run(self, *words: str, exits: frozenset[int] = DONE) -> str:
        """Run a command with consent; returns its output."""
        if words[0] == "serve":
            return serve(self.folder, words)
        done = CliRunner().invoke(main, [*(named(word, words) for word in words), *consent(words)])
        assert done.exit_code in exits, f"{' '.join(words)}\n{done.output}"
        return done.output

    def _bash(self, block: Block) -> None:
        if "curl" in block.text and not shutil.which("curl"):
            self.left_out, self.output = "curl", None
            return
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, f"{block.place}\n{done.stdout}"
        self.output = done.stdout


def is_shown(text: str, output: str) -> bool:
    """Whether the text of a page, with ... for any text, is the output without timed lines."""
    return OutputChecker().check_output(text, without_progress(output), ALIKE)


def consent(words: Sequence[str]) -> list[str]:
    """The option that answers the command's question."""
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
    """Start it, wait until it prints its URL, and end it with Ctrl-C."""
    program = [sys.executable, "-m", "readmodel_cfn", *words]
    lines: list[str] = []
    with subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            while not lines or (lines[-1] and "http:" not in lines[-1]):
                lines.append(process.stdout.readline())  # type: ignore[union-attr]
            process.send_signal(signal.SIGINT)
            assert process.wait(TIMEOUT) == 0
        finally:
            process.kill()
    return "".join(lines)
