"""A list of rows on disk, for any number of rows in little memory."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile, gettempdir
from typing import IO, Any

from readmodel_cfn.errors import ReadModelError

_ROWS_IN_MEMORY = 1000


class Spool:
    """Rows of JSON values, in the order in which they were added.

    No rows may be added while it is read, and only one reader may read it at a time.
    """

    def __init__(self) -> None:
        self._file = temporary_file()
        self._latest: list[Any] = []
        self._count = 0
        self.first: tuple[Any, ...] | None = None
        self.last: tuple[Any, ...] | None = None

    def add(self, *row: Any) -> None:
        """Add a row at the end."""
        if len(self._latest) == _ROWS_IN_MEMORY:
            with disk_errors():
                self._file.seek(0, 2)
                self._file.write(json.dumps(self._latest).encode() + b"\n")
            self._latest = []
        self._latest.append(row)
        self._count += 1
        self.first, self.last = self.first or row, row

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        with disk_errors():
            self._file.seek(0)
        for line in self._file:
            yield from json.loads(line)
        yield from self._latest

    def clear(self) -> None:
        """Remove all rows."""
        with disk_errors():
            self._file.truncate(0)
        self._latest, self._count, self.first, self.last = [], 0, None, None

    def close(self) -> None:
        """Delete the file."""
        close(self._file)


def temporary_file() -> IO[bytes]:
    """A new temporary file, which the caller closes.

    Raises:
        ReadModelError: there is no directory for it, or no space.
    """
    with disk_errors():
        return TemporaryFile("w+b")


def close(file: IO[bytes]) -> None:
    """Close a temporary file, which deletes it."""
    with suppress(OSError):  # it flushes, and the disk may be full
        file.close()


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an OSError into an error that names the directory of temporary files."""
    try:
        yield
    except OSError as error:
        hint = "free some space, or set TMPDIR to another directory"
        raise ReadModelError(str(error.strerror), where=_directory(), hint=hint) from error


def _directory() -> str:
    try:
        return gettempdir()
    except FileNotFoundError:  # none can be written
        return "TMPDIR"
