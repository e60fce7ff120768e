"""An example of `examples/` as a user has it: copied, and its tool installed as its folder pins it.

Each tool has an environment of its own in the user's cache, made once: they pin botocore against
each other and against ours.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from configparser import ConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.local.sandbox.home import Home

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
OURS = Path(sys.executable).parent


def programs(example: str, *more: str) -> Path:
    """The directory of what an example's requirements.txt, and more beside it, installs."""
    pinned = EXAMPLES / example / "requirements.txt"
    python = (platform.python_version(), platform.python_implementation(), sysconfig.get_platform())
    identity = "\n".join((pinned.read_text(encoding="utf-8"), *more, *python)).encode()
    name = f"example-{example}-{hashlib.sha256(identity).hexdigest()[:12]}"
    venv = Home.at(None).path / name
    venv.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{venv}.lock"):
        if not (venv / "complete").exists():
            shutil.rmtree(venv, ignore_errors=True)
            _install(venv, "-r", str(pinned), *more)
            (venv / "complete").touch()
    return venv / "bin"


def _install(venv: Path, *what: str) -> None:
    """By our own pip, and compiled when it is used: this takes a third of the time."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(venv / "bin" / "python"), "install"]
    subprocess.run([*pip, "-qq", "--disable-pip-version-check", "--no-compile", *what], check=True)


def our_requirements() -> list[str]:
    """What readmodel-cfn needs, for a tool that imports it."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup["options"]["install_requires"].split()


@dataclass(frozen=True)
class Example:
    """A copy of an example's folder, and what its commands run with: the tool, ours, a sandbox."""

    folder: Path
    path: Sequence[Path]
    sandbox: Sandbox
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, exits: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder that must end like this."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment() | self.variables | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exits, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def _environment(self) -> dict[str, str]:
        """This process's without what says where AWS is, which is the sandbox here."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return {
            **kept,
            "PATH": os.pathsep.join([*map(str, self.path), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT / "src"),
            "AWS_CONFIG_FILE": "/nowhere/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
            "AWS_ENDPOINT_URL": self.sandbox.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.sandbox.secret_access_key,
            "AWS_DEFAULT_REGION": self.sandbox.region,
        }


MakeExample = Callable[..., Example]


def copied(name: str, to: Path, path: Sequence[Path], sandbox: Sandbox) -> Example:
    """An example copied below a folder; `path` is where its programs are, before our own."""
    return Example(shutil.copytree(EXAMPLES / name, to / name), [*path, OURS], sandbox)
