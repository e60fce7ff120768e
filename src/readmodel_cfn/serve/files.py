"""The files of a folder as objects, by key; what was read is kept until the file changes.

A read costs one `stat`. A file that changed less than a moment ago is read each time: it might
change again without showing it, as file systems count time in steps.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from readmodel_cfn.serve.stored import Stored, objection, store
from readmodel_cfn.store.publish import Settings

_MOMENT = 2_000_000_000  # nanoseconds: the longest step, of a FAT file system
_MOST_KEPT = 128 * 1024 * 1024  # bytes of all objects kept

Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What was read of a file; `document` is kept only while the file may change unseen."""

    path: Path
    stamp: Stamp
    stored: Stored
    document: bytes | None


class Files:
    """The objects of a folder; `tell` gets a line for each that publishing would refuse.

    A key for which `publishes` is false is missing, as publishing would not send its file.
    A file is best replaced by renaming a new one over it, as readers see it at any moment: of one
    that is being written they get what is there so far, which S3 would never give.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        tell: Callable[[str], None],
        publishes: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._root, self._settings, self._tell, self._publishes = root, settings, tell, publishes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._kept = 0

    def find(self, key: str) -> Stored | None:
        """The object of the key, or None where no file that is published has that path.

        Raises:
            OSError: there is one, and it cannot be read.
        """
        entry = self._entries.get(key)
        if entry is None and not (is_path(key) and self._publishes(key)):
            return None
        path = entry.path if entry else self._root / key
        found = _stat(path)
        if entry and found and entry.document is None and entry.stamp == _stamp(found):
            self._entries.move_to_end(key)
            return entry.stored
        self._forget(key)
        if found is None or not S_ISREG(found.st_mode) or not self._holds(path):
            return None
        try:
            return self._read(key, path, entry)
        except FileNotFoundError:  # removed since it was looked for
            return None

    def _holds(self, path: Path) -> bool:
        """Is the file below the folder, wherever symbolic links lead?"""
        return path.resolve().is_relative_to(self._root.resolve())

    def _read(self, key: str, path: Path, before: _Entry | None) -> Stored:
        now = time.time_ns()
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            document = file.read()
        modified = int(found.st_mtime)
        if before and before.document == document and before.stored.modified == modified:
            stored = before.stored
        else:
            stored = self._store(key, document, modified)
        settled = now - max(found.st_mtime_ns, found.st_ctime_ns) > _MOMENT
        self._keep(key, _Entry(path, _stamp(found), stored, None if settled else document))
        return stored

    def _store(self, key: str, document: bytes, modified: int) -> Stored:
        if line := objection(key, document, self._settings, str(self._root / key)):
            self._tell(line)
        return store(key, document, modified, self._settings)

    def _keep(self, key: str, entry: _Entry) -> None:
        self._entries[key] = entry
        self._kept += len(entry.stored.body)
        while self._kept > _MOST_KEPT:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._kept -= len(entry.stored.body)


def is_path(key: str) -> bool:
    """Can the key be a file's path below a folder? S3 has keys like `a//b`, folders do not."""
    return not any(part in ("", ".", "..") for part in key.split("/")) and "\0" not in key


def _stat(path: Path) -> os.stat_result | None:
    """What the path leads to, or None where that is nothing.

    Raises:
        PermissionError: it may not be known.
    """
    try:
        return path.stat()
    except PermissionError:
        raise
    except (OSError, ValueError):  # no such file, a circle of links, a name that none can have
        return None


def _stamp(found: os.stat_result) -> Stamp:
    """What changes with a file, or with which file it is."""
    which, times = (found.st_dev, found.st_ino), (found.st_mtime_ns, found.st_ctime_ns)
    return (*which, found.st_size, *times)
