"""`sandbox start` ends by a signal at any time: no server is left that `status` does not know."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from readmodel_cfn.local.sandbox import start, status, stop
from robust_budget import Budget
from stacks import TIMEOUT, until

PROC = Path("/proc")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)


def servers(home: Path) -> set[int]:
    """The processes of servers of a home, by their environment."""
    mark = f"HOME={home}\0".encode()
    found = set()
    for process in PROC.glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes() + b"\0"
        except OSError:  # it has ended, or is another user's
            continue
        if variables.startswith(mark) or b"\0" + mark in variables:
            found.add(int(process.name))
    return found


def known(home: Path) -> set[int]:
    running = status(home=home)
    return {running.pid} if running else set()


@pytest.mark.skipif(not (PROC / "self" / "environ").exists(), reason="no /proc on this system")
def test_killed_start_leaves_no_unknown_server(
    new_home: Callable[[], Path], budget: Budget
) -> None:
    choose = random.Random(f"{budget.seed} sandbox start")  # noqa: S311
    home = new_home()
    started = time.monotonic()
    start(home=home)
    longest = 2 * (time.monotonic() - started)  # the command has more to load than this process
    assert stop(home=home)
    for number in range(budget.examples(3, 9)):
        if budget.is_used_up():
            break
        by = SIGNALS[(budget.seed + number) % len(SIGNALS)]
        seconds = choose.uniform(0, longest)
        code = start_until(home, seconds, by)
        case = f"{by.name} after {seconds:.3f} s: exit {code}"
        if code == 0:
            assert known(home), case
        until(lambda: servers(home) == known(home))  # the server may need time to end, or to answer
        again = start(home=home)
        assert servers(home) == {again.pid}, case
        assert stop(home=home), case
        assert not servers(home), case
        assert sorted(path.name for path in home.glob("sandbox.json*")) == [], case
        budget.record(f"{by.name} in sandbox start", 1)


def start_until(home: Path, seconds: float, by: signal.Signals) -> int:
    """Run the command, and send a signal after some time unless it has ended; its exit code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "readmodel_cfn", "sandbox", "start"],
        env={**os.environ, "READMODEL_CFN_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(by)
    return process.wait(TIMEOUT)
