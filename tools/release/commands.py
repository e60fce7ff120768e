"""A command, run: what it prints, or all that is known of its failure."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class Failed(Exception):
    """Something is not as a release must be; the text says what."""


def run(
    command: Sequence[str | Path],
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    allowed: Sequence[int] = (0,),
) -> str:
    """What the command prints to stdout.

    Raises:
        Failed: its exit code is none of those allowed.
    """
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode not in allowed:
        words = " ".join(str(one) for one in command)
        raise Failed(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}".strip())
    return done.stdout
