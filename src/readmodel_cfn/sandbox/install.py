"""The sandbox's own environment: made on first use, wiped and redone when it was left half done."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from readmodel_cfn.sandbox import home as homes
from readmodel_cfn.sandbox.errors import SandboxError
from readmodel_cfn.sandbox.home import Home

MARKER = "complete"
"""The file, written last, that makes an installation complete."""


def ensure_installed(home: Home, progress: Callable[[str], None]) -> Path:
    """The environment's interpreter, after installing it if needed; the caller holds the lock."""
    if not (home.venv / MARKER).is_file() or not home.python.exists():
        progress(f"installing the embedded AWS into {home.venv} (about 78 MB, once)")
        shutil.rmtree(home.venv, ignore_errors=True)
        _install(home)
        (home.venv / MARKER).touch()
    return home.python


def _install(home: Home) -> None:
    home.install_log.write_bytes(b"")
    _run(home, [sys.executable, "-m", "venv", str(home.venv)])
    pip = [str(home.python), "-I", "-m", "pip", "install", "--no-input"]
    _run(home, [*pip, "--disable-pip-version-check", "-r", str(homes.REQUIREMENTS)])


def _run(home: Home, command: list[str]) -> None:
    with home.install_log.open("ab") as log:
        done = subprocess.run(  # noqa: S603  (our own interpreter and pip)
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise SandboxError(
            f"the embedded AWS could not be installed: {_reason(home.install_log)}",
            where=str(home.install_log),
            hint="check the network and pip's configuration, then start it again",
        )


def _reason(log: Path) -> str:
    """Pip's last error, else the last line it or venv printed."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    lines = [line for line in lines if line]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it printed nothing"])[-1]
