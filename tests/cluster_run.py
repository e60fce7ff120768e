"""Runs the example of an engine against the S3 in memory, kills a worker, and judges the result.

The example is a process of its own, as a user starts it. A worker is killed by the S3, when it has
stored half of the documents of one part: it finds the process that has sent the last of them.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from fast_s3_in_memory import Rate, fast_memory_s3
from memory_s3 import MemoryS3, Request
from readmodel_cfn.publish.partitions import partition_of

ROOT = Path(__file__).parents[1]
PARTS, RELEASE = 16, "r1"  # as in the examples
PREFIX = f"releases/{RELEASE}/"
TIMEOUT = 1200
# What is killed: the process that publishes; of Spark also the daemon that started it, and the
# executor, so that the documents that the others read from it are lost too.
DEPTH = {"dask": 1, "spark": 3}


def expected(documents: int) -> dict[str, Any]:
    """The documents of the examples by their keys."""
    return {
        f"items/{number}.json": {"id": number, "name": f"Item {number}", "text": "x" * 400}
        for number in range(documents)
    }


@dataclass
class Killer:
    """Kills the worker that has stored half of the documents of the first partition."""

    keys: list[str]
    depth: int
    driver: int | None = None
    part: int | None = None
    stored: int = 0
    killed_at: float | None = None
    _total: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._total.update(partition_of(key, PARTS) for key in self.keys)

    def on_stored(self, request: Request, port: int) -> None:
        """Count a document, and kill its worker once half of its part is stored."""
        if self.killed_at is not None:
            return
        part = partition_of(request.key.removeprefix(PREFIX), PARTS)
        if self.part is None:
            self.part = part
        if part != self.part:
            return
        self.stored += 1
        share = self.stored / self._total[part]
        if share >= 0.5:
            self._kill(port)
            self.killed_at = share

    def _kill(self, port: int) -> None:
        assert self.driver is not None
        driver = psutil.Process(self.driver)
        worker = next(found for found in driver.children(recursive=True) if _has(found, port))
        chain = [worker, *worker.parents()][: self.depth]
        assert driver not in chain
        for process in chain:
            process.kill()


def _has(process: psutil.Process, port: int) -> bool:
    """Whether a process has a connection from this port."""
    with suppress(psutil.Error):
        return any(found.laddr.port == port for found in process.net_connections("tcp"))
    return False


@dataclass(frozen=True)
class Judged:
    """What a run has left behind; `seconds` is the time from the first document to the last."""

    documents: int
    seconds: float
    killed_at: float | None
    stored: int
    in_manifest: int
    duplicates: int
    wrong: int
    refused: int
    output: str

    @property
    def is_right(self) -> bool:
        """Whether every document is there, once, and nothing is wrong."""
        complete = self.stored == self.in_manifest == self.documents
        return complete and not self.duplicates and not self.wrong


def run(
    engine: str,
    documents: int,
    *,
    python: str = sys.executable,
    kill: bool = True,
    rate: Rate | None = None,
    on_count: Callable[[int], None] = lambda _: None,
) -> Judged:
    """Run the engine's example, and judge what it has left in the bucket."""
    documents_by_key = expected(documents)
    killer = Killer(list(documents_by_key), DEPTH[engine])
    times: list[float] = []

    def on_stored(request: Request, port: int) -> None:
        if not request.key.startswith(PREFIX):
            return
        times.append(time.monotonic())
        on_count(len(times))
        if kill:
            killer.on_stored(request, port)

    with fast_memory_s3(on_stored, rate) as s3:
        command = [python, str(ROOT / "examples" / engine / "publish.py"), "data"]
        command += ["--documents", str(documents)]
        output = _driver(command, s3.url, killer)
        return _judged(s3, documents_by_key, killer, times, rate, output)


def _driver(command: list[str], url: str, killer: Killer) -> str:
    """What the example prints; it and what it has started end with this call."""
    process = subprocess.Popen(
        command,
        env=_environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    killer.driver = process.pid
    try:
        out, err = process.communicate(timeout=TIMEOUT)
    except BaseException:
        _kill_all(process.pid)
        raise
    assert process.returncode == 0, f"{command}: {process.returncode}\n{out}\n{err[-4000:]}"
    return out


def _kill_all(driver: int) -> None:
    """Kill a process and what it has started."""
    with suppress(psutil.Error):
        found = psutil.Process(driver)
        for process in [*found.children(recursive=True), found]:
            with suppress(psutil.Error):
                process.kill()


def _environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "PYTHONPATH": str(ROOT / "src"),
        "AWS_CONFIG_FILE": "/nowhere/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIA1",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def _judged(
    s3: MemoryS3,
    documents_by_key: dict[str, Any],
    killer: Killer,
    times: list[float],
    rate: Rate | None,
    output: str,
) -> Judged:
    stored = {
        key.removeprefix(PREFIX): found.body
        for key, found in s3.objects.items()
        if key.startswith(PREFIX)
    }
    wrong = sum(1 for key, body in stored.items() if json.loads(body) != documents_by_key.get(key))
    listed = list(manifest_keys(s3))
    counts = Counter(listed)
    return Judged(
        len(documents_by_key),
        times[-1] - times[0],
        killer.killed_at,
        len(stored.keys() & documents_by_key.keys()),
        len(counts.keys() & documents_by_key.keys()),
        len(listed) - len(counts),
        wrong + len(counts.keys() - documents_by_key.keys()),
        rate.refused if rate else 0,
        output,
    )


def manifest_keys(s3: MemoryS3) -> Iterator[str]:
    """The keys in the manifest of the release."""
    manifest = json.loads(s3.body(f"releases/{RELEASE}.json"))
    yield from (entry["key"] for entry in manifest["objects"])
