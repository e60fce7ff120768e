"""examples/demo.py: it reads what it published, and removes what it created."""

import os
import re
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from progress_lines import without_progress
from stacks import TIMEOUT

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def start(home: Path, folder: Path) -> "subprocess.Popen[str]":
    """The demo as a process, with its temporary files in a folder."""
    return subprocess.Popen(
        [sys.executable, str(DEMO)],
        env={**os.environ, "READMODEL_CFN_HOME": str(home), "TMPDIR": str(folder), "KEEP": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_demo_prints_one_screen_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    with start(home, tmp_path) as process:
        stdout, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, stderr
    assert len(without_progress(stdout + stderr).splitlines()) <= 40
    etags = re.findall(r"\bETag\s+(\S+?)[.:]?$", stdout, re.MULTILINE)
    etags += re.findall(r"If-None-Match: (\S+)'", stdout)
    assert len(set(etags)) == 1
    assert "  304 " in stdout
    assert "make demo KEEP=1" in stdout.splitlines()[-1]
    assert not list(tmp_path.iterdir())
    assert not (home / "sandbox.json").exists()


def test_interrupted_demo_leaves_nothing(home: Path, tmp_path: Path) -> None:
    with start(home, tmp_path) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "$ readmodel-cfn deploy" in line)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1, stderr
    assert not list(tmp_path.iterdir())
    assert not (home / "sandbox.json").exists()


def test_a_command_that_has_just_started_is_terminated_by_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[Any]):
        def __init__(self, _: Any, **options: Any) -> None:
            super().__init__([sys.executable, "-c", "import time; time.sleep(600)"], **options)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    step = runpy.run_path(str(DEMO))["step"]
    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        step(tmp_path, "template")
    assert [process.poll() for process in started] == [-signal.SIGTERM]
