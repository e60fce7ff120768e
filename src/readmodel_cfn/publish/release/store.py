"""The objects of releases in a bucket: manifests, starts and the pointer."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import IO, Any

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_denied,
    is_refusal,
    readable_error,
    readable_errors,
    readable_responses,
)
from readmodel_cfn.errors import LostRace, ReadModelError
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.integrity import unfinished_if_lost
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.put import put_if
from readmodel_cfn.publish.release import manifest
from readmodel_cfn.publish.release.manifest import Entry, Header, Manifest
from readmodel_cfn.publish.release.multipart import is_large, put_in_parts
from readmodel_cfn.publish.release.names import (
    Kind,
    deletion_key,
    manifest_key,
    parse_key,
    parts_prefix,
    prefix_of,
    release_of_parts,
    start_key,
)
from readmodel_cfn.publish.spool import close, disk_errors, temporary_file
from readmodel_cfn.template.releases import POINTER, PREFIX

_MISSING = {"NoSuchKey", "404", "NoSuchVersion"}
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload", *_MISSING}
_JSON = "application/json"
_HEADER_BYTES = 2047  # no header is longer


class NoSuchObject(ReadModelError):
    """An object does not exist."""


@dataclass(frozen=True)
class Pointer:
    """Which release is live, and which was live before it; `etag` is that of the pointer object."""

    release: str
    previous: str | None
    activated: str
    documents: int
    etag: str = ""

    @property
    def time(self) -> datetime:
        """When it was activated."""
        return datetime.fromisoformat(self.activated)

    def as_json(self) -> bytes:
        """The content of the pointer object."""
        found = asdict(self)
        del found["etag"]
        return json.dumps(found).encode()


@dataclass(frozen=True)
class Object:
    """An object of a listing."""

    etag: str
    modified: datetime


@dataclass(frozen=True)
class Names:
    """The releases in a bucket, by ID: their manifests, starts and deletions.

    `prefixes` are those that have documents, or lists of partitions.
    """

    manifests: dict[str, Object] = field(default_factory=dict)
    starts: dict[str, Object] = field(default_factory=dict)
    deletions: dict[str, Object] = field(default_factory=dict)
    prefixes: frozenset[str] = frozenset()

    @property
    def complete(self) -> list[str]:
        """The releases with a manifest, newest first, without those that are being deleted."""
        kept = self.manifests.keys() - self.deletions.keys()
        return _newest_first({release: self.manifests[release] for release in kept})

    @property
    def started(self) -> list[str]:
        """The releases without a manifest that were started, newest first."""
        missing = self.starts.keys() - self.manifests.keys() - self.deletions.keys()
        return _newest_first({release: self.starts[release] for release in missing})

    def has(self, key: str) -> bool:
        """Whether an object is one of a release: each is started with an object, which stays."""
        known = self.starts.keys() | self.deletions.keys()
        if key == POINTER:
            return bool(known)
        release, is_document, _ = key.removeprefix(PREFIX).partition("/")
        if is_document:
            return (release_of_parts(release) or release) in known
        parsed = parse_key(key)
        return parsed is not None and parsed[0] in known

    @property
    def every(self) -> frozenset[str]:
        """All IDs."""
        return self.prefixes.union(self.manifests, self.starts, self.deletions)


def _newest_first(found: dict[str, Object]) -> list[str]:
    """By time, and by ID where two have the same: S3's times are whole seconds."""
    return sorted(found, key=lambda release: (found[release].modified, release), reverse=True)


class ReleaseStore:
    """The releases of one bucket.

    Raises:
        Denied: a call is not allowed.
        ReadModelError: S3 refuses a call.
    """

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.bucket = destination.bucket

    @cached_property
    def s3(self) -> Any:
        """The client of S3."""
        return self.destination.connection.client("s3")

    def names(self) -> Names:
        """What the bucket has below `releases/`, without the documents."""
        found: dict[Kind, dict[str, Object]] = {"manifest": {}, "start": {}, "deletion": {}}
        prefixes: set[str] = set()
        pages = self.s3.get_paginator("list_objects_v2")
        with _errors("ListObjectsV2"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=PREFIX, Delimiter="/"):
                prefixes |= {each["Prefix"] for each in page.get("CommonPrefixes", [])}
                for entry in page.get("Contents", []):
                    if parsed := parse_key(entry["Key"]):
                        release, kind = parsed
                        found[kind][release] = Object(entry["ETag"], entry["LastModified"])
        directories = (prefix[len(PREFIX) : -1] for prefix in prefixes)
        ids = frozenset(release_of_parts(name) or name for name in directories)
        return Names(found["manifest"], found["start"], found["deletion"], ids)

    def pointer(self) -> Pointer | None:
        """The pointer; None if no release was ever live."""
        found = self._get(POINTER)
        if found is None:
            return None
        with readable_errors():
            body = found["Body"].read()
        try:
            fields = json.loads(body)
            names = ("release", "previous", "activated", "documents")
            pointer = Pointer(**{name: fields[name] for name in names}, etag=found["ETag"])
            datetime.fromisoformat(pointer.activated)
        except (ValueError, KeyError, TypeError) as error:
            what, hint = "not the pointer to a release", "delete it, and activate a release"
            raise ReadModelError(what, where=f"{self.bucket}/{POINTER}", hint=hint) from error
        return pointer

    def put_pointer(self, pointer: Pointer, before: Pointer | None) -> Pointer:
        """Replace the pointer, if it is still the one before.

        Raises:
            LostRace: another release was activated meanwhile.
            Unfinished: there was no response; it may be replaced.
        """
        etag = before.etag if before else None
        with readable_errors():
            try:
                put = put_if(self.s3, self.bucket, POINTER, pointer.as_json(), if_match=etag)
            except LostRace as error:
                what = "another release was activated meanwhile"
                raise LostRace(what, where=f"{self.bucket}/{POINTER}") from error
        return replace(pointer, etag=put.etag)

    def header(self, release: str) -> Header | None:
        """The header of a release's manifest; None if there is none."""
        key = manifest_key(release)
        found = self._get(key, Range=f"bytes=0-{_HEADER_BYTES}")
        if found is None:
            return None
        with _errors("GetObject"):
            return manifest.parse_header(found["Body"].readline(), f"{self.bucket}/{key}")

    def manifest(self, release: str) -> Manifest | None:
        """A release's manifest, which the caller closes; None if there is none."""
        key = manifest_key(release)
        found = self._get(key)
        if found is None:
            return None
        file = temporary_file()
        try:
            with _errors("GetObject"):
                for chunk in found["Body"].iter_chunks(1 << 20):
                    with disk_errors():
                        file.write(chunk)
            with disk_errors():
                file.flush()
            return Manifest(file, f"{self.bucket}/{key}")
        except BaseException:
            close(file)
            raise

    def is_usable(self, release: str) -> bool:
        """Whether a release is complete, and is not being deleted."""
        return self._exists(manifest_key(release)) and not self.is_deleted(release)

    def is_deleted(self, release: str) -> bool:
        """Whether a release is being deleted; False if that cannot be read.

        Without s3:ListBucket S3 responds with 403 where there is no object.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        """
        try:
            return self._exists(deletion_key(release))
        except Denied:
            return False

    def put_manifest(self, header: Header, entries: Iterable[Entry]) -> None:
        """Write a release's manifest, with which it is complete.

        Raises:
            LostRace: it exists already, for other documents.
        """
        file = temporary_file()
        try:
            with disk_errors():
                manifest.write(header, entries, file)
            self._create(manifest_key(header.release), file, header)
        finally:
            close(file)

    def start(self, header: Header) -> None:
        """Write the object that a release is started with.

        Raises:
            LostRace: another process has started the release, for other documents.
        """
        self._create(start_key(header.release), manifest.header_json(header), header)

    def started(self, release: str) -> Header | None:
        """What a release was started with; None if it was not."""
        key = start_key(release)
        found = self._get(key)
        if found is None:
            return None
        with _errors("GetObject"):
            body = found["Body"].read()
        return manifest.parse_start(body, f"{self.bucket}/{key}")

    def start_again(self, header: Header) -> bool:
        """Write the start with a new time, which `prune` sees; False if it is being deleted."""
        with _errors("PutObject"):
            self._put(start_key(header.release), manifest.header_json(header))
        return not self.is_deleted(header.release)

    def start_etag(self, release: str) -> str | None:
        """The ETag of a release's start; None if there is none."""
        return self._etag(start_key(release))

    def begin_deletion(self, release: str) -> None:
        """Write the object after which a release cannot be activated or continued."""
        with _errors("PutObject"):
            self._put(deletion_key(release), b"{}")

    def documents(self, release: str) -> Iterator[tuple[str, datetime]]:
        """The keys of all objects below a release's prefix, and when they were written."""
        yield from self._listed(prefix_of(release))

    def part_lists(self, release: str) -> Iterator[str]:
        """The keys of the lists of a release's partitions."""
        return (key for key, _ in self._listed(parts_prefix(release)))

    def _listed(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        pages = self.s3.get_paginator("list_objects_v2")
        with _errors("ListObjectsV2"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for entry in page.get("Contents", []):
                    yield entry["Key"], entry["LastModified"]

    def put_text(self, key: str, file: IO[bytes]) -> None:
        """Put a text file."""
        with _errors("PutObject"):
            self._put(key, file, "text/plain")

    def chunks(self, key: str) -> Iterator[bytes]:
        """The content of an object.

        Raises:
            NoSuchObject: there is none.
        """
        found = self._get(key)
        if found is None:
            raise NoSuchObject("it does not exist", where=f"{self.bucket}/{key}")
        with _errors("GetObject"):
            yield from found["Body"].iter_chunks(1 << 20)

    def delete(self, key: str) -> None:
        """Delete an object."""
        with _errors("DeleteObject"):
            self.s3.delete_object(Bucket=self.bucket, Key=key)

    def delete_many(self, keys: list[str]) -> None:
        """Delete objects, at most 1000."""
        objects = [{"Key": key} for key in keys]
        with _errors("DeleteObjects"):
            done = self.s3.delete_objects(
                Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True}
            )
        for failed in done.get("Errors", []):
            what = f"{failed.get('Code')}: {failed.get('Key')}: {failed.get('Message')}"
            raise ReadModelError(what, where="AWS DeleteObjects", hint="run it again")

    def _create(self, key: str, body: Any, header: Header) -> None:
        """Put an object that must be new, unless it is there for the same documents.

        It may be there after a lost response, or from another process that builds the same set.
        """
        try:
            with unfinished_if_lost(f"{self.bucket}/{key}"), readable_responses("put_object"):
                self._put(key, body, IfNoneMatch="*")
        except aws_errors() as error:
            if not _is_lost(error):
                raise _readable(error) from error
            if not self._is_same(key, header):
                what = "the release exists already, with other documents"
                hint = "choose another ID, or publish without one"
                raise LostRace(what, where=f"{self.bucket}/{key}", hint=hint) from error

    def _put(self, key: str, body: Any, kind: str = _JSON, **condition: str) -> None:
        place = {"Bucket": self.bucket, "Key": key}
        if is_large(body):
            put_in_parts(self.s3, place, body, kind, **condition)
        else:
            self.s3.put_object(**place, Body=body, ContentType=kind, **condition)

    def _is_same(self, key: str, header: Header) -> bool:
        find = self.header if key == manifest_key(header.release) else self.started
        try:
            found = find(header.release)
        except Denied:  # whoever must not read it cannot know
            return False
        return found is not None and found.digest == header.digest

    def _get(self, key: str, **options: str) -> Any:
        try:
            with readable_responses("get_object"):
                return self.s3.get_object(Bucket=self.bucket, Key=key, **options)
        except aws_errors() as error:
            if _is_missing(error):
                return None
            raise _readable(error) from error

    def _exists(self, key: str) -> bool:
        return self._etag(key) is not None

    def _etag(self, key: str) -> str | None:
        try:
            with readable_responses("head_object"):
                etag: str = self.s3.head_object(Bucket=self.bucket, Key=key)["ETag"]
        except aws_errors() as error:
            if _is_missing(error):
                return None
            raise _readable(error) from error
        return etag


@contextmanager
def _errors(operation: str) -> Iterator[None]:
    """Turn botocore's exceptions into this package's errors."""
    try:
        with readable_responses(operation):
            yield
    except aws_errors() as error:
        raise _readable(error) from error


def _readable(error: Exception) -> Exception:
    """The error of this package: Denied if access is denied."""
    found = readable_error(error)
    if found is None:
        return error
    # The response to a HEAD has no body, so no code.
    is_403 = is_refusal(error) and error_code(error) == "403"
    if is_403 or is_denied(error):
        return Denied(found.what, where=found.where, hint=found.hint)
    return found


def _is_missing(error: Exception) -> bool:
    return is_refusal(error) and error_code(error) in _MISSING


def _is_lost(error: Exception) -> bool:
    """Whether a condition of the request is not met."""
    return is_refusal(error) and error_code(error) in _LOST
