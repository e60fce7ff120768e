"""A server process: is it really ours, and how it is ended. A bare process id proves nothing."""

import http.client
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

from readmodel_cfn.sandbox.state import Sandbox

HEALTH = "/_ministack/health"
GRACE = 10.0
"""Seconds that a server may take to end by itself before it is killed."""


def reap(child: subprocess.Popen[bytes]) -> None:
    """Wait for a child process in the background, whoever ends it.

    The child may outlive this process: it is a server. Without this, it would stay a zombie when it
    ends, and Python would warn at exit that it is still running.
    """
    Thread(target=child.wait, name=f"reap-{child.pid}", daemon=True).start()


def answers(sandbox: Sandbox, timeout: float = 2.0) -> bool:
    """Whether this very instance answers at its address."""
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
    """Whether the remembered process is this instance, although it may not answer.

    Its command line carries the instance; where the system does not show that in /proc, a server
    that hangs is taken for someone else's and left alone.
    """
    return sandbox.instance.encode() in _read(sandbox.pid, "cmdline").split(b"\0")


def terminate(pid: int) -> None:
    """End a process that is known to be ours, and wait until it has gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if _wait(pid, GRACE):
            break


def _wait(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _gone(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has reaped yet has ended too."""
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
