"""Documents: what there is to publish below the paths that were given, in the order of their keys.

A directory is mapped to keys: the path of each file below it is its key. A file that is given by
itself has the path as it was given for its key.
"""

import heapq
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5
from io import FileIO
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG

from readmodel_cfn.store.faults import MOST_BYTES, Fault, Serves, body_fault, key_fault, too_large

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


def files(paths: Iterable[Path]) -> Iterator[File]:
    """All files that the paths name, by their keys; names that begin with a dot are passed over.

    In memory there are the names of those directories that are being walked through.
    """
    alone = sorted(
        (File(key_of_path(path), str(path), False) for path in paths if not path.is_dir()),
        key=_by_key,
    )
    walks = [_walk(str(path), "") for path in paths if path.is_dir()]
    return heapq.merge(alone, *walks, key=_by_key)


_by_key = attrgetter("key")


def key_of_path(path: Path) -> str:
    """The key of a file that is given by itself: its path, from where the command is run."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def _walk(directory: str, above: str) -> Iterator[File]:
    """The files below a directory; links to directories are not followed, they could be circles."""
    with os.scandir(directory) as found:
        names = sorted(
            one.name + "/" * one.is_dir(follow_symlinks=False)
            for one in found
            if not one.name.startswith(".")
        )
    for name in names:
        if name.endswith("/"):
            yield from _walk(f"{directory}/{name[:-1]}", above + name)
        else:
            yield File(above + name, f"{directory}/{name}")


def check(found: Iterable[File], keep: Keep, serves: Serves) -> Iterator[Document | Fault]:
    """Each file as the document it is, or all that is wrong with it."""
    before = None
    for file in found:
        if before and before.key == file.key:
            yield Fault(file.source, f"has the key of {before.source}", "publish one of them")
        elif file.listed and not file.source.endswith(".json"):
            hint = "give it by itself, or let its name begin with a dot"
            yield Fault(file.source, "not a .json file", hint)
        else:
            yield from _checked(file, keep, serves)
        before = file


def _checked(file: File, keep: Keep, serves: Serves) -> Iterator[Document | Fault]:
    document, fault = load(file, keep), key_fault(file.key, file.source, serves)
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


def _read(source: str, keep: Keep) -> bytes | Fault:
    """What is in a file: nothing that may never end, and no more than can be published.

    In as few calls as it takes: each lets other threads go on, and with many of them that costs
    more than the call. A pipe is not waited for.
    """
    descriptor = os.open(source, _READING)
    try:
        found = os.fstat(descriptor)
        if not S_ISREG(found.st_mode):
            return Fault(source, "not a file", "publish a JSON file")
        most = min(found.st_size, MOST_BYTES)
        body = os.read(descriptor, most + 1)
        if len(body) <= most:
            return body
        if len(keep(body)) > MOST_BYTES:
            return too_large(found.st_size, source)
        with FileIO(descriptor, closefd=False) as rest:
            return body + rest.readall()
    finally:
        os.close(descriptor)
