"""What the benchmarks share: a whole process measured, medians, tables."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

HERE = Path(__file__).resolve().parent
COMMAND = [str(Path(sys.executable).with_name("readmodel-cfn"))]
"""The command as it was installed beside the Python that runs the benchmark."""

Command = Sequence[str]
Key = TypeVar("Key")


class Run(NamedTuple):
    """One process from start to end: wall time, time on the processor, peak memory."""

    seconds: float
    cpu: float
    mib: float


def run(command: Command, folder: Path) -> Run:
    """Run a command in a folder and measure it; it must succeed, and its results are dropped."""
    spawn = [sys.executable, "-I", "-S", str(HERE / "spawn.py")]
    done = finished([*spawn, *command], folder)
    *figures, code = done.stdout.split()
    _must_succeed(int(code), command, done.stderr)
    return Run(*map(float, figures))


def output(command: Command, folder: Path, variables: Mapping[str, str] | None = None) -> str:
    """What a command that must succeed prints, run in a folder with more environment variables."""
    done = finished(command, folder, variables)
    _must_succeed(done.returncode, command, done.stderr)
    return done.stdout


def finished(
    command: Command, folder: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command that has ended, well or not."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(folder) | dict(variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )


def _must_succeed(code: int, command: Command, errors: str) -> None:
    if code:
        sys.exit(f"exit {code}: {' '.join(command)}\n{errors}")


def environment(folder: Path) -> dict[str, str]:
    """This process's, with compiled code kept below the folder.

    An installed package is compiled once; a source tree that Python may not write to would be
    compiled again at every start.
    """
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def interleaved(rounds: int, subjects: Mapping[Key, Callable[[], Run]]) -> dict[Key, list[Run]]:
    """Run every subject once a round, so that what else the machine does hits all alike.

    The first round warms the caches and is dropped.
    """
    runs: dict[Key, list[Run]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, subject in subjects.items():
            measured = subject()
            if number:
                runs[name].append(measured)
    return runs


def median(values: Iterable[float]) -> float:
    """The middle value."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def medians(runs: Sequence[Run]) -> Run:
    """The median of each figure."""
    return Run(*(median(column) for column in zip(*runs, strict=True)))


def verdict(value: float, target: float) -> str:
    """Whether a figure keeps to the most that it may be."""
    return f"{'met' if value <= target else 'NOT MET'} (at most {target:g})"


def show(result: Mapping[str, Any], tables: Iterable[Sequence[Sequence[str]]], plain: bool) -> None:
    """Print tables for people or, with `plain`, the result as JSON."""
    if plain:
        print(json.dumps(result, indent=2))
        return
    for rows in tables:
        _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    print("\n".join([lines[0], rule, *lines[1:], ""]))
