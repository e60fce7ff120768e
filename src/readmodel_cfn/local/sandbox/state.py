"""The description of a running sandbox, and the state file that stores it."""

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from readmodel_cfn.errors import ReadModelError


class SandboxError(ReadModelError):
    """The sandbox could not be installed, started or stopped; `where` is its log."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox.

    `endpoint_url` is the URL for every AWS service, and the access key is that of the account's
    root. `pid` is the server's process ID. Each start has a new `instance`, which identifies the
    server and is not secret: another process may get its port or process ID later. If
    `loopback_is_secure`, HTTP counts as secure transport. `token` is a secret for the header
    X-Sandbox-Token: the emulator's control calls require it, and so do requests with the Origin of
    a page from another machine.
    """

    endpoint_url: str
    port: int
    pid: int
    access_key_id: str
    secret_access_key: str = field(repr=False)
    instance: str
    region: str = "eu-west-1"  # the region of the article's template
    loopback_is_secure: bool = True
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"sandbox {self.endpoint_url} in {self.region}, process {self.pid}"

    def as_dict(self) -> dict[str, object]:
        """What `sandbox start --json` and `sandbox status --json` print, with the secrets."""
        return asdict(self)


def read(path: Path) -> Sandbox | None:
    """The sandbox of the file, or None if there is none or the file has another format."""
    try:
        found = Sandbox(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    typed = all(type(getattr(found, item.name)) is item.type for item in fields(found))
    return found if typed else None


def write(path: Path, sandbox: Sandbox) -> None:
    """Write the file atomically; only its owner can read it."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(sandbox.as_dict(), file, indent=2)
        temporary.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def forget(path: Path) -> None:
    """Remove the file, if it exists."""
    path.unlink(missing_ok=True)
