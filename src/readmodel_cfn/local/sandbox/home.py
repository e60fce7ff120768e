"""The directory of a sandbox: its state, logs and lock, and its installed environment.

The environment is installed on first use, and again if an installation was not completed.
"""

import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock
from platformdirs import user_cache_path

from readmodel_cfn.local.sandbox.state import SandboxError
from readmodel_cfn.progress import Note, OnProgress, Step

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""The distributions of the sandbox's own environment, pinned by version and hash."""
MARKER = "complete"
"""The file, written last, that makes an installation complete."""


@dataclass(frozen=True)
class Home:
    """The directory of one sandbox: its environment, state, logs and lock."""

    path: Path

    @classmethod
    def at(cls, path: Path | None) -> "Home":
        """The given directory, else READMODEL_CFN_HOME, else the user's cache directory."""
        named = path or os.environ.get("READMODEL_CFN_HOME") or _default_path()
        try:
            return cls(Path(named).expanduser().absolute())
        except RuntimeError as error:  # ~name of an unknown user, or ~ of a user without a home
            hint = "set READMODEL_CFN_HOME to a directory"
            raise SandboxError("no such directory", where=str(named), hint=hint) from error

    @property
    def venv(self) -> Path:
        """The virtual environment for this version of Python and of the requirements."""
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
        """What the server has printed since the last start."""
        return self.path / "sandbox.log"

    @property
    def s3_log(self) -> Path:
        """The log of API Gateway's requests to S3 since the last start."""
        return self.path / "s3.log"

    @property
    def install_log(self) -> Path:
        """What the last installation printed."""
        return self.path / "install.log"

    @property
    def temporary(self) -> Path:
        """The server's temporary directory, separate from those of other servers."""
        return self.path / "tmp"

    def lock(self) -> FileLock:
        """The lock for install, start and stop: concurrent callers share one server."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_private()
        return FileLock(self.path / "sandbox.lock", mode=0o600)

    def _make_private(self) -> None:
        """Let only the owner read the directory and its files, also those of an older version.

        A directory that is used for other things keeps its mode.
        """
        mode = self.path.stat()
        is_own = mode.st_uid == os.getuid() and not mode.st_mode & stat.S_ISVTX
        if is_own and not _is_used_otherwise(self.path):
            self.path.chmod(0o700)
        for file in (self.log, self.s3_log, self.install_log, self.path / "sandbox.lock"):
            with suppress(FileNotFoundError, PermissionError):
                file.chmod(0o600)


def _default_path() -> Path:
    return user_cache_path("readmodel-cfn")


def _is_used_otherwise(path: Path) -> bool:
    """Whether a directory is the user's home or the working directory, or has one of them."""
    return any(each.is_relative_to(path) for each in (Path.home(), Path.cwd()))


def private_file(path: Path) -> BinaryIO:
    """A new file to write, which only its owner can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def ensure_installed(home: Home, on_progress: OnProgress) -> Path:
    """The environment's interpreter, after installing it if needed; the caller holds the lock."""
    if not (home.venv / MARKER).is_file() or not home.python.exists():
        on_progress(Note(f"Installing the sandbox into {home.venv} (about 78 MB, once)"))
        on_progress(Step("Installing the sandbox"))
        shutil.rmtree(home.venv, ignore_errors=True)
        _install(home)
        (home.venv / MARKER).touch()
    return home.python


def _install(home: Home) -> None:
    private_file(home.install_log).close()
    _run(home, [sys.executable, "-m", "venv", str(home.venv)])
    pip = [str(home.python), "-I", "-m", "pip", "install", "--no-input"]
    exactly = ["--disable-pip-version-check", "--require-hashes", "-r", str(REQUIREMENTS)]
    _run(home, [*pip, *exactly])


def _run(home: Home, command: list[str]) -> None:
    with home.install_log.open("ab") as log:
        done = subprocess.run(  # noqa: S603  (our own interpreter and pip)
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise SandboxError(
            f"the sandbox could not be installed: {_reason(home.install_log)}",
            where=str(home.install_log),
            hint="check the network and pip's configuration, and start the sandbox again",
        )


def _reason(log: Path) -> str:
    """The last error that pip printed, else the last line of the log."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    lines = [line for line in lines if line]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it printed nothing"])[-1]
