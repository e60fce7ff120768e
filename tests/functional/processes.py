"""The program as a process, without this machine's AWS settings in its environment."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functional_aws import NO_AWS

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = (sys.executable, "-m", "readmodel_cfn")


def environment(more: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The environment of a process; None removes a variable."""
    colours = dict.fromkeys(("NO_COLOR", "FORCE_COLOR"))
    variables = {**os.environ, "PYTHONPATH": str(SOURCE), **colours, **NO_AWS, **(more or {})}
    return {name: value for name, value in variables.items() if value is not None}


def program(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str | None] | None = None, **more: Any
) -> "subprocess.CompletedProcess[bytes]":
    """Run it until it ends; `more` are the streams."""
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL}
    streams |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env=environment(env),
        check=False,
        timeout=60,
        **{**streams, **more},
    )


@dataclass(frozen=True)
class Seen:
    """What a process wrote to its terminal and to its other streams, and its exit code."""

    terminal: bytes
    other: bytes
    code: int


def on_terminal(
    arguments: Sequence[str],
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    *,
    streams: Collection[str],
    typed: bytes = b"",
) -> Seen:
    """Run it until it ends, with a terminal for some of its streams; `typed` is the input."""
    ours, theirs = os.openpty()
    with tempfile.TemporaryFile() as other:
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": other, "stderr": other}
        given |= dict.fromkeys(streams, theirs)
        process = subprocess.Popen(
            [*PROGRAM, *arguments], cwd=cwd, env=environment(env), **given, start_new_session=True
        )
        os.close(theirs)
        os.write(ours, typed)
        written = b"".join(iter(lambda: _read(ours), b""))
        code = process.wait(60)
        os.close(ours)
        other.seek(0)
        return Seen(written, other.read(), code)


def _read(ours: int) -> bytes:
    """The next output; empty when the last process has closed its end."""
    try:
        return os.read(ours, 65536)
    except OSError:  # Linux says EIO
        return b""
