"""Starts, identifies and stops the server process; a process ID alone does not identify it."""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from readmodel_cfn.local.sandbox import state
from readmodel_cfn.local.sandbox.home import Home, private_file
from readmodel_cfn.local.sandbox.state import Sandbox, SandboxError

LAUNCHER = Path(__file__).parent / "additions" / "launch.py"
HEALTH = "/_ministack/health"
START_TIMEOUT = 30.0
"""Seconds until a new server must answer; it takes about one."""
STOP_TIMEOUT = 10.0
"""Seconds from SIGTERM to SIGKILL."""
ATTEMPTS = 5
"""Attempts to start, each on another port: a free port may be taken before the server binds it."""
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ")

_children: dict[int, subprocess.Popen[bytes]] = {}
"""The server processes that this process started, and must reap."""


def launch(home: Home, python: Path, port: int | None, *, loopback_is_secure: bool) -> Sandbox:
    """Start a server on the port, or on a free one, and return it once it answers."""
    for _ in range(ATTEMPTS):
        sandbox = _attempt(home, python, port or free_port(), loopback_is_secure=loopback_is_secure)
        if sandbox:
            return sandbox
        if port:
            break
    raise busy_port(port) if port else _failed(home, "no free port was found")


def _forget_ended_children() -> None:
    """Reap the servers that this process started and that have ended."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]


def free_port() -> int:
    """A free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
        return number


def is_busy(port: int) -> bool:
    """Whether another program has the port; connections in TIME_WAIT do not count."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def busy_port(port: int) -> SandboxError:
    """The error for a requested port that cannot be used."""
    return SandboxError(
        "the port is in use or not allowed",
        where=f"127.0.0.1:{port}",
        hint="stop the program that uses it, or omit the port to get a free one",
    )


def _attempt(home: Home, python: Path, port: int, *, loopback_is_secure: bool) -> Sandbox | None:
    """One start; None if the server ended because another program took its port first."""
    key, secret = _new_key()
    instance, token = secrets.token_hex(16), secrets.token_urlsafe(30)
    url = f"http://127.0.0.1:{port}"
    known = Sandbox(
        url, port, 0, key, secret, instance, loopback_is_secure=loopback_is_secure, token=token
    )
    command = [str(python), "-I", str(LAUNCHER), instance]
    child = None
    try:
        with _signals_deferred(), _starter() as (starter, recorded):
            child = _spawn(home, command, _environment(home, known), starter)
            sandbox = replace(known, pid=child.pid)
            state.write(home.state, sandbox)
            os.write(recorded, b"1")
        answered = _wait_until_it_answers(home, sandbox, child)
    except BaseException:
        if child:
            terminate(child.pid)
            state.forget(home.state)
        raise
    return sandbox if answered else None


@contextmanager
def _starter() -> Iterator[tuple[int, int]]:
    """A pipe to the new server, which ends if it reads the end of it and no byte.

    So a process that is killed between the start of the server and the byte, which it writes when
    the state is written, leaves no unknown server running. The ends are file descriptors.
    """
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Defer SIGINT and SIGTERM to the end of the block.

    Without this, a signal after the start and before the state is written would leave an unknown
    server running. Only the main thread gets signals. The new server does not inherit the handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[signal.Signals] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    held = {number: handler for number, handler in before.items() if handler is not None}
    for number in held:
        signal.signal(number, lambda got, _: received.append(signal.Signals(got)))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
    for received_signal in received:
        signal.raise_signal(received_signal)


def _new_key() -> tuple[str, str]:
    """A random access key of the account's root, which other users of the machine do not know."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "AKIA" + "".join(secrets.choice(letters) for _ in range(16)), secrets.token_urlsafe(30)


def _environment(home: Home, sandbox: Sandbox) -> dict[str, str]:
    """The server's whole environment, without the user's AWS settings and proxies."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    home.temporary.mkdir(mode=0o700, exist_ok=True)
    return kept | {
        "HOME": str(home.path),
        "TMPDIR": str(home.temporary),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(sandbox.port),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "LOG_LEVEL": "WARNING",
        # ministack would listen on other ports too and look for its containers.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{home.temporary / 'no-docker'}",
        "READMODEL_CFN_SANDBOX_INSTANCE": sandbox.instance,
        "READMODEL_CFN_SANDBOX_TOKEN": sandbox.token,
        "READMODEL_CFN_SANDBOX_LOOPBACK_IS_SECURE": str(int(sandbox.loopback_is_secure)),
    }


def _spawn(
    home: Home, command: list[str], environment: dict[str, str], starter: int
) -> subprocess.Popen[bytes]:
    with private_file(home.log) as log:
        child = subprocess.Popen(  # noqa: S603  (our own interpreter and launcher)
            [*command, str(starter)],
            pass_fds=[starter],
            cwd=home.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )
    _children[child.pid] = child
    return child


def _wait_until_it_answers(home: Home, sandbox: Sandbox, child: subprocess.Popen[bytes]) -> bool:
    """True once it answers, False if its port was taken.

    Raises:
        SandboxError: it ended, or does not answer in time.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if answers(sandbox):
            return True
        if child.poll() is not None:
            if is_busy(sandbox.port):
                return False
            raise _failed(home, _last_line(home.log))
        time.sleep(0.02)
    raise _failed(home, f"it did not answer within {START_TIMEOUT:.0f} seconds")


def _failed(home: Home, reason: str) -> SandboxError:
    return SandboxError(
        f"the sandbox did not start: {reason}",
        where=str(home.log),
        hint="read this log, and start the sandbox again",
    )


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it printed nothing"


def answers(sandbox: Sandbox, timeout: float = 2.0) -> bool:
    """Whether this instance, and no other server, answers at its address."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=timeout)
    try:
        connection.request("GET", HEALTH)
        health = json.loads(connection.getresponse().read())
        return bool(health.get("instance") == sandbox.instance)
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def hangs(sandbox: Sandbox) -> bool:
    """Whether the process with this ID is the instance, even if it does not answer.

    The instance is in its command line. Without /proc, a server that does not answer counts as
    another program and is not touched.
    """
    return sandbox.instance.encode() in _read(sandbox.pid, "cmdline").split(b"\0")


def terminate(pid: int) -> None:
    """Stop a server that this package started, and wait until it has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if _wait(pid, STOP_TIMEOUT):
            break
    _forget_ended_children()


def _wait(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _has_ended(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _has_ended(pid: int) -> bool:
    """Whether the process has ended; a zombie process counts as ended."""
    if pid in _children:
        return _children[pid].poll() is not None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return True
    return _read(pid, "stat").rpartition(b")")[2].split()[:1] == [b"Z"]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
