"""Runs a shell script at a terminal and types the answers to its questions."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

TIMEOUT = 300  # seconds
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_WRITTEN_OVER = re.compile(r"[^\n]*\r")


def run_at_terminal(
    script: Path, folder: Path, variables: Mapping[str, str], answers: Mapping[str, str]
) -> tuple[int, str]:
    """Run bash until it ends: its exit code, and what the terminal shows without colours.

    `answers` has the end of a question and what is typed then. A question waits, so the answers do
    not depend on time. A line that is written over, such as a count, is shown as it was last.
    """
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        ["bash", "-eu", str(script)],
        cwd=folder,
        env=dict(variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    limit = threading.Timer(TIMEOUT, os.killpg, (process.pid, signal.SIGKILL))
    limit.start()  # a question that has no answer here is never answered
    written, answered = "", 0
    while output := _read(ours):
        written = _CONTROL.sub("", written + output)
        for question, answer in answers.items():
            if question in written[answered:]:
                answered = len(written)
                os.write(ours, f"{answer}\n".encode())
    os.close(ours)
    code = process.wait()
    limit.cancel()
    return code, _WRITTEN_OVER.sub("", written.replace("\r\n", "\n"))


def _read(ours: int) -> str:
    """The next output; empty when the last process has closed its end."""
    try:
        return os.read(ours, 65536).decode(errors="replace")
    except OSError:  # Linux says EIO
        return ""
