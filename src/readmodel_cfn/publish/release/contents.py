"""The documents of a release, all of which are checked before the first is stored."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.progress import OnProgress
from readmodel_cfn.publish.changes import key_and_value
from readmodel_cfn.publish.documents import (
    Document,
    Encode,
    Settings,
    body_fault,
    encode,
    key_fault,
)
from readmodel_cfn.publish.files import File, PassedOver, check, files, load, require_existing
from readmodel_cfn.publish.results import Fault, InvalidDocuments
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import Selection
from readmodel_cfn.publish.spool import Spool, close, disk_errors, temporary_file


class Row(NamedTuple):
    """A document: its key, its file or the place of its value, and the MD5 and size as stored."""

    key: str
    source: Any
    md5: str
    bytes: int


Load = Callable[[Row], Document | Fault]


@dataclass(frozen=True)
class Checking:
    """How documents are checked."""

    settings: Settings
    selection: Selection
    schemas: Schemas
    skip_invalid: bool
    on_progress: OnProgress


class Contents:
    """The documents of a release, sorted by key, in temporary files that `close` deletes.

    `digest` is the same for equal sets that are stored with equal headers.
    """

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._rows = Spool()
        self.bytes = self.invalid = self.passed_over = 0
        self._first: Fault | None = None
        self._hash = hashlib.sha256(json.dumps(checking.settings.attributes).encode())
        self._close: list[Callable[[], None]] = [self._rows.close]
        self.load: Load = lambda row: Fault(row.key, "not read", "read it")

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return map(Row._make, self._rows)

    @property
    def digest(self) -> str:
        """The SHA-256 of all rows and of the headers."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Delete the temporary files."""
        for close_file in self._close:
            close_file()

    def _add(self, row: Row) -> None:
        self._rows.add(*row)
        self.bytes += row.bytes
        self._hash.update(f"\n{row.key} {row.md5} {row.bytes}".encode())

    def _refuse(self, fault: Fault) -> None:
        self.invalid += 1
        self._first = self._first or fault
        for each in fault.each:
            self._checking.on_progress(each)

    def _check_complete(self, where: str) -> None:
        if self._first and not self._checking.skip_invalid:
            hint = f"{self._first.hint}, or skip invalid documents (skip_invalid)"
            raise InvalidDocuments(self._first, self.invalid, hint)
        if not len(self):
            raise ConfigError("no document", where=where, hint="publish the whole set")

    def read_files(self, paths: Sequence[Path]) -> None:
        """Check the files below the paths.

        Raises:
            ConfigError: a path does not exist, a file is invalid, or there is none.
        """
        require_existing(paths)
        checking, selection = self._checking, self._checking.selection
        found = files(paths, selection)
        for file in check(found, checking.settings.stored, selection, checking.schemas):
            if isinstance(file, PassedOver):
                self.passed_over += 1
            elif isinstance(file, Fault):
                self._refuse(file)
            else:
                self._add(Row(file.key, file.source, file.md5, len(file.stored)))
        self._check_complete(", ".join(map(str, paths)))
        self.load = self._load_file

    def _load_file(self, row: Row) -> Document | Fault:
        """Read a file again: a release is what was checked, so a changed file is a fault."""
        found = load(File(row.key, row.source), self._checking.settings.stored, row.md5)
        if isinstance(found, Fault) or found.md5 == row.md5:
            return found
        return Fault(row.source, "it changed after it had been checked", "publish it again")

    def read_values(
        self, documents: Mapping[str, object] | Iterable[tuple[str, object]], encode_value: Encode
    ) -> None:
        """Encode and check values, and keep their bytes in a temporary file.

        Of several values with the same key, the last one is published.

        Raises:
            ConfigError: a value is invalid, or there is none.
        """
        bodies = _Bodies()
        self._close.append(bodies.close)
        rows: dict[str, Row] = {}
        pairs = documents.items() if isinstance(documents, Mapping) else documents
        for key, value in map(key_and_value, pairs):
            if not isinstance(key, str):
                raise TypeError(f"keys are text: {key!r}")
            if self._checking.selection.passes_over(key):
                self.passed_over += 1
                continue
            found = self._encoded(key, value, encode_value)
            if isinstance(found, Fault):
                self._refuse(found)
            else:
                size = len(found.stored)
                rows[key] = Row(key, bodies.add(found.stored), found.md5, size)
        for key in sorted(rows):
            self._add(rows.pop(key))
        self._check_complete("documents")
        self.load = lambda row: Document(row.key, bodies.read(row.source, row.bytes), row.key)

    def _encoded(self, key: str, value: object, encode_value: Encode) -> Document | Fault:
        body, checking = encode(value, key, encode_value), self._checking
        if isinstance(body, Fault):
            return body
        document = Document(key, checking.settings.stored(body), key)
        fault = key_fault(key, key, checking.selection.serves)
        check = None if fault else checking.schemas.check(key)
        return fault or body_fault(body, document.stored, key, check) or document


class _Bodies:
    """The bytes of values, one after the other in a temporary file; read by any thread."""

    def __init__(self) -> None:
        self._file = temporary_file()
        self._end, self._lock = 0, Lock()

    def add(self, body: bytes) -> int:
        """Add bytes; returns where they begin."""
        at = self._end
        with disk_errors():
            self._file.write(body)
        self._end += len(body)
        return at

    def read(self, at: int, size: int) -> bytes:
        """The bytes that begin there."""
        with self._lock, disk_errors():
            self._file.seek(at)
            return self._file.read(size)

    def close(self) -> None:
        """Delete the file."""
        close(self._file)
