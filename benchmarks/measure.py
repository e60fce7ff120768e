"""Shared by the benchmarks: measuring processes, rounds with progress, medians, tables."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
COMMAND = [str(Path(sys.executable).with_name("readmodel-cfn"))]
"""The command in the environment of the Python that runs the benchmark."""

MAX_MINUTES = 9

Command = Sequence[str]


class Run(NamedTuple):
    """Wall time, processor time and peak memory of one process."""

    seconds: float
    cpu: float
    mib: float


def run(command: Command, folder: Path) -> Run:
    """Run a command in a folder and measure it; it must succeed, and its output is discarded."""
    spawn = [sys.executable, "-I", "-S", str(HERE / "spawn.py")]
    done = _completed([*spawn, *command], folder)
    *figures, code = done.stdout.split()
    _must_succeed(int(code), command, done.stderr)
    return Run(*map(float, figures))


def output(command: Command, folder: Path) -> str:
    """The stdout of a command, which must succeed."""
    done = _completed(command, folder)
    _must_succeed(done.returncode, command, done.stderr)
    return done.stdout


def _completed(command: Command, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def _must_succeed(code: int, command: Command, errors: str) -> None:
    if code:
        sys.exit(f"exit {code}: {' '.join(command)}\n{errors}")


def environment(folder: Path) -> dict[str, str]:
    """This process's environment variables, with a cache of compiled code in the folder.

    Without a cache, Python would compile a source tree that it cannot write to at every start.
    """
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**variables, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


_started = time.monotonic()


def rounds(count: int, what: str, minutes: float = MAX_MINUTES) -> Iterator[int]:
    """Round 0, which fills the caches, and `count` rounds.

    Progress is printed. The loop stops early if another round would end after so many minutes of
    the whole benchmark, possibly after round 0.
    """
    progress(f"{what}: round 0 of {count} ...")
    for number in range(count + 1):
        began = time.monotonic()
        yield number
        took = time.monotonic() - began
        progress(f"{what}: round {number} of {count} took {took:.1f} s")
        if number < count and time.monotonic() - _started + took > 60 * minutes:
            progress(f"{what}: stopped early")
            return


def progress(text: str) -> None:
    """Print a line of progress."""
    print(f"{time.monotonic() - _started:4.0f} s  {text}", file=sys.stderr, flush=True)


def median(values: Iterable[float]) -> float:
    """The median."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def medians(runs: Sequence[Run]) -> Run:
    """The median of each figure."""
    return Run(*(median(column) for column in zip(*runs, strict=True)))


def at_most(value: float, target: float) -> str:
    """Whether a figure meets its upper limit."""
    return f"{'met' if value <= target else 'NOT MET'} (at most {target:g})"


def at_least(value: float, target: float) -> str:
    """Whether a figure meets its lower limit."""
    return f"{'met' if value >= target else 'NOT MET'} (at least {target:,})"


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table; the first row is the header."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    print("\n".join([lines[0], rule, *lines[1:], ""]))
