"""The files to publish: found below paths, checked, and read as documents.

The key of a file in a directory is its path below the directory. The key of a single file is its
path.
"""

import heapq
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish.documents import MAX_BYTES, Document, body_fault, key_fault, too_large
from readmodel_cfn.publish.results import Fault
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import Selection
from readmodel_cfn.publish.version_fields import Versions

_CHANGED, _WHEN_WRITTEN = "it changed while it was read", "publish it once it is written"
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_SCHEMAS, _NO_VERSIONS = Schemas(), Versions()
Store = Callable[[bytes], bytes]
"""Returns the bytes to store for a file's bytes; equal input has equal output."""
Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class File:
    """A file to publish; `listed` is whether it was found in a directory."""

    key: str
    source: str
    listed: bool = True


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file, or a directory with everything below it, that is not published."""

    key: str


Found = File | PassedOver


def files(paths: Iterable[Path], selection: Selection) -> Iterator[Found]:
    """All files that the paths name, and what is passed over below them, sorted by key.

    A single file is passed over only if it is excluded; all other faults of it are reported. Only
    the names in the directories that are being walked are in memory.
    """
    alone = sorted((_alone(path, selection) for path in paths if not path.is_dir()), key=_by_key)
    walks = [_walk(str(path), "", selection) for path in paths if path.is_dir()]
    return heapq.merge(alone, *walks, key=_by_key)


_by_key = attrgetter("key")


def require_existing(paths: Iterable[Path]) -> None:
    """Check that there is a file or a directory at each path.

    Raises:
        ConfigError: it names those that do not exist.
    """
    if missing := [str(path) for path in paths if _is_missing(path)]:
        hint = "correct the path"
        raise ConfigError("the path does not exist", where=", ".join(missing), hint=hint)


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a null character
        return True
    except OSError:  # such as a missing permission, which is reported when the file is read
        return False
    return False


def _alone(path: Path, selection: Selection) -> Found:
    key = key_of_path(path)
    return PassedOver(key) if selection.excludes(key) else File(key, str(path), False)


def key_of_path(path: Path) -> str:
    """The key of a single file: its path from the working directory."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def _walk(directory: str, above: str, selection: Selection) -> Iterator[Found]:
    """The files below a directory; links to directories are not followed: they may form a loop."""
    for name in _names(directory):
        if selection.passes_over(above + name.rstrip("/")):
            yield PassedOver(above + name)
        elif name.endswith("/"):
            yield from _walk(f"{directory}/{name[:-1]}", above + name, selection)
        else:
            yield File(above + name, f"{directory}/{name}")


def _names(directory: str) -> list[str]:
    """The sorted names in a directory; those of directories end with a slash."""
    try:
        with os.scandir(directory) as found:
            return sorted(entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in found)
    except OSError as error:
        raise ReadModelError(f"cannot be read: {error.strerror}", where=directory) from error


def check(
    found: Iterable[Found], store: Store, selection: Selection, schemas: Schemas = _NO_SCHEMAS
) -> Iterator[Document | Fault | PassedOver]:
    """Each file as a document, a fault for each error in it, or PassedOver."""
    return check_each(found, selection, lambda file: load(file, store, schemas=schemas))


def check_each(
    found: Iterable[Found], selection: Selection, look: Callable[[File], Content | Fault]
) -> Iterator[Content | Fault | PassedOver]:
    """What `look` returns for each file, with a fault for each error in it, or PassedOver."""
    before = None
    for file in found:
        if isinstance(file, PassedOver):
            yield file
            continue
        if before and before.key == file.key:
            yield Fault(file.source, f"has the key of {before.source}", "publish one of them")
        elif file.listed and not file.source.endswith(".json"):
            hint = "exclude it with --exclude, or with exclude under [publish]"
            yield Fault(file.source, "not a .json file", hint)
        else:
            content = look(file)
            fault = key_fault(file.key, file.source, selection.serves)
            if fault:
                yield fault
            if not fault or isinstance(content, Fault):
                yield content
        before = file


def load(
    file: File,
    store: Store,
    checked: str = "",
    schemas: Schemas = _NO_SCHEMAS,
    versions: Versions = _NO_VERSIONS,
) -> Document | Fault:
    """The document in a file, or its fault; a document with the MD5 `checked` is not checked."""
    try:
        body = _read(file.source, store)
    except OSError as error:
        if checked and isinstance(error, FileNotFoundError):
            return Fault(file.source, "it was deleted after it had been checked", "restore it")
        return Fault(file.source, f"cannot be read: {error.strerror}", "make it readable")
    if isinstance(body, Fault):
        return body
    document = Document(file.key, store(body), file.source)
    if document.md5 == checked:
        return document
    check = schemas.check(file.key)
    fault = body_fault(body, document.stored, file.source, check)
    return fault or (versions.add(document, body, store) if versions else document)


def read_file(path: Path) -> bytes:
    """The content of a file that is published alone, which may be a pipe.

    Raises:
        ConfigError: it cannot be read, or changed while it was read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            body = file.readall()
            after = os.fstat(file.fileno())
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if S_ISREG(before.st_mode) and not _is_whole(body, before, after):
        raise ConfigError(_CHANGED, where=str(path), hint=_WHEN_WRITTEN)
    return body


def _read(source: str, store: Store) -> bytes | Fault:
    """The content of a regular file, up to the size that can be published.

    A read may return less than was requested, so the file ends where a read returns nothing
    (https://man7.org/linux/man-pages/man2/read.2.html). As few calls as possible: each releases
    Python's interpreter lock, and with many threads that costs more than the call. A pipe is
    refused without waiting for its content: it may never end.
    """
    descriptor = os.open(source, _READING)
    try:
        before = os.fstat(descriptor)
        if not S_ISREG(before.st_mode):
            return Fault(source, "not a file", "publish a JSON file")
        size = min(before.st_size, MAX_BYTES) + 1
        body = os.read(descriptor, size)
        parts = iter(partial(os.read, descriptor, size), b"")
        if len(body) <= MAX_BYTES and (more := next(parts, None)):
            body = b"".join(_up_to_limit(chain((body, more), parts)))
        if len(body) > MAX_BYTES:
            if len(store(body)) > MAX_BYTES:
                return too_large(before.st_size, source)
            body += b"".join(parts)
        if _is_whole(body, before, os.fstat(descriptor)):
            return body
        return Fault(source, _CHANGED, _WHEN_WRITTEN)
    finally:
        os.close(descriptor)


def _up_to_limit(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts, until there are more bytes than can be published."""
    size = 0
    for part in parts:
        yield part
        size += len(part)
        if size > MAX_BYTES:
            return


def _is_whole(body: bytes, before: os.stat_result, after: os.stat_result) -> bool:
    """Whether this is the whole content of the file at one moment.

    The time of the last status change is not compared: it changes when another file is renamed over
    this one, which leaves the content unchanged. Some file systems report a size of 0, or one that
    is too small, for files with content.
    """
    unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return unchanged and len(body) >= before.st_size
