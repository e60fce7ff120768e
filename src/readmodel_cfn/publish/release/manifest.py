"""The manifest of a release: the key, ETag and size of each document, and the digest of all.

It is JSON with one document on each line, so that it is read and written without holding all of
them in memory:

    {"release": "ID", "digest": "9f86...", "documents": 2, ..., "objects": [
    {"key": "products/42.json", "etag": "5d41...", "bytes": 312},
    {"key": "products/43.json", "etag": "7d79...", "bytes": 298}
    ]}
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import IO, Any, NamedTuple

from readmodel_cfn.errors import ReadModelError


class Entry(NamedTuple):
    """A document of a release; `md5` is that of its bytes, which a KMS key's ETag is not."""

    key: str
    etag: str
    bytes: int
    md5: str


@dataclass(frozen=True)
class Header:
    """What a manifest says about the whole release.

    `digest` is the SHA-256 of the keys, sizes and MD5s of all documents and of the headers that
    they are stored with. `created` is in UTC, `based_on` the release that documents were copied
    from.
    """

    release: str
    digest: str
    documents: int
    bytes: int
    created: str
    based_on: str | None = None

    @classmethod
    def parse(cls, found: Any, where: str) -> "Header":
        """The header in a JSON object.

        Raises:
            ReadModelError: it is not one.
        """
        try:
            fields = {name: found[name] for name in cls.__dataclass_fields__}
            header = cls(**fields)
            datetime.fromisoformat(header.created)
            int(header.documents), int(header.bytes)
        except (KeyError, TypeError, ValueError) as error:
            raise not_a_manifest(where) from error
        return header

    @property
    def time(self) -> datetime:
        """When the release was started."""
        return datetime.fromisoformat(self.created)


def header_json(header: Header) -> bytes:
    """The header alone, which a release is started with."""
    return json.dumps(asdict(header)).encode()


def parse_start(body: bytes, where: str) -> Header:
    """What a release was started with.

    Raises:
        ReadModelError: the object is something else.
    """
    try:
        return Header.parse(json.loads(body), where)
    except ValueError as error:
        raise not_a_manifest(where) from error


def start_of_partitions(release: str, parts: int) -> Header:
    """What partitions start a release with: its documents are known when all are published."""
    return Header(release, f"{parts} partitions", 0, 0, utc_now())


def utc_now() -> str:
    """The time as the header has it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def not_a_manifest(where: str) -> ReadModelError:
    """The error for an object that another program has written."""
    hint = "delete it, or publish a new release"
    return ReadModelError("not the manifest of a release", where=where, hint=hint)


def write(header: Header, entries: Iterable[Entry], file: IO[bytes]) -> None:
    """Write a manifest, and return to the file's beginning."""
    file.write(header_json(header)[:-1] + b', "objects": [')
    separator = b"\n"
    for entry in entries:
        file.write(separator + _line(entry))
        separator = b",\n"
    file.write(b"\n]}\n")
    file.seek(0)


def _line(entry: Entry) -> bytes:
    found = entry._asdict()
    if entry.md5 == entry.etag:
        del found["md5"]
    return json.dumps(found).encode()


def parse_header(first_line: bytes, where: str) -> Header:
    """The header in the first line of a manifest.

    Raises:
        ReadModelError: it is not one.
    """
    try:
        return Header.parse(json.loads(first_line.strip() + b"]}"), where)
    except ValueError as error:
        raise not_a_manifest(where) from error


class Manifest:
    """A manifest in a temporary file, which `close` deletes."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        self._file, self._where = file, where
        file.seek(0)
        first_line = file.readline()
        self.header = parse_header(first_line, where)
        self._beginning = len(first_line)

    def __iter__(self) -> Iterator[Entry]:
        """The entries, sorted by key; one reader at a time."""
        self._file.seek(self._beginning)
        for line in self._file:
            if line.startswith(b"]"):
                return
            try:
                found = json.loads(line.strip().rstrip(b","))
                etag = found["etag"]
                entry = Entry(found["key"], etag, found["bytes"], found.get("md5", etag))
            except (ValueError, KeyError, TypeError) as error:
                raise not_a_manifest(self._where) from error
            yield entry
        raise not_a_manifest(self._where)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()
