"""Lines about documents, sorted by key on disk: any number of them in little memory.

A line is `key MD5 size`, and the ETag if it is not the MD5. No key has a character that sorts
before the space, so lines sort as their keys do.
"""

import heapq
from collections.abc import Iterable, Iterator

from readmodel_cfn.publish.release.manifest import Entry
from readmodel_cfn.publish.spool import close, disk_errors, temporary_file

DIGESTED = 3
"""How many fields of a line the digest of a set has: ETags differ if a document is sent twice with
a KMS key. The digest of a release has the same."""
_IN_MEMORY = 50_000  # lines
_READ_AHEAD = 32 << 20  # bytes, of all runs together
_LEAST_READ, _MOST_READ = 4 << 10, 1 << 20  # bytes of one run


class Rows:
    """Lines in sorted runs, all in one temporary file, which `close` deletes."""

    def __init__(self) -> None:
        self._file = temporary_file()
        self._runs: list[tuple[int, int]] = []
        self._latest: list[bytes] = []
        self._end = 0

    def add(self, entry: Entry) -> None:
        """Add a document."""
        self._latest.append(as_line(entry))
        if len(self._latest) == _IN_MEMORY:
            self._write()

    def _write(self) -> None:
        self._latest.sort()
        self.add_run([b"\n".join(self._latest) + b"\n"])
        self._latest = []

    def add_run(self, chunks: Iterable[bytes]) -> None:
        """Add lines that are sorted already, as the bytes of a file."""
        begins = self._end
        with disk_errors():
            self._file.seek(self._end)
        for chunk in chunks:
            with disk_errors():
                self._file.write(chunk)
            self._end += len(chunk)
        self._runs.append((begins, self._end))

    def __iter__(self) -> Iterator[bytes]:
        """All lines, sorted; one reader at a time, and nothing may be added meanwhile."""
        size = _READ_AHEAD // max(1, len(self._runs))
        size = min(max(size, _LEAST_READ), _MOST_READ)
        runs = [self._run(begins, end, size) for begins, end in self._runs]
        return heapq.merge(*runs, sorted(self._latest))

    def _run(self, at: int, end: int, size: int) -> Iterator[bytes]:
        rest = b""
        while at < end:
            with disk_errors():
                self._file.seek(at)
                found = self._file.read(min(size, end - at))
            at += len(found)
            *lines, rest = (rest + found).split(b"\n")
            yield from lines

    def close(self) -> None:
        """Delete the file."""
        close(self._file)


def as_line(entry: Entry) -> bytes:
    """A document as a line."""
    etag = "" if entry.etag == entry.md5 else f" {entry.etag}"
    return f"{entry.key} {entry.md5} {entry.bytes}{etag}".encode()


def as_entry(line: bytes) -> Entry:
    """The document of a line.

    Raises:
        ValueError: it is not one.
    """
    key, md5, size, *etag = line.decode().split(" ")
    return Entry(key, etag[0] if etag else md5, int(size), md5)


def digested(entry: Entry) -> bytes:
    """What the digest of a set has of a document."""
    return f"\n{entry.key} {entry.md5} {entry.bytes}".encode()
