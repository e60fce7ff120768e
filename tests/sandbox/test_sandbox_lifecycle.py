"""Start, stop and status, each with a real server."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn.local.sandbox import Sandbox, SandboxError, server, start, state, status, stop
from readmodel_cfn.progress import Step

STATE = "sandbox.json"


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process of another program."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


def test_sandbox_starts_once_and_stops_once(home: Path, client_of: Callable[..., Any]) -> None:
    assert status(home=home) is None
    first = start(home=home)
    assert start(home=home) == first == status(home=home)
    assert client_of(first, "sts").get_caller_identity()["Arn"].endswith(":root")
    assert stop(home=home)
    assert status(home=home) is None
    assert not stop(home=home)
    assert _is_gone(first.pid)


def test_concurrent_starts_give_a_single_server(home: Path) -> None:
    program = f"from pathlib import Path; from readmodel_cfn.local.sandbox import start; \
print(start(home=Path({str(home)!r})).pid)"
    with ThreadPoolExecutor() as pool:
        runs = pool.map(lambda _: subprocess.check_output([sys.executable, "-c", program]), "ab")
        pids = {int(pid) for pid in runs}
    running = status(home=home)
    assert running
    assert pids == {running.pid}


def test_start_reports_progress_and_writes_a_private_state(home: Path) -> None:
    reports: list[object] = []
    sandbox = start(home=home, on_progress=reports.append)
    assert [type(report) for report in reports] == [Step]
    assert stat.S_IMODE((home / STATE).stat().st_mode) == 0o600
    assert sandbox.secret_access_key not in repr(sandbox)
    assert sorted(path.name for path in home.glob("sandbox.json*")) == [STATE]


def test_process_with_a_reused_id_is_not_killed(
    home: Path, bystander: subprocess.Popen[bytes]
) -> None:
    stale = replace(start(home=home), pid=bystander.pid)
    stop(home=home)
    state.write(home / STATE, stale)
    assert status(home=home) is None
    assert not stop(home=home)
    state.write(home / STATE, stale)
    assert start(home=home).pid != bystander.pid
    assert bystander.poll() is None


def test_other_server_on_the_remembered_port_is_not_ours(home: Path, sandbox: Sandbox) -> None:
    """A sandbox of another home has taken the port, and the process ID is its own."""
    state.write(home / STATE, replace(sandbox, instance="0" * 32))
    assert status(home=home) is None
    assert not stop(home=home)
    assert start(home=home).pid != sandbox.pid
    assert not _is_gone(sandbox.pid)


def test_killed_server_is_started_again(home: Path) -> None:
    killed = start(home=home)
    os.kill(killed.pid, signal.SIGKILL)
    again = start(home=home)
    assert again.pid != killed.pid
    assert status(home=home) == again


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc on this system")
def test_hanging_server_is_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel_cfn.local.sandbox.server.STOP_TIMEOUT", 0.5)
    hanging = start(home=home)
    os.kill(hanging.pid, signal.SIGSTOP)
    again = start(home=home)
    assert again.pid != hanging.pid
    assert _is_gone(hanging.pid)


def test_requested_port_is_used_and_a_busy_port_refused(home: Path, sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match=rf"^127\.0\.0\.1:{sandbox.port}: "):
        start(home=home, port=sandbox.port)
    port = server.free_port()
    assert start(home=home, port=port).endpoint_url == f"http://127.0.0.1:{port}"


def test_port_taken_before_the_bind_is_replaced(
    home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = server.free_port()
    chosen = iter([sandbox.port, free])
    monkeypatch.setattr(server, "free_port", lambda: next(chosen))
    assert start(home=home).port == free


def test_start_with_other_settings_than_the_running_sandbox_is_an_error(home: Path) -> None:
    running = start(home=home)
    assert start(home=home, port=running.port) == running
    with pytest.raises(SandboxError):
        start(home=home, port=running.port + 1)
    with pytest.raises(SandboxError):
        start(home=home, loopback_is_secure=False)


def test_server_gets_no_settings_of_the_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    environ = Path(f"/proc/{start(home=home).pid}/environ")
    if environ.exists():
        names = {item.split("=")[0] for item in environ.read_text().split("\0")}
        assert names.isdisjoint({"AWS_PROFILE", "HTTPS_PROXY", "PYTHONPATH"})


def test_an_interrupt_while_the_server_is_spawned_leaves_no_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawned: list[subprocess.Popen[bytes]] = []
    spawn = server._spawn

    def interrupted(*options: Any) -> subprocess.Popen[bytes]:
        spawned.append(spawn(*options))
        signal.raise_signal(signal.SIGINT)
        return spawned[0]

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(server, "_spawn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start(home=home)
    assert spawned[0].poll() is not None
    assert status(home=home) is None
    assert not (home / STATE).exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_server_ends_if_its_starter_was_killed_before_it_was_recorded(home: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from readmodel_cfn.local.sandbox import server, start
def write(path, sandbox):
    print(sandbox.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
server.state.write = write
start(home=Path({str(home)!r}))
"""
    killed = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert server._wait(int(killed.stdout), 60)
    assert status(home=home) is None


def test_home_comes_from_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READMODEL_CFN_HOME", str(home))
    running = start()
    assert status(home=home) == running == status()
    assert stop()


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
