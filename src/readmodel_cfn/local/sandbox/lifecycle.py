"""The functions `start`, `stop` and `status` of the sandbox."""

import os
from pathlib import Path

from readmodel_cfn.local.sandbox import server, state
from readmodel_cfn.local.sandbox.home import Home, ensure_installed
from readmodel_cfn.local.sandbox.state import Sandbox, SandboxError
from readmodel_cfn.progress import OnProgress, Step, ignore


def start(
    *,
    home: Path | None = None,
    port: int | None = None,
    loopback_is_secure: bool = True,
    on_progress: OnProgress = ignore,
) -> Sandbox:
    """Start the sandbox of this home, or return the running one; the first start installs it.

    Args:
        home: Its directory; by default READMODEL_CFN_HOME, else the user's cache directory.
        port: Its port on 127.0.0.1; by default a free one.
        loopback_is_secure: Whether policies accept plain HTTP as secure transport; by default they
            do, because no request leaves the machine.
        on_progress: Gets a Step, and a Note and another Step for an installation.

    Raises:
        SandboxError: it cannot be installed or started, or already runs with other options.
    """
    if os.name == "nt":
        raise SandboxError("the sandbox needs Linux or macOS", hint="run it in WSL")
    place = Home.at(home)
    on_progress(Step("Starting the sandbox"))
    with place.lock():
        running = _running(place)
        if running:
            return _with_options(running, port, loopback_is_secure=loopback_is_secure)
        if port and server.is_busy(port):
            raise server.busy_port(port)
        python = ensure_installed(place, on_progress)
        return server.launch(place, python, port, loopback_is_secure=loopback_is_secure)


def stop(*, home: Path | None = None) -> bool:
    """Stop the sandbox of this home and discard its data; False if none was running."""
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
    """The running sandbox of this home, or None if none runs and answers."""
    sandbox = state.read(Home.at(home).state)
    return sandbox if sandbox and server.answers(sandbox) else None


def _running(place: Home) -> Sandbox | None:
    """The server if it answers; a server that does not answer is terminated."""
    sandbox = state.read(place.state)
    if sandbox and server.answers(sandbox):
        return sandbox
    if sandbox and server.hangs(sandbox):
        server.terminate(sandbox.pid)
    return None


def _with_options(running: Sandbox, port: int | None, *, loopback_is_secure: bool) -> Sandbox:
    if port in (None, running.port) and loopback_is_secure == running.loopback_is_secure:
        return running
    raise SandboxError(
        "the sandbox is already running with another port or loopback_is_secure",
        where=running.endpoint_url,
        hint="stop it first, or omit these arguments",
    )
