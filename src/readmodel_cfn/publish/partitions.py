"""Publish documents by several workers, each a partition of them, and commit them as one release.

    result = publish_partition(documents, destination, part=0, parts=8, release="r1", workers=4)
    commit(results, destination, activation=...)

A worker publishes the documents of its partition and returns a small value; the keys and MD5s are
in an object beside the release. The driver merges them to the manifest and makes the release live.
Documents are divided by the hash of the key (`partition_of`): workers then write to all parts of
the bucket at the same time, and no key is in two partitions.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import IO, Any, TypedDict

from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError, Unfinished
from readmodel_cfn.progress import OnProgress, ignore
from readmodel_cfn.publish.changes import key_and_value
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import (
    DEFAULT,
    Document,
    Encode,
    Settings,
    body_fault,
    encode,
    encoder,
    key_fault,
)
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.partition.commit import commit as commit
from readmodel_cfn.publish.partition.results import CommitResult as CommitResult
from readmodel_cfn.publish.partition.results import PartitionResult as PartitionResult
from readmodel_cfn.publish.partition.results import Removed as Removed
from readmodel_cfn.publish.partition.results import partition_name
from readmodel_cfn.publish.partition.rows import DIGESTED, Rows
from readmodel_cfn.publish.rate import Rate
from readmodel_cfn.publish.release.manifest import (
    Entry,
    Header,
    header_json,
    parse_start,
    start_of_partitions,
)
from readmodel_cfn.publish.release.names import (
    check_id,
    deletion_key,
    list_key,
    manifest_key,
    start_key,
)
from readmodel_cfn.publish.release.objects import ReleaseObjects
from readmodel_cfn.publish.release.store import ReleaseStore
from readmodel_cfn.publish.results import Fault, Outcome, Sent
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import KeyRoute, Selection
from readmodel_cfn.publish.spool import disk_errors, temporary_file
from readmodel_cfn.publish.upload import Uploader

MAX_PARTS = 99_999
_MOST_FAULTS = 100  # that a result names
_rates: dict[tuple[str, int], Rate] = {}
"""The rate of this process's last partition, by bucket and number of workers."""
_IN_MEMORY = 32 << 20  # bytes of a list
_AGAIN = "publish the partition again"


class PartitionOptions(TypedDict):
    """The arguments of `publish_partition` that are the same for all partitions."""

    destination: Destination
    settings: Settings
    routes: Sequence[KeyRoute] | None
    exclude: Sequence[str]
    release: str | None


def partition_of(key: str, parts: int) -> int:
    """The number of the partition that a document belongs to, from 0.

    It is the first 8 hexadecimal digits of the key's MD5, modulo `parts`; so any engine can compute
    it. In Spark: `conv(substr(md5(key), 1, 8), 16, 10) % parts`.
    """
    digits = hashlib.md5(key.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()[:8]
    return int(digits, 16) % parts


def publish_partition(
    documents: Mapping[str, object] | Iterable[tuple[str, object]],
    destination: Destination,
    *,
    part: int,
    parts: int,
    release: str | None = None,
    settings: Settings = DEFAULT,
    workers: int = 1,
    routes: Sequence[KeyRoute] | None = None,
    exclude: Sequence[str] = (),
    default: Callable[[Any], object] | None = None,
    on_progress: OnProgress = ignore,
) -> PartitionResult:
    """Publish the documents of one partition; `commit` completes the release.

    All arguments and the result can be pickled, if the documents can. Each document is read,
    checked and sent as `publish` does it; memory holds at most 256 of them, whatever their number.
    All of them are sent, also those that have not changed.

    A partition may be published again, also at the same time: the same documents have the same
    result. After `commit` it sends nothing, but checks that the documents are the same.

    Args:
        documents: A mapping of keys to values, or an iterable of (key, value) pairs. Bytes are JSON
            already, every other value is encoded as JSON. Each key must belong to the partition.
        destination: The bucket; its client is made in this process.
        part: Number of the partition, from 0.
        parts: Number of all partitions.
        release: ID of the release, the same for all partitions. None publishes to the keys
            themselves, each document at once: for a read model without releases.
        settings: How the documents are stored.
        workers: How many partitions are published at the same time. Each worker begins with its
            share of the 3,500 writes per second that S3 accepts.
        routes: The routes, one of which must serve each key. Without routes every key is allowed.
        exclude: Glob patterns of keys that are not published.
        default: Converts values that JSON does not know, as in `json.dumps`.
        on_progress: Called with Sent for each document that was sent, and Fault for each that is
            invalid.

    Raises:
        ConfigError: the partition, the ID or an option is invalid; nothing was sent.
        LostRace: the release exists, with other documents.
        Unfinished: some documents were sent; publish the partition again.
        ReadModelError: nothing was sent.
    """
    started = time.monotonic()
    check(part, parts, release, workers, routes)
    checks = _Checks(part, parts, settings, Selection(routes, exclude), Schemas(routes), default)
    with destination.owner_named_in_errors(), closing(Rows()) as rows:
        partition = _Partition(checks, destination, release, rows, on_progress)
        partition.send(documents, workers)
        digest, size, documents_stored = partition.finish()
        return PartitionResult(
            part,
            parts,
            release,
            documents=documents_stored,
            sent=partition.sent,
            bytes=size,
            digest=digest,
            invalid=partition.invalid,
            passed_over=checks.passed_over,
            faults=tuple(partition.faults),
            seconds=time.monotonic() - started,
            bucket=destination.bucket,
            settings=settings,
        )


def _check_routes(routes: Sequence[KeyRoute] | None) -> None:
    for route in routes or ():
        if route.version_field is not None:
            what = "partitions do not compare the versions of documents"
            hint = "use publish, or remove version_field from the route"
            raise ConfigError(what, where="routes.version_field", hint=hint)


def _rate(bucket: str, workers: int) -> Rate:
    place = bucket, workers
    _rates[place] = rate = Rate(workers, _rates.get(place))
    return rate


def check(
    part: int,
    parts: int,
    release: str | None,
    workers: int,
    routes: Sequence[KeyRoute] | None,
) -> None:
    """Refuse arguments that cannot be.

    Raises:
        ConfigError: one is not allowed.
    """
    _check_routes(routes)
    allowed = {
        "parts": (parts, 1, MAX_PARTS),
        "part": (part, 0, parts - 1 if isinstance(parts, int) else 0),
        "workers": (workers, 1, MAX_PARTS),
    }
    for name, (value, least, most) in allowed.items():
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            hint = f"allowed: {least} to {most:,}"
            raise ConfigError(f"{value!r} is not allowed", where=name, hint=hint)
    if release is not None:
        check_id(release, "release")


class _Checks:
    """The documents of a partition, each of which is checked when it is taken."""

    def __init__(
        self,
        part: int,
        parts: int,
        settings: Settings,
        selection: Selection,
        schemas: Schemas,
        default: Callable[[Any], object] | None,
    ) -> None:
        self.part, self.parts, self.settings = part, parts, settings
        self._selection, self._schemas = selection, schemas
        self._encode: Encode = encoder(default)
        self.passed_over = 0

    def each(
        self, documents: Mapping[str, object] | Iterable[tuple[str, object]]
    ) -> Iterator[Document | Fault]:
        """Each document, or its fault."""
        pairs = documents.items() if isinstance(documents, Mapping) else documents
        for key, value in map(key_and_value, pairs):
            if not isinstance(key, str):
                raise TypeError(f"keys are text: {key!r}")
            if self._selection.passes_over(key):
                self.passed_over += 1
                continue
            yield self._checked(key, value)

    def _checked(self, key: str, value: object) -> Document | Fault:
        if fault := key_fault(key, key, self._selection.serves):
            return fault
        if (found := partition_of(key, self.parts)) != self.part:
            what = f"it belongs to {partition_name(found, self.parts)}, not to {self.part}"
            return Fault(key, what, "divide the documents by partition_of(key, parts)")
        body = encode(value, key, self._encode)
        if isinstance(body, Fault):
            return body
        document = Document(key, self.settings.stored(body), key)
        return body_fault(body, document.stored, key, self._schemas.check(key)) or document


class _Partition:
    """One run of one partition."""

    def __init__(
        self,
        checks: _Checks,
        destination: Destination,
        release: str | None,
        rows: Rows,
        on_progress: OnProgress,
    ) -> None:
        self._checks, self._rows, self._report = checks, rows, on_progress
        self._destination, self._release = destination, release
        self._objects = Objects(destination)
        self._is_complete = bool(release) and self._begin()
        self._in_progress: dict[str, Document] = {}
        self.sent = self.invalid = 0
        self.faults: list[Fault] = []

    @property
    def _name(self) -> str:
        return partition_name(self._checks.part, self._checks.parts)

    def _begin(self) -> bool:
        """Write the start of the release; whether the release is complete already.

        Whoever must not read the bucket cannot know either. Each partition writes the start again,
        so that `release prune` sees that the release is still being published.

        Raises:
            LostRace: the release was started for other documents.
            Unfinished: `release prune` is deleting it.
        """
        header = start_of_partitions(str(self._release), self._checks.parts)
        release, where = header.release, f"release {header.release}"
        if self._has(manifest_key(release)):
            return True
        found = self._started(start_key(release))
        if found and found.digest != header.digest:
            what, hint = "it was started for other documents", "choose another ID"
            raise LostRace(what, where=where, hint=hint)
        self._put(start_key(release), header_json(header), "application/json")
        if self._has(deletion_key(release)):
            raise Unfinished("it is being deleted", where=where, hint="choose another ID")
        return False

    def _started(self, key: str) -> Header | None:
        try:
            body = self._objects.read(key)
        except Denied:
            return None
        place = f"{self._destination.bucket}/{key}"
        return parse_start(body, place) if body else None

    def _has(self, key: str) -> bool:
        """Whether an object exists; False if it may not be read."""
        try:
            return self._objects.etag(key) is not None
        except Denied:
            return False

    def _put(self, key: str, body: bytes, kind: str) -> None:
        self._objects.put(key, body, {"Content-Type": kind}, False, retries=True)

    def send(
        self, documents: Mapping[str, object] | Iterable[tuple[str, object]], workers: int
    ) -> None:
        """Check and send all documents."""
        items = self._items(documents)
        if self._is_complete:
            for item in items:
                if isinstance(item, Document):
                    del self._in_progress[item.key]
                    self._rows.add(Entry(item.key, item.md5, len(item.stored), item.md5))
                else:
                    self._refuse(item)
            return
        objects: Any = self._objects
        if self._release:
            objects = ReleaseObjects(objects, self._release)
        settings = self._checks.settings
        rate = _rate(self._destination.bucket, workers)
        uploader = Uploader(objects, settings, create_only=False, rate=rate)
        try:
            uploader.send(items, lambda item: item, self._on_outcome)
        except Unfinished as error:
            where = f"{self._name}: {error.where}" if error.where else self._name
            raise Unfinished(error.what, where=where, hint=_AGAIN) from error

    def _items(
        self, documents: Mapping[str, object] | Iterable[tuple[str, object]]
    ) -> Iterator[Document | Fault]:
        """What is to be sent: a document that is in progress already is not sent again."""
        for item in self._checks.each(documents):
            if isinstance(item, Document):
                same = self._in_progress.get(item.key)
                if same is None:
                    self._in_progress[item.key] = item
                elif same.stored == item.stored:
                    continue
                else:
                    yield _twice(item.key)
                    continue
            yield item

    def _on_outcome(self, outcome: Outcome) -> None:
        if isinstance(outcome, Fault):
            self._refuse(outcome)
        elif isinstance(outcome, Sent):
            document = self._in_progress.pop(outcome.key)
            self.sent += 1
            self._rows.add(Entry(outcome.key, outcome.etag.strip('"'), outcome.bytes, document.md5))
            self._report(outcome)

    def _refuse(self, fault: Fault) -> None:
        self.invalid += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(fault)
        for each in fault.each:
            self._report(each)

    def finish(self) -> tuple[str, int, int]:
        """Store the list of the partition; its digest, and the size and number of documents."""
        found, size, count = hashlib.sha256(), 0, 0
        with temporary_file() as file:
            for line, fields in self._each():
                found.update(b"\n" + b" ".join(fields))
                size, count = size + int(fields[2]), count + 1
                if self._release:
                    with disk_errors():
                        file.write(line + b"\n")
            digest = found.hexdigest()
            if self._release and not self.invalid:
                with disk_errors():
                    file.seek(0)
                self._store_list(digest, file)
        return digest, size, count

    def _each(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """The line of each document once, with the fields of the digest.

        A key with different documents is a fault.
        """
        before = [b""]
        for line in self._rows:
            fields = line.split(b" ")[:DIGESTED]
            if fields[0] != before[0]:
                yield line, fields
            elif fields != before:
                self._refuse(_twice(fields[0].decode()))
            before = fields

    def _store_list(self, digest: str, file: IO[bytes]) -> None:
        release = str(self._release)
        key = list_key(release, self._checks.part, self._checks.parts, digest)
        if not self._is_complete:
            try:
                self._put_list(key, file)
            except ReadModelError as error:
                raise Unfinished(str(error), where=self._name, hint=_AGAIN) from error
        elif not self._has(key):
            what = "it is complete already, with other documents"
            raise LostRace(what, where=f"release {release}", hint="choose another ID")

    def _put_list(self, key: str, file: IO[bytes]) -> None:
        """Put the list; only a large one loads boto3, which reads it as it sends it."""
        body = file.read(_IN_MEMORY)
        if len(body) < _IN_MEMORY:
            self._put(key, body, "text/plain")
            return
        with disk_errors():
            file.seek(0)
        ReleaseStore(self._destination).put_text(key, file)


def _twice(key: str) -> Fault:
    what = "the partition has this key twice, with different documents"
    return Fault(key, what, "publish one document for each key")
