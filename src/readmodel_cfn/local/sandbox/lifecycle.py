"""Start, stop and status: each leaves the home in a state that the others understand."""

import os
from collections.abc import Callable
from pathlib import Path

from readmodel_cfn.local.sandbox import server, state
from readmodel_cfn.local.sandbox.home import Home, ensure_installed
from readmodel_cfn.local.sandbox.state import Sandbox, SandboxError


def ignore(_: str) -> None:
    """Report progress to no one."""


def start(
    *,
    home: Path | None = None,
    port: int | None = None,
    loopback_is_secure: bool = True,
    progress: Callable[[str], None] = ignore,
) -> Sandbox:
    """The running embedded AWS of this home, or a new one, which the first start also installs.

    `port` defaults to a free one. With `loopback_is_secure` plain HTTP counts as secure transport
    for policies, since nothing leaves the machine. `progress` gets a line for each slow step.
    """
    if os.name == "nt":
        raise SandboxError("the embedded AWS needs Linux or macOS", hint="run it in WSL")
    place = Home.at(home)
    with place.lock():
        running = _running(place)
        if running:
            return _as_asked(running, port, loopback_is_secure=loopback_is_secure)
        if port and server.is_busy(port):
            raise server.busy_port(port)
        python = ensure_installed(place, progress)
        progress("starting the embedded AWS")
        return server.launch(place, python, port, loopback_is_secure=loopback_is_secure)


def stop(*, home: Path | None = None) -> bool:
    """End the embedded AWS of this home; False when none was running."""
    place = Home.at(home)
    with place.lock():
        sandbox = state.read(place.state)
        if sandbox is None:
            return False
        ours = server.answers(sandbox) or server.hangs(sandbox)
        if ours:
            server.terminate(sandbox.pid)
        state.forget(place.state)
        return ours


def status(*, home: Path | None = None) -> Sandbox | None:
    """The embedded AWS that runs in this home and answers, or None."""
    sandbox = state.read(Home.at(home).state)
    return sandbox if sandbox and server.answers(sandbox) else None


def _running(place: Home) -> Sandbox | None:
    """The server that answers; one of ours that hangs is ended."""
    sandbox = state.read(place.state)
    if sandbox and server.answers(sandbox):
        return sandbox
    if sandbox and server.hangs(sandbox):
        server.terminate(sandbox.pid)
    return None


def _as_asked(running: Sandbox, port: int | None, *, loopback_is_secure: bool) -> Sandbox:
    if port in (None, running.port) and loopback_is_secure == running.loopback_is_secure:
        return running
    raise SandboxError(
        "it runs already, with another port or another loopback_is_secure",
        where=running.endpoint_url,
        hint="stop it first, or start it without these",
    )
