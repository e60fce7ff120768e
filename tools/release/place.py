"""A place to try the wheel: an environment with nothing else, an empty folder, a sandbox's home."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from readmodel_cfn.local.sandbox import stop
from release.commands import run


@dataclass(frozen=True)
class Place:
    """Where the wheel is installed (`environment`), and where it is run (`folder`)."""

    environment: Path
    folder: Path
    home: Path

    @property
    def interpreter(self) -> Path:
        """The environment's Python."""
        return self.environment / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """This process's, less what would lead a Python elsewhere; a warning is an error."""
        leading = ("PYTHON", "MYPY", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(leading)}
        path = f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"READMODEL_CFN_HOME": str(self.home), "PYTHONWARNINGS": "error"}
        return kept | own | {"VIRTUAL_ENV": str(self.environment), "PATH": path}

    def program(self, *arguments: str) -> str:
        """What `readmodel-cfn` prints."""
        return self._run("readmodel-cfn", *arguments)

    def python(self, *arguments: str) -> str:
        """What the environment's Python prints."""
        return self._run("python", *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        return run([self.environment / "bin" / program, *arguments], self.folder, self.variables)


@contextmanager
def place(interpreter: Path, wheel: Path) -> Iterator[Place]:
    """A place with the wheel installed; nothing of it is left, nor of what was started there."""
    with tempfile.TemporaryDirectory(prefix="readmodel-cfn-") as name:
        root = Path(name)
        made = Place(root / "environment", root / "folder", root / "home")
        made.folder.mkdir()
        run([interpreter, "-I", "-m", "venv", made.environment])
        pip: list[str | Path] = [made.interpreter, "-I", "-m", "pip", "install", "--no-compile"]
        run([*pip, wheel])
        try:
            yield made
        finally:
            stop(home=made.home)
