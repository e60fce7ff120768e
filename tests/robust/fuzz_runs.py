"""Runs a command on a file with any content, and judges how it ends."""

import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.cli import main
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.serve import server
from robust_budget import Budget

EXIT_CODES = range(11)
# Of processor time: what a command waits does not count. The limit is 20 s, which
# tools/reliability.py checks; so many more may a slower machine take in `make test`.
CPU_SECONDS = 60
MEMORY_MB = 500
ERROR_LENGTH = 2000  # characters of an error line
MEASURED = Path(__file__).with_name("measured.py")
PROGRAM = Path(sys.executable).with_name("readmodel-cfn")
# No command finds credentials, a region, a profile or a cache.
NO_AWS: Mapping[str, str] = {
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
    "READMODEL_CFN_HOME": "/dev/null/home",
}


@dataclass(frozen=True)
class Run:
    """How a command ended; `seconds` are of processor time."""

    arguments: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    seconds: float
    mb: float = 0
    crash: str = ""


def wrong_end(run: Run) -> list[str]:
    """What is wrong with the end of a command; empty if it is right."""
    errors = [line for line in run.stderr.splitlines() if line.startswith("Error:")]
    wrong = [
        f"exit {run.code}" * (run.code not in EXIT_CODES),
        f"traceback: {run.crash}" * bool(run.crash),
        "traceback" * ("Traceback (most" in run.stdout + run.stderr),
        "internal error" * ("this is a bug" in run.stderr),
        f"{len(errors)} error lines" * (len(errors) != (run.code not in (0, 5))),
        "a line after the error" * (errors != run.stderr.splitlines()[-1:] and bool(errors)),
        "a long error line" * (max(map(len, errors), default=0) > ERROR_LENGTH),
        "a control character" * bool(_control_characters(run.stdout + run.stderr)),
        f"{run.seconds:.0f} s" * (run.seconds > CPU_SECONDS),
        f"{run.mb:.0f} MB" * (run.mb > MEMORY_MB),
    ]
    return [each for each in wrong if each]


def _control_characters(text: str) -> set[str]:
    return {each for each in set(text) - {"\n"} if each < " " or "\x7f" <= each <= "\x9f"}


def require_right_end(run: Run) -> None:
    """Fail the test if the command did not end as documented."""
    wrong = wrong_end(run)
    shown = f"{run.stdout[-300:]}\n{run.stderr[-1500:]}"
    assert not wrong, f"{' '.join(run.arguments)[:300]}: {', '.join(wrong)}\n{shown}"


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Run]:
    """Runs a command in this process and in an own directory; AWS cannot be reached."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "READMODEL_CFN_"))]:
        monkeypatch.delenv(name)
    for name, value in NO_AWS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Connection, "client", _no_aws)
    monkeypatch.setattr(server, "run", lambda _app, listener, **_: listener.close())

    def run(*arguments: str) -> Run:
        began = time.process_time()
        done = CliRunner().invoke(main, list(arguments), standalone_mode=True)
        seconds = time.process_time() - began
        crash = ""
        if done.exception and not isinstance(done.exception, SystemExit):
            crash = "".join(traceback.format_exception(done.exception))[-2000:]
        return Run(arguments, done.exit_code, done.stdout, done.stderr, seconds, crash=crash)

    return run


def _no_aws(*_: Any) -> Any:
    raise ReadModelError("AWS is not called in this test")


def run_alone(folder: Path, *arguments: str) -> Run:
    """Run a command in a process of its own, and measure its processor time and memory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with tempfile.NamedTemporaryFile() as file:
        done = subprocess.run(
            [sys.executable, "-S", MEASURED, file.name, str(CPU_SECONDS), PROGRAM, *arguments],
            cwd=folder,
            env={**kept, **NO_AWS},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        used = json.load(file)
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    return Run(arguments, used["code"], out, err, used["seconds"], used["mb"])


def commands_with(option: str) -> dict[str, click.Command]:
    """The commands that have an option, by the words that call them."""
    return {
        words: command
        for words, command in _below(main, "")
        if any(option in parameter.opts for parameter in command.params)
    }


def _below(group: click.Group, words: str) -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        called = f"{words} {name}".strip()
        found += (
            _below(command, called) if isinstance(command, click.Group) else [(called, command)]
        )
    return found


def try_examples(
    budget: Budget,
    name: str,
    examples: int,
    strategy: st.SearchStrategy[Any],
    attempt: Callable[[Any], list[Run]],
) -> None:
    """Give examples of a strategy to `attempt`, and require that all its runs end right."""
    runs: list[Run] = []

    @seed(budget.seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(value: Any) -> None:
        if budget.is_used_up():
            return
        done = attempt(value)
        runs.extend(done)
        for run in done:
            require_right_end(run)

    each()
    seconds = max((run.seconds for run in runs), default=0)
    budget.record(name, len(runs), seconds=round(seconds, 2))
