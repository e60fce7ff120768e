"""Where the embedded AWS keeps its things: one directory, named by the caller or by default."""

import hashlib
import os
import platform
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from readmodel_cfn.sandbox.errors import SandboxError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""The pinned distributions of the sandbox's own environment."""


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
