"""The readers together: processes that are started, ordered to read, and ended."""

import json
import subprocess
import sys
from types import TracebackType
from typing import IO

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.race.history import Read

_MODULE = "readmodel_cfn.verify.race.reader"
_PATIENCE = 5  # seconds that a reader has to end when there are no more orders


class Readers:
    """So many readers of a URL, as long as the context lasts."""

    def __init__(self, url: str, count: int) -> None:
        self._url, self._count = url, count
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Readers":
        for number in range(self._count):
            self._processes.append(_start(self._url, number))
        return self

    def read(self, until: int, most: int, conditional: bool) -> list[Read]:
        """All read until then, each `most` times at most; what they read.

        `until` is of time.perf_counter_ns, which is the same in all processes.

        Raises:
            ReadModelError: a reader has ended by itself.
        """
        order = {"until": until, "most": most, "conditional": conditional}
        try:
            for one in self._processes:
                _pipe(one.stdin).write(json.dumps(order) + "\n")
                _pipe(one.stdin).flush()
            answers = [json.loads(_pipe(one.stdout).readline()) for one in self._processes]
        except (OSError, ValueError) as error:
            raise ReadModelError(
                "a reader has ended", where=self._url, hint="run it again"
            ) from error
        return [Read(**read) for answer in answers for read in answer]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self._processes:
            if kind is not None:
                one.kill()
            _end(one)


def _start(url: str, number: int) -> subprocess.Popen[str]:
    """A reader; in a session of its own, so that an interruption is the writer's to act on."""
    return subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
        [sys.executable, "-P", "-m", _MODULE, url, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 - both were asked for
    return pipe
