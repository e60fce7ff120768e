"""The Pythons of this machine that the package is for."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")
_WHERE = "import sys; print(sys.executable)"


def find(version: str) -> Path | None:
    """The interpreter of this minor version, on the PATH or one of pyenv's; None without."""
    program = shutil.which(f"python{version}")
    for variables in _ways(version) if program else ():
        done = subprocess.run(
            [f"python{version}", "-c", _WHERE],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return Path(done.stdout.strip())
    return None


def _ways(version: str) -> Iterator[dict[str, str]]:
    """As it is, and with each of pyenv's own: its shims run only what is chosen."""
    yield {}
    if shutil.which("pyenv"):
        listed = subprocess.run(
            ["pyenv", "versions", "--bare"], stdout=subprocess.PIPE, check=False
        )
        for one in reversed(listed.stdout.decode().split()):
            if one.startswith(f"{version}."):
                yield {"PYENV_VERSION": one}
