"""`publish --release` is killed at any of its requests: a whole release stays live."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memory_s3 import MemoryS3, Request, Response, error, memory_s3
from release_process import STAGE, publish
from release_scene import numbered, stored

COUNT, CHANGED = 12, 5
PROCESS = Path(__file__).parents[1] / "release_process.py"
KILLS = 20


@pytest.fixture
def s3() -> Iterator[MemoryS3]:
    with memory_s3() as found:
        yield found


def live(s3: MemoryS3) -> tuple[str, dict[str, bytes]]:
    """The release of the stage, and its documents."""
    release = s3.body(STAGE).decode()
    prefix = f"releases/{release}/"
    found = {key: kept.body for key, kept in s3.objects.items() if key.startswith(prefix)}
    return release, {key.removeprefix(prefix): body for key, body in found.items()}


def documents_of(version: int) -> dict[str, bytes]:
    return stored(numbered(COUNT, version, CHANGED))


def killed_at(s3: MemoryS3, number: int, version: int, *, carried_out: bool) -> bool:
    """Kill a process at its request with this number; whether it had so many.

    S3 carries out that request, or does not.
    """
    first = len(s3.asked)
    arguments = [s3.url, str(version), str(COUNT), str(CHANGED)]
    process = subprocess.Popen(
        [sys.executable, str(PROCESS), *arguments], stderr=subprocess.DEVNULL
    )
    dead: list[int] = []

    def kill(asked: int, _: Request) -> Response | None:
        if asked - first == number:
            dead.append(asked)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return None if carried_out else error(500, "InternalError")
        return error(500, "InternalError") if dead else None

    s3.faults = kill
    process.wait()
    s3.faults = lambda *_: None
    return bool(dead)


def test_kill_at_any_request_leaves_one_whole_release_live(s3: MemoryS3) -> None:
    choose = random.Random(18)  # noqa: S311 - the same instants in every run
    publish(s3.url, 1, COUNT, CHANGED)
    before = len(s3.asked)
    publish(s3.url, 2, COUNT, CHANGED)
    requests = len(s3.asked) - before
    kills = 0
    for version, number in enumerate(choose.sample(range(1, requests + 1), KILLS), start=3):
        old, _ = live(s3)
        kills += killed_at(s3, number, version, carried_out=choose.random() < 0.5)
        release, documents = live(s3)
        expected = documents_of(version - 1 if release == old else version)
        assert documents == expected, number
        publish(s3.url, version, COUNT, CHANGED)
        assert live(s3)[1] == documents_of(version), number
        assert s3.body("releases/live.json").decode().count(live(s3)[0]) == 1
    assert kills == KILLS


def test_killed_run_is_continued_and_leaves_no_second_release(s3: MemoryS3) -> None:
    publish(s3.url, 1, COUNT, CHANGED)
    before = len(s3.asked)
    release = publish(s3.url, 2, COUNT, CHANGED)
    puts = [each.name for each in s3.asked[before:]]
    middle = puts.index(next(name for name in puts if name.startswith(f"PUT releases/{release}/")))
    assert killed_at(s3, middle + 2, 3, carried_out=True)
    (started,) = (
        key.split("/")[1].removesuffix(".building.json")
        for key in s3.objects
        if key.endswith(".building.json") and key.replace(".building", "") not in s3.objects
    )
    assert publish(s3.url, 3, COUNT, CHANGED) == started
