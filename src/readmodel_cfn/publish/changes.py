"""The changes to publish: the documents to send and the keys to delete, before anything is done."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from reprlib import repr as shortened
from typing import Any
from zlib import ZLIB_RUNTIME_VERSION as ZLIB_VERSION

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.progress import Note, OnProgress, Step
from readmodel_cfn.publish.compare import (
    ENCRYPTED,
    NO_HEAD,
    NO_LIST,
    Checked,
    Difference,
    Known,
    Sample,
    headers_since,
    listing,
)
from readmodel_cfn.publish.destination import Destination, DestinationOrLookup, resolve
from readmodel_cfn.publish.documents import (
    Document,
    Encode,
    Settings,
    body_fault,
    encode,
    key_fault,
    refuse,
)
from readmodel_cfn.publish.file_index import FileIndex
from readmodel_cfn.publish.files import File, PassedOver, check_each, files, load, require_existing
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.ranges import Ranges
from readmodel_cfn.publish.results import Fault, InvalidDocuments, PublishPlan
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import Selection
from readmodel_cfn.publish.spool import Spool
from readmodel_cfn.publish.version_fields import Versions


@dataclass(frozen=True)
class Options:
    """The options of `publish`, which documents them."""

    settings: Settings
    selection: Selection
    schemas: Schemas
    prefix: str
    force: bool
    create_only: bool
    skip_invalid: bool
    delete_missing: bool
    on_progress: OnProgress
    versions: Versions = field(default_factory=Versions)

    @property
    def compares(self) -> bool:
        """Whether the bucket is listed, so that unchanged documents are skipped.

        Documents with a version are compared one by one when they are sent: a listing has no
        versions.
        """
        return not (self.force or self.create_only or self.versions.of_every_document)

    def report_fault(self, fault: Fault) -> None:
        """Report each fault of a document."""
        for each in fault.each:
            self.on_progress(each)

    def reason_to_send_all(self, destination: Destination) -> str | None:
        """Why nothing can be compared, if that is known before the bucket is listed."""
        if self.settings.encrypted:
            return ENCRYPTED
        if not destination.allows("list"):
            return NO_LIST
        return None if destination.allows("compare") else NO_HEAD


class FileChanges:
    """The changes of files, all of which are checked first.

    If the destination is known, the bucket is listed while they are checked.

    Raises:
        ConfigError: there is no file, or a path does not exist.
        InvalidDocuments: a file is invalid and `skip_invalid` was not set.
        Denied: the bucket must not be listed, which `delete_missing` requires.
    """

    def __init__(
        self, paths: Sequence[Path], options: Options, destination: DestinationOrLookup
    ) -> None:
        self._options = options
        self.reason: str | None = None
        self.invalid = self.passed_over = 0
        self._difference = Difference()
        self._versioned = Spool()
        self._ranges: Ranges | None = None
        try:
            with closing(Spool()) as checked:
                options.on_progress(Step("Checking the documents"))
                if isinstance(destination, Destination):
                    self._open(destination)
                self._check(paths, checked)
                if self._ranges is None:
                    self._open(resolve(destination))
                    for row in _rows(checked):
                        self._add(row)
                self._compare(checked)
        except BaseException:
            self.close()
            raise

    def _open(self, destination: Destination) -> None:
        """Find out whether the bucket is to be listed."""
        options = self._options
        self.destination, self.objects = destination, Objects(destination)
        self.reason = options.reason_to_send_all(destination) if options.compares else None
        deletes = options.selection.publishes if options.delete_missing else None
        self._compares = options.compares and not self.reason
        self._ranges = Ranges(
            self.objects,
            options.selection.prefixes,
            lambda rows, listed: self._difference.find(rows, listed, deletes),
            all_keys=options.delete_missing,
        )

    def _add(self, row: Checked) -> None:
        if self._ranges and (self._compares or self._options.delete_missing):
            self._ranges.add(row)

    def _check(self, paths: Sequence[Path], checked: Spool) -> None:
        options = self._options
        first: Fault | None = None
        require_existing(paths)
        found = files(paths, options.selection)
        with closing(self._index(paths)) as index:
            for file in check_each(found, options.selection, index.look):
                if isinstance(file, PassedOver):
                    self.passed_over += 1
                elif isinstance(file, Fault):
                    self.invalid += 1
                    first = first or file
                    options.report_fault(file)
                elif options.versions and options.versions.has(file.key):
                    self._versioned.add(*file)
                else:
                    checked.add(*file)
                    if not first or options.skip_invalid:
                        self._add(file)
            index.save()
        if not checked and not self._versioned and not self.invalid:
            passed_over = f"; passed over: {self.passed_over:,}" if self.passed_over else ""
            hint = "publish a folder of .json files"
            where = ", ".join(map(str, paths))
            raise ConfigError(f"no document{passed_over}", where=where, hint=hint)
        if first and not options.skip_invalid:
            hint = f"{first.hint}, or skip invalid documents (skip_invalid)"
            raise InvalidDocuments(first, self.invalid, hint)

    def _index(self, paths: Sequence[Path]) -> FileIndex:
        """The index of the files.

        It records nothing of files that have a JSON Schema or a version, which are always read.
        """
        settings, schemas = self._options.settings, self._options.schemas
        versions = self._options.versions
        used = not self._options.force and not schemas and not versions
        described = (str(Path.cwd()), [str(path) for path in paths], settings.gzip, ZLIB_VERSION)
        return FileIndex(
            described if used else None,
            lambda file: load(file, settings.stored, schemas=schemas, versions=versions),
        )

    def _compare(self, checked: Spool) -> None:
        options, destination = self._options, self.destination
        _require(options, destination)
        options.on_progress(Step(f"Comparing the documents with {destination.bucket}"))
        try:
            if checked and (self._compares or options.delete_missing):
                self.reason = self._find(checked) or self.reason
            else:
                self._difference.send_all(_rows(checked))
        except Denied:
            if options.delete_missing:
                raise
            self._difference.clear()
            self._difference.send_all(_rows(checked))
            self.reason = NO_LIST
        if self.reason:
            options.on_progress(Note(self.reason))

    def _find(self, checked: Spool) -> str | None:
        options, difference = self._options, self._difference
        assert self._ranges  # noqa: S101 - it is opened before
        self._ranges.finish()
        if difference.missing:  # obstore's listing does not distinguish /a from a
            difference.clear()
            listed = listing(self.objects, options.selection.prefixes, exactly=True)
            difference.find(_rows(checked), listed, options.selection.publishes)
        if self._compares:
            return difference.compare_headers(self.objects, options.settings.attributes)
        difference.send_all(_rows(checked))
        return None

    @property
    def total(self) -> int:
        """The number of items."""
        return len(self._versioned) + len(self._difference.send)

    @property
    def unchanged(self) -> int:
        """The number of documents that are not sent."""
        return self._difference.unchanged

    @property
    def missing(self) -> "_Missing":
        """The keys to delete, each with its listed ETag."""
        return _Missing(self._difference.missing)

    @property
    def stored(self) -> int:
        """The number of documents that the bucket has."""
        return self._difference.found + len(self._difference.missing)

    def items(self) -> Iterator[Any]:
        """The files to send, as Checked."""
        return chain(_rows(self._versioned), _rows(self._difference.send))

    def load(self, item: Any) -> Document | Fault:
        """Read a file again; it is checked again if it has changed."""
        options = self._options
        file = File(item.key, item.source)
        return load(file, options.settings.stored, item.md5, options.schemas, options.versions)

    def plan(self) -> PublishPlan:
        """The changes as a value."""
        send = tuple(item.key for item in self.items())
        delete = tuple(key for key, _ in self.missing)
        return PublishPlan(send, self.unchanged, delete, self.invalid, self.passed_over)

    def close(self) -> None:
        """Delete the temporary files."""
        if self._ranges:
            self._ranges.stop()
        self._difference.close()
        self._versioned.close()


def _rows(spool: Spool) -> Iterator[Checked]:
    return map(Checked._make, spool)


class _Missing:
    """The keys and ETags in a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def __len__(self) -> int:
        return len(self._spool)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((key, etag) for key, etag in self._spool)


class ValueChanges:
    """The changes of values, which are read, encoded and checked one by one as they are sent.

    The bucket is listed first; memory holds the ETags of its objects.

    Raises:
        Denied: listing the bucket is not allowed, which `delete_missing` requires.
    """

    total = None  # they are not counted before they are sent

    def __init__(
        self,
        documents: Mapping[str, object] | Iterable[tuple[str, object]],
        options: Options,
        destination: DestinationOrLookup,
        encode_value: Encode,
    ) -> None:
        self._documents, self._options, self._encode = documents, options, encode_value
        self.unchanged = self.invalid = self.passed_over = 0
        self._known, self.missing = Known(), list[tuple[str, str]]()
        self.stored = 0
        if options.delete_missing:
            self._check_complete()
        if (options.schemas or options.versions) and not options.skip_invalid:
            self._check_all()
        self.destination = resolve(destination)
        self.objects = Objects(self.destination)
        _require(options, self.destination)
        reason = options.reason_to_send_all(self.destination)
        self.reason = reason if options.compares else None
        self._compare()
        if self.reason:
            options.on_progress(Note(self.reason))

    def _check_complete(self) -> None:
        """Check that the documents are complete, so that all others may be deleted."""
        where, selection = "delete_missing", self._options.selection
        if not isinstance(self._documents, Mapping):
            hint = "pass a dict, or paths"
            raise ConfigError("an iterable of pairs may be incomplete", where=where, hint=hint)
        if not any(selection.publishes(key) for key in self._documents):
            hint = "pass the documents to keep"
            raise ConfigError("there is no document", where=where, hint=hint)

    def _check_all(self) -> None:
        """Check the documents if they can be read twice, for routes with a schema or a version.

        Raises:
            InvalidDocuments: some are invalid.
        """
        if not isinstance(self._documents, Mapping | list | tuple):
            return
        self._options.on_progress(Step("Checking the documents"))
        first, count = None, 0
        for fault in self._each():
            if isinstance(fault, Fault):
                first, count = first or fault, count + 1
                self._options.report_fault(fault)
        self.passed_over = 0  # they are counted when they are read again
        if first:
            hint = f"{first.hint}, or skip invalid documents (skip_invalid)"
            raise InvalidDocuments(first, count, hint)

    def _compare(self) -> None:
        options = self._options
        compares = options.compares and not self.reason
        if not compares and not options.delete_missing:
            return
        options.on_progress(Step(f"Listing {self.destination.bucket}"))
        sample = Sample()
        try:
            for found in self._listed():
                if compares:
                    self._known.add(found)
                    sample.add(found)
                if options.delete_missing:
                    self._add_missing(found)
        except Denied:
            if options.delete_missing:
                raise
            self._known, self.reason = Known(), NO_LIST
            return
        if compares:
            headers = options.settings.attributes
            self._known.since, self.reason = headers_since(self.objects, sample, headers)
        else:
            self._known.since = math.inf

    def _add_missing(self, found: Listed) -> None:
        assert isinstance(self._documents, Mapping)  # noqa: S101 - checked before
        if self._options.selection.publishes(found.key):
            self.stored += 1
            if found.key not in self._documents:
                self.missing.append((found.key, found.etag))

    def _listed(self) -> Iterable[Any]:
        options = self._options
        exactly = options.delete_missing
        if options.prefix:
            return self.objects.listed(options.prefix, exactly=exactly)
        return listing(self.objects, options.selection.prefixes, exactly=exactly)

    def items(self) -> Iterator[Any]:
        """The documents that have changed, and the faults of those that are skipped."""
        for document in self._each():
            if isinstance(document, Fault) and not self._options.skip_invalid:
                refuse(document)
            if isinstance(document, Document):
                if document.version is None and self._known.has(document):
                    self.unchanged += 1
                    continue
                self._known.forget(document.key)  # a later pair with this key is sent, too
            yield document

    def _each(self) -> Iterator[Document | Fault]:
        """Each document that is not passed over, or its fault."""
        documents = self._documents
        pairs = documents.items() if isinstance(documents, Mapping) else documents
        for key, value in map(key_and_value, pairs):
            if not isinstance(key, str):
                raise TypeError(f"keys are text: {key!r}")
            if self._options.selection.passes_over(key):
                self.passed_over += 1
                continue
            yield self._checked(key, value)

    def _checked(self, key: str, value: object) -> Document | Fault:
        body = encode(value, key, self._encode)
        if isinstance(body, Fault):
            return body
        options = self._options
        document = Document(key, options.settings.stored(body), key)
        fault = key_fault(key, key, options.selection.serves)
        check = None if fault else options.schemas.check(key)
        fault = fault or body_fault(body, document.stored, key, check)
        versions, store = options.versions, options.settings.stored
        return fault or (versions.add(document, body, store) if versions else document)

    def load(self, item: Any) -> Document | Fault:
        """The item itself, which is already a document or a fault."""
        loaded: Document | Fault = item
        return loaded

    def plan(self) -> PublishPlan:
        """The changes as a value; encodes and checks all documents."""
        send, invalid = [], 0
        for item in self.items():
            if isinstance(item, Fault):
                invalid += 1
                self._options.report_fault(item)
            else:
                send.append(item.key)
        delete = tuple(key for key, _ in self.missing)
        return PublishPlan(tuple(send), self.unchanged, delete, invalid, self.passed_over)

    def close(self) -> None:
        """There are no temporary files."""


def key_and_value(pair: Any) -> tuple[Any, object]:
    """The parts of a pair.

    Raises:
        TypeError: it is not one.
    """
    if isinstance(pair, str):
        raise TypeError(f"paths and (key, value) pairs cannot be mixed: {pair!r}")
    try:
        key, value = pair
    except (TypeError, ValueError):
        raise TypeError(f"not a (key, value) pair: {shortened(pair)}") from None
    return key, value


def _require(options: Options, destination: Destination) -> None:
    if options.delete_missing:
        destination.require("--delete-missing", "list", "compare", "delete")
    if options.versions and not options.create_only:
        destination.require("version", "compare")


Changes = FileChanges | ValueChanges
