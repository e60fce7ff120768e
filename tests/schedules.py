"""Workers that run one at a time, and a bucket at whose calls the next one is chosen.

A worker is a thread, but only one runs at any moment: it runs until it calls the bucket, and then
`choose` decides whose call is carried out next. So a schedule depends on nothing but the choices.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from threading import Semaphore, Thread
from typing import Any

from readmodel_cfn.publish.object_errors import Busy, Denied, Exists
from readmodel_cfn.publish.objects import Put, Stored
from readmodel_cfn.publish.versions import METADATA, is_unpublished

THEN = datetime(2026, 1, 1, tzinfo=UTC)
Choose = Callable[[int], int]
"""Returns a number below the given one."""


@dataclass
class Worker:
    """One thread; `result` is what its task returns or raises."""

    task: Callable[[], Any]
    may_run: Semaphore = field(default_factory=lambda: Semaphore(0))
    has_stopped: Semaphore = field(default_factory=lambda: Semaphore(0))
    result: Any = None
    done: bool = False

    def run(self) -> None:
        self.may_run.acquire()
        try:
            self.result = self.task()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.result = error
        self.done = True
        self.has_stopped.release()

    def step(self) -> None:
        """Let it run to its next call, or to its end."""
        self.may_run.release()
        self.has_stopped.acquire()


class Schedule:
    """Runs workers to their end."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self._running: Worker | None = None

    def run(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
        """The results of the tasks, in their order."""
        workers = [Worker(task) for task in tasks]
        for worker in workers:
            Thread(target=worker.run, daemon=True).start()
        while alive := [worker for worker in workers if not worker.done]:
            self._running = alive[self.choose(len(alive))]
            self._running.step()
        return [worker.result for worker in workers]

    def wait(self) -> None:
        """Called by a worker before each call of the bucket."""
        worker = self._running
        if worker:
            worker.has_stopped.release()
            worker.may_run.acquire()


@dataclass
class Kept:
    body: bytes
    headers: Mapping[str, str]
    etag: str


@dataclass
class ScheduledObjects:
    """A bucket with the conditions of S3.

    With `kms` no two puts have the same ETag. With `may_list` False a missing key is denied.
    `loses` decides whether the response of a put is lost, although it was carried out.
    """

    schedule: Schedule
    kms: bool = False
    may_list: bool = True
    loses: Callable[[], bool] = lambda: False
    kept: dict[str, Kept] = field(default_factory=dict)
    puts: list[tuple[str, Kept]] = field(default_factory=list)

    def stored(self, key: str) -> Stored | None:
        self.schedule.wait()
        found = self.kept.get(key)
        if found is None and not self.may_list:
            raise Denied("AccessDenied", where="AWS HeadObject")
        return Stored(found.etag, found.headers, THEN) if found else None

    def body(self, key: str, etag: str) -> bytes:
        self.schedule.wait()
        found = self.kept.get(key)
        if found is None or found.etag != etag:
            raise Exists("it has changed")
        return found.body

    def put_if(self, key: str, body: bytes, headers: Mapping[str, str], etag: str | None) -> Put:
        self.schedule.wait()
        found = self.kept.get(key)
        if (found.etag if found else None) != etag:
            raise Exists("the condition is not met")
        made = self.put(key, body, headers)
        if self.loses():
            raise Busy("no response")
        return Put(made.etag, None)

    def put(self, key: str, body: bytes, headers: Mapping[str, str]) -> Kept:
        """Put an object without a condition, as any other writer."""
        content = b"%d" % len(self.puts) + body if self.kms else body
        made = Kept(body, dict(headers), md5(content, usedforsecurity=False).hexdigest())
        self.kept[key] = made
        self.puts.append((key, made))
        return made

    def prune(self, key: str) -> None:
        """Delete an unpublished object as `prune_unpublished` does, in two calls."""
        self.schedule.wait()
        found = self.kept.get(key)
        if found is None or not is_unpublished(found.headers):
            return
        self.schedule.wait()
        now = self.kept.get(key)
        if now and now.etag == found.etag:
            del self.kept[key]

    def version(self, key: str) -> str | None:
        return self.kept[key].headers.get(METADATA) if key in self.kept else None
