"""Measures reads of a document while nothing, another document, or the document itself is written.

While *another* document of the same size is written, reads are slower because the endpoint, the
network and this machine are busy. Only a further slowdown, while the document itself is replaced,
is caused by the replacement.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import IO, Self

from readmodel_cfn.aws.authorization import Authorize, anonymous
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.race.body import make
from readmodel_cfn.verify.race.history import PHASES, Measured, Phase, RacePlan, Read, Span, Write

_SECOND = 1_000_000_000
_READER = "readmodel_cfn.verify.race.reader"
_READER_EXIT = 5  # seconds that a reader has to exit
_LAST_WRITE = 90  # seconds for the last write; botocore waits 60 for a response

Put = Callable[[bytes], bool]
"""Writes a body: True if the write was acknowledged, False if the response was lost.

An exception ends the measurement.
"""


def measure(
    plan: RacePlan,
    url: str,
    put: Put,
    put_another: Put,
    on_phase: Callable[[Phase], None],
    ca_bundle: Path | None = None,
    authorize: Authorize = anonymous,
) -> Measured:
    """Read the URL, whose document `put` writes; `on_phase` is called before each phase.

    The readers trust the certificate authorities in `ca_bundle`, too. `authorize` is called once
    for each phase.

    Raises:
        ReadModelError: the first version cannot be written, or a reader has exited. Errors of `put`
            are raised too.
    """
    this, another = Writer(put, plan.size), Writer(put_another, plan.size)
    this.write()
    if not this.is_sure:
        raise ReadModelError("the first write got no response", where=url, hint="run it again")
    with Readers(url, plan.readers, ca_bundle, authorize) as readers:
        # The first read of each reader opens its connection, so it does not count in any phase.
        first = readers.read(time.perf_counter_ns() + 60 * _SECOND, 1, False)
        run = _Run(plan, readers, {"nothing": None, "another": another, "this": this})
        spans = []
        for phase in PHASES:
            on_phase(phase)
            spans.append(run.phase(phase))
    reads = [*first, *(read for span in spans for read in span.reads)]
    return Measured(spans, this.writes, reads)


@dataclass(frozen=True)
class _Run:
    plan: RacePlan
    readers: "Readers"
    writers: dict[str, "Writer | None"]

    def phase(self, phase: Phase) -> Span:
        plan, writer = self.plan, self.writers[phase.written]
        before = len(writer.writes) if writer else 0
        until = time.perf_counter_ns() + int(plan.seconds * phase.share * _SECOND)
        # One read of each reader and one write were before the phases.
        most = int((plan.reads / plan.readers - 1) * phase.share)
        most_writes = int((plan.writes - 1) * phase.share)
        with Writing(writer, most_writes) if writer else nullcontext():
            reads = self.readers.read(until, most, phase.conditional)
        return Span(phase, reads, writer.writes[before:] if writer else ())


class Writer:
    """Writes the versions of one document, each of `size` bytes; `writes` has all writes so far.

    `is_sure` is False after a lost response. Nothing is written after that: the lost write may take
    effect later, and a reader that then gets its version would seem wrong.
    """

    def __init__(self, put: Put, size: int) -> None:
        self._put, self._size = put, size
        self.writes: list[Write] = []
        self.is_sure = True

    def write(self) -> None:
        """Write the next version."""
        version = len(self.writes) + 1
        body = make(version, self._size)
        started = time.perf_counter_ns()
        self.writes.append(Write(version, started))  # also if the write fails
        self.is_sure = self._put(body)
        if self.is_sure:
            self.writes[-1] = Write(version, started, time.perf_counter_ns())


class Writing:
    """A context in which a writer writes in a thread, at most `most` times.

    Raises:
        ReadModelError: the last write does not end; errors of a write are raised at the end.
    """

    def __init__(self, writer: Writer, most: int) -> None:
        self._writer, self._most = writer, most
        self._stop = Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        self._thread.join(_LAST_WRITE)
        if kind is not None:
            return
        if self._error:
            raise self._error
        if self._thread.is_alive():
            raise ReadModelError("a write does not end", where="S3", hint="run it again")

    def _run(self) -> None:
        try:
            for _ in range(self._most):
                if self._stop.is_set() or not self._writer.is_sure:
                    return
                self._writer.write()
        except Exception as error:  # noqa: BLE001 - it is raised at the end of the context
            self._error = error


class Readers:
    """A context with `count` reader processes (`reader.py`), which read one URL."""

    def __init__(
        self,
        url: str,
        count: int,
        ca_bundle: Path | None = None,
        authorize: Authorize = anonymous,
    ) -> None:
        self._authorize = authorize
        self._url, self._count, self._ca_bundle = url, count, ca_bundle
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        for number in range(self._count):
            self._processes.append(_start(self._url, number, self._ca_bundle))
        return self

    def read(self, until: int, most: int, conditional: bool) -> list[Read]:
        """Let all readers read until a time of time.perf_counter_ns, each at most `most` times.

        Raises:
            ReadModelError: a reader has exited.
        """
        order = {
            "until": until,
            "most": most,
            "conditional": conditional,
            "authorization": dict(self._authorize("GET", self._url)),
        }
        try:
            for process in self._processes:
                _pipe(process.stdin).write(json.dumps(order) + "\n")
                _pipe(process.stdin).flush()
            answers = [json.loads(_pipe(process.stdout).readline()) for process in self._processes]
        except (OSError, ValueError) as error:
            what = "a reader process has exited"
            raise ReadModelError(what, where=self._url, hint="run it again") from error
        return [Read(**read) for answer in answers for read in answer]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            if kind is not None:
                process.kill()
            _end(process)


def _start(url: str, number: int, ca_bundle: Path | None) -> subprocess.Popen[str]:
    """Start a reader; in its own session, so that Ctrl-C interrupts only this process."""
    return subprocess.Popen(  # noqa: S603 - this interpreter and a module of this package
        [sys.executable, "-P", "-m", _READER, url, str(number), str(ca_bundle or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=_READER_EXIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 - both are pipes
    return pipe
