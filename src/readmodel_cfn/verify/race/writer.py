"""The writer: it replaces a document again and again, in a thread, and notes when."""

import time
from collections.abc import Callable
from threading import Event, Thread

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.race.body import make
from readmodel_cfn.verify.race.history import Write

Put = Callable[[bytes], bool]
"""Writes a body: True when it is acknowledged, False when it may or may not have happened.

What it raises ends the measurement.
"""
_PATIENCE = 90  # seconds for the last write; botocore waits 60 for an answer


class Writer:
    """Writes the versions of one document, each of `size` bytes; `writes` are all so far.

    `is_sure` until an answer is lost. Nothing is written after that: the lost attempt may take
    effect at any later time, and a reader that sees its version again would be accused of it.
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
        self.writes.append(Write(version, started))  # whatever becomes of it
        self.is_sure = self._put(body)
        if self.is_sure:
            self.writes[-1] = Write(version, started, time.perf_counter_ns())


class Writing:
    """A writer that writes on, `most` times at most, as long as the context lasts.

    Raises:
        ReadModelError: the last write does not end; or what a write has raised, at the end.
    """

    def __init__(self, writer: Writer, most: int) -> None:
        self._writer, self._most = writer, most
        self._stop = Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        self._thread.join(_PATIENCE)
        if kind is not None:
            return
        if self._error:
            raise self._error
        if self._thread.is_alive():
            raise ReadModelError("a write does not end", where="S3", hint="run it again")

    def _go_on(self) -> None:
        try:
            for _ in range(self._most):
                if self._stop.is_set() or not self._writer.is_sure:
                    return
                self._writer.write()
        except Exception as error:  # noqa: BLE001 - it is raised where the writing ends
            self._error = error
