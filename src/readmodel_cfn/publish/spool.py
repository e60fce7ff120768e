"""Spool: a list of any length that takes little memory, read as often as need be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile, gettempdir
from typing import Any

from readmodel_cfn.errors import ReadModelError

_AT_ONCE = 1000  # rows, which are kept in memory until they are written


class Spool:
    """Rows of JSON values, in the order in which they were added.

    Nothing may be added while it is read, and one may read it at a time.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile("w+b")  # noqa: SIM115 - closed by `close`
        self._latest: list[Any] = []
        self._count = 0
        self.first: tuple[Any, ...] | None = None
        self.last: tuple[Any, ...] | None = None

    def add(self, *row: Any) -> None:
        """Add a row at the end."""
        if len(self._latest) == _AT_ONCE:
            with _room():
                self._file.seek(0, 2)
                self._file.write(json.dumps(self._latest).encode() + b"\n")
            self._latest = []
        self._latest.append(row)
        self._count += 1
        self.first, self.last = self.first or row, row

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        with _room():
            self._file.seek(0)
        for line in self._file:
            yield from json.loads(line)
        yield from self._latest

    def clear(self) -> None:
        """Begin anew."""
        with _room():
            self._file.truncate(0)
        self._latest, self._count, self.first, self.last = [], 0, None, None

    def close(self) -> None:
        """Forget it."""
        with suppress(OSError):  # of what could not be written
            self._file.close()


@contextmanager
def _room() -> Iterator[None]:
    """Say where there is no room."""
    try:
        yield
    except OSError as error:
        hint = "make room, or name another folder in TMPDIR"
        raise ReadModelError(str(error.strerror), where=gettempdir(), hint=hint) from error
