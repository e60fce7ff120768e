"""An index of local files: what a file is that has not changed since it was read and checked.

It is as git's index: a file is not read again if its size, times, inode and device are those of the
last run. It says only what a local file is; what the bucket has is always asked of the bucket. A
document is read, and checked if it has changed, before it is sent. A clone has new inodes, so that
everything is read.

A file that is written twice within one step of its file system's clock may look unchanged. So a
file is recorded only if it was old when it was read
(https://git-scm.com/docs/racy-git).
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from tempfile import NamedTemporaryFile
from typing import IO, Any

from readmodel_cfn.publish.compare import Checked
from readmodel_cfn.publish.documents import Document
from readmodel_cfn.publish.files import File
from readmodel_cfn.publish.results import Fault
from readmodel_cfn.version import __version__

Row = tuple[str, int, int, int, int, int, str]
"""A key, the file's device, inode, size and times, and the MD5 of what would be stored."""

FEWEST = 1000
"""Fewer files are read as fast, so they are not recorded."""

_ROWS = 1000  # of a block
_SECOND = 1_000_000_000
_OLD = _SECOND // 20  # longer than a step of the clock of a local file system
_OLD_IN_SECONDS = 3 * _SECOND  # where times have no fraction of a second
_MAX_DAYS = 30  # of an index that is not used


class FileIndex:
    """The index of the files of one call. `look` gets them sorted by key; `save` replaces it.

    `described` is everything that the MD5s depend on, and which files these are; with None, and
    without a usable directory, nothing is recorded and every file is read.
    """

    def __init__(
        self,
        described: object | None,
        load: Callable[[File], Document | Fault],
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        digest = sha256(repr((__version__, described)).encode()).hexdigest()
        self._path = _folder() / f"{digest[:32]}.index"
        self._load, self._now = load, now
        self._known = iter(()) if described is None else _rows(self._path)
        self._row: Row | None = None
        self._read = self._same = self._added = 0
        self._next()
        self._new: list[Row] = []
        self._file: IO[bytes] | None = None
        self._is_usable = described is not None

    def look(self, file: File) -> Checked | Fault:
        """The document in a file, which is read if it has changed; or its fault."""
        read_at, stamp = self._now(), _stamp(file.source)
        while self._row and self._row[0] < file.key:
            self._next()
        known = self._row
        if known and known[0] == file.key and known[1:6] == stamp:
            self._same += 1
            self._record(known)
            return Checked(file.key, file.source, known[6])
        document = self._load(file)
        if isinstance(document, Fault):
            return document
        if stamp and _is_old(stamp, read_at):
            self._added += 1
            self._record((file.key, *stamp, document.md5))
        return Checked(file.key, file.source, document.md5)

    def save(self) -> None:
        """Replace the index, if it has changed."""
        has_changed = self._added or self._same < self._read or next(self._known, None)
        if has_changed and self._same + self._added >= FEWEST:
            self._write()
            with suppress(OSError):
                if self._file:
                    self._file.close()
                    Path(self._file.name).replace(self._path)
                _remove_unused(self._path.parent)
        self.close()

    def close(self) -> None:
        """Remove what was not saved."""
        if self._file:
            with suppress(OSError):
                self._file.close()
                Path(self._file.name).unlink(missing_ok=True)
        self._file, self._is_usable = None, False

    def _next(self) -> None:
        self._row = next(self._known, None)
        self._read += self._row is not None

    def _record(self, row: Row) -> None:
        self._new.append(row)
        if len(self._new) == _ROWS:
            self._write()

    def _write(self) -> None:
        from msgspec.msgpack import encode

        rows, self._new = self._new, []
        if not self._is_usable:
            return
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = NamedTemporaryFile(dir=self._path.parent, delete=False)  # noqa: SIM115
            block = encode(rows)
            self._file.write(len(block).to_bytes(4, "big") + block)
        except OSError:  # such as a full disk
            self.close()


def _folder() -> Path:
    from platformdirs import user_cache_path

    home = os.environ.get("READMODEL_CFN_HOME") or user_cache_path("readmodel-cfn")
    return Path(home) / "files"


def _rows(path: Path) -> Iterator[Row]:
    """The rows of an index, block by block; none that cannot be read."""
    from msgspec import MsgspecError
    from msgspec.msgpack import Decoder

    decode = Decoder(list[Row]).decode
    with suppress(OSError, MsgspecError), path.open("rb") as file:
        os.utime(path)  # it is in use
        while size := int.from_bytes(file.read(4), "big"):
            yield from decode(file.read(size))


def _stamp(source: str) -> Any:
    """The device, inode, size and times of a regular file."""
    try:
        found = os.stat(source)  # noqa: PTH116 - faster
    except (OSError, ValueError):
        return None
    if not S_ISREG(found.st_mode):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_old(stamp: tuple[int, ...], now: int) -> bool:
    times = stamp[3:]
    has_fraction = any(time % _SECOND for time in times)
    return max(times) < now - (_OLD if has_fraction else _OLD_IN_SECONDS)


def _remove_unused(folder: Path) -> None:
    oldest = time.time() - _MAX_DAYS * 86_400
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
