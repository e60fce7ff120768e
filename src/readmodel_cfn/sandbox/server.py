"""Starting the server process: its port, its environment, and waiting until it answers."""

import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

from readmodel_cfn.sandbox import process, state
from readmodel_cfn.sandbox.errors import SandboxError
from readmodel_cfn.sandbox.home import Home
from readmodel_cfn.sandbox.state import Sandbox

LAUNCHER = Path(__file__).parent / "additions" / "launch.py"
PATIENCE = 30.0
"""Seconds that a server may take until it answers; it takes about one."""
TRIES = 5
"""Ports tried when each is taken by someone else between choosing and binding it."""
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ")


def launch(home: Home, python: Path, port: int | None, *, loopback_is_secure: bool) -> Sandbox:
    """Start a server on the port, or on a free one, and return it once it answers."""
    for _ in range(TRIES):
        sandbox = _attempt(home, python, port or free_port(), loopback_is_secure=loopback_is_secure)
        if sandbox:
            return sandbox
        if port:
            break
    raise busy_port(port) if port else _failed(home, "it found no free port")


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
        return number


def is_busy(port: int) -> bool:
    """Whether something else has the port; the rest of an ended connection does not count."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def busy_port(port: int) -> SandboxError:
    """The error for a port that the caller asked for and cannot have."""
    return SandboxError(
        "the port is in use, or may not be used",
        where=f"127.0.0.1:{port}",
        hint="stop what listens there, or leave the port out to get a free one",
    )


def _attempt(home: Home, python: Path, port: int, *, loopback_is_secure: bool) -> Sandbox | None:
    """One start; None when the server ended because its port was taken before it could bind."""
    keys = _new_key()
    instance = secrets.token_hex(16)
    environment = _environment(home, port, instance, *keys, loopback_is_secure=loopback_is_secure)
    child = _spawn(home, [str(python), "-I", str(LAUNCHER), instance], environment)
    url = f"http://127.0.0.1:{port}"
    sandbox = Sandbox(url, port, child.pid, *keys, instance, loopback_is_secure=loopback_is_secure)
    try:
        state.write(home.state, sandbox)
        answered = _wait_until_it_answers(home, sandbox, child)
    except BaseException:
        process.terminate(child.pid)
        state.forget(home.state)
        raise
    return sandbox if answered else None


def _new_key() -> tuple[str, str]:
    """An access key for the account's root, random so that no one else's request is let in."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "AKIA" + "".join(secrets.choice(letters) for _ in range(16)), secrets.token_urlsafe(30)


def _environment(
    home: Home, port: int, instance: str, key: str, secret: str, *, loopback_is_secure: bool
) -> dict[str, str]:
    """The server's whole environment: nothing of the user's AWS settings or proxies gets in."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    home.temporary.mkdir(exist_ok=True)
    return kept | {
        "HOME": str(home.path),
        "TMPDIR": str(home.temporary),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "LOG_LEVEL": "WARNING",
        # ministack would listen on further ports and look for containers of its own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{home.temporary / 'no-docker'}",
        "READMODEL_CFN_SANDBOX_INSTANCE": instance,
        "READMODEL_CFN_SANDBOX_LOOPBACK_IS_SECURE": str(int(loopback_is_secure)),
    }


def _spawn(home: Home, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with home.log.open("wb") as log:
        child = subprocess.Popen(  # noqa: S603  (our own interpreter and launcher)
            command,
            cwd=home.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.reap(child)
    return child


def _wait_until_it_answers(home: Home, sandbox: Sandbox, child: subprocess.Popen[bytes]) -> bool:
    """True once it answers, False when its port was taken; an error when it ended or hangs."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.answers(sandbox):
            return True
        if child.poll() is not None:
            if is_busy(sandbox.port):
                return False
            raise _failed(home, _last_line(home.log))
        time.sleep(0.02)
    raise _failed(home, f"it did not answer within {PATIENCE:.0f} seconds")


def _failed(home: Home, reason: str) -> SandboxError:
    return SandboxError(
        f"the embedded AWS did not start: {reason}",
        where=str(home.log),
        hint="the log has the rest",
    )


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it printed nothing"
