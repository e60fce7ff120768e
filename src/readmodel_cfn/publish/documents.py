"""Documents: what there is to publish below the paths that were given, in the order of their keys.

A directory is mapped to keys: the path of each file below it is its key. A file that is given by
itself has the path as it was given for its key.
"""

import heapq
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import md5
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.publish.faults import MOST_BYTES, Fault, body_fault, key_fault, too_large
from readmodel_cfn.publish.selection import Selection

_CHANGED, _WHEN_WRITTEN = "it changed while it was read", "publish it once it is written"
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
Keep = Callable[[bytes], bytes]
"""What is kept of a document's bytes: the same for the same."""


@dataclass(frozen=True)
class Document:
    """A document as it is kept under a key; `source` names it in errors."""

    key: str
    stored: bytes
    source: str

    @cached_property
    def md5(self) -> str:
        """What its ETag is, where S3 itself encrypts it and it was sent in one part."""
        return md5(self.stored, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class File:
    """A file that is to be published; `listed` is whether it was found in a directory."""

    key: str
    source: str
    listed: bool = True


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file, or a directory with all that is below it, that is not part of the publication."""

    key: str


Found = File | PassedOver


def files(paths: Iterable[Path], selection: Selection) -> Iterator[Found]:
    """All files that the paths name and what is passed over below them, by their keys.

    A file that is given by itself is passed over only where it is excluded: whoever names a file
    wants to know why it is not sent. In memory there are the names of those directories that are
    being walked through.
    """
    alone = sorted((_alone(path, selection) for path in paths if not path.is_dir()), key=_by_key)
    walks = [_walk(str(path), "", selection) for path in paths if path.is_dir()]
    return heapq.merge(alone, *walks, key=_by_key)


_by_key = attrgetter("key")


def _alone(path: Path, selection: Selection) -> Found:
    key = key_of_path(path)
    return PassedOver(key) if selection.excludes(key) else File(key, str(path), False)


def key_of_path(path: Path) -> str:
    """The key of a file that is given by itself: its path, from where the command is run."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def _walk(directory: str, above: str, selection: Selection) -> Iterator[Found]:
    """The files below a directory; links to directories are not followed, they could be circles."""
    with os.scandir(directory) as found:
        names = sorted(entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in found)
    for name in names:
        if selection.passes_over(above + name.rstrip("/")):
            yield PassedOver(above + name)
        elif name.endswith("/"):
            yield from _walk(f"{directory}/{name[:-1]}", above + name, selection)
        else:
            yield File(above + name, f"{directory}/{name}")


def check(
    found: Iterable[Found], keep: Keep, selection: Selection
) -> Iterator[Document | Fault | PassedOver]:
    """Each file as the document it is, or all that is wrong with it, or that it is passed over."""
    before = None
    for file in found:
        if isinstance(file, PassedOver):
            yield file
            continue
        if before and before.key == file.key:
            yield Fault(file.source, f"has the key of {before.source}", "publish one of them")
        elif file.listed and not file.source.endswith(".json"):
            hint = "leave it out with --exclude, or publish it as a single FILE"
            yield Fault(file.source, "not a .json file", hint)
        else:
            yield from _checked(file, keep, selection)
        before = file


def _checked(file: File, keep: Keep, selection: Selection) -> Iterator[Document | Fault]:
    document, fault = load(file, keep), key_fault(file.key, file.source, selection.serves)
    if fault:
        yield fault
    if not fault or isinstance(document, Fault):
        yield document


def load(file: File, keep: Keep, checked: str = "") -> Document | Fault:
    """The document in a file, or what is wrong with it; `checked` is the MD5 that was checked."""
    try:
        body = _read(file.source, keep)
    except OSError as error:
        return Fault(file.source, f"cannot be read: {error.strerror}", "make it readable")
    if isinstance(body, Fault):
        return body
    document = Document(file.key, keep(body), file.source)
    if document.md5 == checked:
        return document
    return body_fault(body, document.stored, file.source) or document


def read_alone(path: Path) -> bytes:
    """All that a single file holds, also where it is a pipe.

    Raises:
        ConfigError: it cannot be read, or changed meanwhile.
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


def _read(source: str, keep: Keep) -> bytes | Fault:
    """What is in a file: nothing that may never end, and no more than can be published.

    A read may give less than it was asked for, so the file ends where a read gives nothing
    (https://man7.org/linux/man-pages/man2/read.2.html). In as few calls as that takes: each lets
    other threads run, and with many of them that costs more than the call. A pipe is not waited
    for.
    """
    descriptor = os.open(source, _READING)
    try:
        before = os.fstat(descriptor)
        if not S_ISREG(before.st_mode):
            return Fault(source, "not a file", "publish a JSON file")
        parts = iter(partial(os.read, descriptor, min(before.st_size, MOST_BYTES) + 1), b"")
        body = b"".join(_enough_of(parts))
        if len(body) > MOST_BYTES:
            if len(keep(body)) > MOST_BYTES:
                return too_large(before.st_size, source)
            body += b"".join(parts)
        if _is_whole(body, before, os.fstat(descriptor)):
            return body
        return Fault(source, _CHANGED, _WHEN_WRITTEN)
    finally:
        os.close(descriptor)


def _enough_of(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts up to where there are more bytes than can be published."""
    size = 0
    for part in parts:
        yield part
        size += len(part)
        if size > MOST_BYTES:
            return


def _is_whole(body: bytes, before: os.stat_result, after: os.stat_result) -> bool:
    """Is this what the file held, all of it and of one moment?

    The time of the last change of status is not compared: it changes when another file is renamed
    over this one, which leaves the content as it was. Some file systems give a size of 0, or one
    that is too small, for files with content.
    """
    unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return unchanged and len(body) >= before.st_size
