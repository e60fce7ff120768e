"""The directory of an embedded AWS: its state, logs and lock, and the environment installed in it.

The environment is installed on first use, and again where an installation was not completed.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from readmodel_cfn.local.sandbox.state import SandboxError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""The pinned distributions of the sandbox's own environment."""
MARKER = "complete"
"""The file, written last, that makes an installation complete."""


@dataclass(frozen=True)
class Home:
    """The directory of one embedded AWS: its environment, state, log and lock."""

    path: Path

    @classmethod
    def at(cls, path: Path | None) -> "Home":
        """The given directory, else READMODEL_CFN_HOME, else the user's cache directory."""
        named = path or os.environ.get("READMODEL_CFN_HOME") or user_cache_path("readmodel-cfn")
        try:
            return cls(Path(named).expanduser().absolute())
        except RuntimeError as error:  # ~name of nobody, or ~ of somebody without a home
            hint = "give READMODEL_CFN_HOME a directory"
            raise SandboxError("there is no such home", where=str(named), hint=hint) from error

    @property
    def venv(self) -> Path:
        """The environment for these requirements and this Python; another of either has its own."""
        parts = (platform.python_version(), platform.python_implementation())
        identity = " ".join((*parts, sysconfig.get_platform())).encode()
        digest = hashlib.sha256(REQUIREMENTS.read_bytes() + identity).hexdigest()
        return self.path / f"venv-{digest[:12]}"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def state(self) -> Path:
        """The running server's address and credentials, readable by its owner only."""
        return self.path / "sandbox.json"

    @property
    def log(self) -> Path:
        """What the server printed since it was last started."""
        return self.path / "sandbox.log"

    @property
    def s3_log(self) -> Path:
        """What API Gateway asked of S3 since it was last started."""
        return self.path / "s3.log"

    @property
    def install_log(self) -> Path:
        """What the last installation printed."""
        return self.path / "install.log"

    @property
    def temporary(self) -> Path:
        """The server's temporary directory, so that its files meet no other server's."""
        return self.path / "tmp"

    def lock(self) -> FileLock:
        """Held while installing, starting or stopping, so that two callers get one server."""
        self.path.mkdir(parents=True, exist_ok=True)
        return FileLock(self.path / "sandbox.lock")


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
    _run(home, [*pip, "--disable-pip-version-check", "-r", str(REQUIREMENTS)])


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
