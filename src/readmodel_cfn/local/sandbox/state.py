"""What is known about a running embedded AWS, and the file that remembers it."""

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from readmodel_cfn.errors import ReadModelError


class SandboxError(ReadModelError):
    """The embedded AWS could not be installed, started or stopped; `where` names its log."""


@dataclass(frozen=True)
class Sandbox:
    """An embedded AWS that runs on this machine; the credentials are its account's root's.

    `instance` is made anew at each start and identifies this server: another process may have its
    port or its process id later; it is no secret. `loopback_is_secure`: HTTP counts as secure
    transport. `token` is the secret that the emulator's own control calls need, and requests with
    the Origin of a page that is not on this machine, in the header X-Sandbox-Token.
    """

    endpoint_url: str
    port: int
    pid: int
    access_key_id: str
    secret_access_key: str = field(repr=False)
    instance: str
    region: str = "eu-west-1"  # the one that the article's template is written for
    loopback_is_secure: bool = True
    token: str = field(default="", repr=False)


def read(path: Path) -> Sandbox | None:
    """The remembered sandbox, or None where there is none or the file is not ours to read."""
    try:
        found = Sandbox(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    typed = all(type(getattr(found, item.name)) is item.type for item in fields(found))
    return found if typed else None


def write(path: Path, sandbox: Sandbox) -> None:
    """Remember the sandbox: readers see the old file or the new one, and only its owner does."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(sandbox), file, indent=2)
        temporary.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def forget(path: Path) -> None:
    """Remove the file, if there is one."""
    path.unlink(missing_ok=True)
