"""The versions of a document, and restoring one of them.

A version is restored by copying it, and nothing is ever deleted, so a restoration can be undone in
the same way
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_refusal,
    readable_errors,
    readable_responses,
    was_retried,
)
from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError
from readmodel_cfn.plural import counted
from readmodel_cfn.printable import printable
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.destination import ACCESS_DENIED, DestinationOrLookup, resolve
from readmodel_cfn.publish.results import flat
from readmodel_cfn.target import Target

# The ID of a version that was written while the bucket kept no versions:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
NULL_ID = "null"
# The codes of a conditional write if its condition is false or another write is in progress. If the
# key was deleted, the code for If-Match is NoSuchKey.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}


def check_utf8(key: str) -> None:
    """Check that S3 can have the key, or keys that begin with it.

    Raises:
        ConfigError: it has half a surrogate pair, as an argument that is not UTF-8.
    """
    try:
        key.encode()
    except UnicodeEncodeError as error:
        raise ConfigError("the key is not UTF-8", where=key, hint="keys in S3 are UTF-8") from error


class ServingRoute(Protocol):
    """The part of a route that is used here."""

    @property
    def path(self) -> str:
        """Path of the URL, such as products/{id}."""

    @property
    def key(self) -> str:
        """The key, such as products/{id}.json."""

    def match_key(self, key: str) -> bool:
        """Whether the route serves the key."""


@dataclass(frozen=True)
class Version:
    """A version of a document, or its deletion (S3's delete marker), which has no size or ETag.

    `size` is in bytes as stored, `time` in UTC; the ETag has its quotes.
    """

    id: str
    time: datetime
    size: int | None
    etag: str | None
    current: bool

    @property
    def deletion(self) -> bool:
        """Whether it is a delete marker."""
        return self.etag is None

    def as_dict(self) -> dict[str, Any]:
        """The fields, with `deletion`; the time in ISO 8601."""
        return {**asdict(self), "time": self.time.isoformat(), "deletion": self.deletion}

    def __str__(self) -> str:
        what = "deleted" if self.size is None else counted(self.size, "byte")
        return f"{self.id}, {_time(self)}, {what}{', current' if self.current else ''}"


@dataclass(frozen=True)
class Restored:
    """A restored document: `version` is the ID of the copy of the version `restored`.

    Both are equal if that was already the current version, so nothing was written. `version` is
    None if the bucket no longer keeps versions. `target` is the account, region and stack.
    """

    bucket: str
    key: str
    restored: str
    version: str | None
    etag: str | None
    target: Target = field(default_factory=Target)

    @property
    def unchanged(self) -> bool:
        """Whether it was already the current version."""
        return self.version == self.restored

    def as_dict(self) -> dict[str, Any]:
        """The fields, with those of `target`."""
        return flat(self)

    def __str__(self) -> str:
        what = "was current already" if self.unchanged else "is current again"
        return printable(f"{self.bucket}/{self.key}: version {self.restored} {what}")


@readable_errors()
def history(
    key: str,
    destination: DestinationOrLookup,
    *,
    routes: Sequence[ServingRoute] | None = None,
    on_progress: OnProgress = ignore,
) -> list[Version]:
    """The versions and deletions of a key, newest first.

    S3 lists versions and deletions separately, each newest first, with times in whole seconds. Of
    two in the same second, the current one is first.

    Raises:
        ConfigError: no route serves the key.
        ReadModelError: the key has no versions, or s3:ListBucketVersions is not granted.
    """
    _check_served(key, routes)
    found = resolve(destination)
    versions = _existing_versions(found.connection.client("s3"), found.bucket, key, on_progress)
    _note_unversioned(found.bucket, versions, on_progress)
    return versions


@readable_errors()
def restore(
    key: str,
    version: str,
    destination: DestinationOrLookup,
    *,
    routes: Sequence[ServingRoute] | None = None,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> Restored:
    """Make a version the current one again, with its headers.

    S3 writes it only if the current version has not changed since it was listed. It compares ETags,
    so a newer write of the same content counts as the same.

    Args:
        key: Key of the document, which a route must serve.
        version: ID of the version. If it is the current one, nothing is written.
        destination: The bucket, or a function that looks it up.
        routes: The routes. Without routes every key is allowed.
        confirm: Called before it is written (kind "restore").
        on_progress: Called with steps and notes.

    Raises:
        ConfigError: no route serves the key, or it has no such version.
        LostRace: the key was published, restored or deleted meanwhile; nothing was changed.
        ConsentRequired: `confirm` returned False.
        ReadModelError: the key has no versions, or a permission is not granted.
    """
    _check_served(key, routes)
    found = resolve(destination)
    s3, bucket = found.connection.client("s3"), found.bucket
    versions = _existing_versions(s3, bucket, key, on_progress)
    chosen, current = _find(versions, version, key), versions[0]
    if chosen == current:
        return Restored(bucket, key, chosen.id, chosen.id, chosen.etag, found.target)
    _note_unversioned(bucket, [current], on_progress)
    question = f"{_question(key, chosen, current)}, in {found}"
    require_consent(Consent("restore", bucket, question, target=found.target), confirm)
    on_progress(Step(f"Restoring {key}"))
    return replace(_copy(s3, bucket, key, chosen, current), target=found.target)


def _check_served(key: str, routes: Sequence[ServingRoute] | None) -> None:
    if routes is not None and not any(route.match_key(key) for route in routes):
        served = ", ".join(f"{route.key} ({route.path})" for route in routes)
        raise ConfigError(f"no route serves {key!r}", where="KEY", hint=f"served: {served}")


def _existing_versions(s3: Any, bucket: str, key: str, on_progress: OnProgress) -> list[Version]:
    on_progress(Step(f"Listing the versions of {key}"))
    versions = _sorted_versions(s3, bucket, key)
    if not versions:
        hint = "publish it first, or check the key"
        raise ReadModelError("it has no versions", where=f"{bucket}/{key}", hint=hint)
    return versions


def _sorted_versions(s3: Any, bucket: str, key: str) -> list[Version]:
    with permitted(bucket, "s3:ListBucketVersions"), readable_responses("list_object_versions"):
        versions = list(versions_of(s3, bucket, key))
    return sorted(versions, key=lambda version: (version.current, version.time), reverse=True)


def versions_of(s3: Any, bucket: str, key: str) -> Iterator[Version]:
    """All versions of a key. S3 lists them before longer keys, so later pages are not read."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
    for page in pages:
        page["IsTruncated"]  # KeyError if the response is not from S3
        stored, deletions = page.get("Versions", []), page.get("DeleteMarkers", [])
        entries = [*stored, *deletions]
        yield from (_version(each, each["ETag"]) for each in stored if each["Key"] == key)
        yield from (_version(each, None) for each in deletions if each["Key"] == key)
        if any(entry["Key"] != key for entry in entries):
            return


def _version(entry: Mapping[str, Any], etag: str | None) -> Version:
    time, size = entry["LastModified"].astimezone(UTC), entry.get("Size")
    return Version(entry["VersionId"], time, size, etag, entry["IsLatest"])


def _find(versions: Sequence[Version], version_id: str, key: str) -> Version:
    """The version with this ID, unless it is a deletion."""
    found = next((version for version in versions if version.id == version_id), None)
    if found is None:
        hint = f"choose one that is listed by: readmodel-cfn history {key}"
        raise ConfigError(f"it has no version {version_id!r}", where=key, hint=hint)
    if found.deletion:
        what = f"version {version_id} is a deletion, which has no content"
        hint = "choose the version before it, or delete the key with: aws s3api delete-object"
        raise ConfigError(what, where=key, hint=hint)
    return found


def _note_unversioned(bucket: str, versions: Sequence[Version], on_progress: OnProgress) -> None:
    if any(version.id == NULL_ID for version in versions):
        text = (
            f"Version {NULL_ID} was written while {bucket} kept no versions: the next write "
            "replaces it, unless versioning has been enabled since."
        )
        on_progress(Note(text))


def _question(key: str, chosen: Version, current: Version) -> str:
    replaced = "its deletion" if current.deletion else f"version {current.id}"
    what = f"version {chosen.id} of {_time(chosen)}, {chosen.size:,} bytes"
    return f"restore {printable(key)} to {what}, replacing {replaced} of {_time(current)}"


def _time(version: Version) -> str:
    return f"{version.time:%Y-%m-%d %H:%M:%S}Z"


def _copy(s3: Any, bucket: str, key: str, chosen: Version, current: Version) -> Restored:
    try:
        return _copy_once(s3, bucket, key, chosen, current)
    except LostRace as lost:
        # If the first response was lost, the retry finds the copy that the first one wrote.
        now = _sorted_versions(s3, bucket, key)[0] if was_retried(lost.__cause__) else current
        if now.id == current.id or now.etag != chosen.etag:
            raise
        return Restored(bucket, key, chosen.id, now.id, now.etag)


def _copy_once(s3: Any, bucket: str, key: str, chosen: Version, current: Version) -> Restored:
    condition = {"IfNoneMatch": "*"} if current.deletion else {"IfMatch": current.etag}
    actions = "s3:GetObjectVersion, s3:GetObject and s3:PutObject"
    with permitted(bucket, actions), _conflicts(key), readable_responses("copy_object"):
        response = s3.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": key, "VersionId": chosen.id},
            MetadataDirective="COPY",
            **condition,
        )
        etag = response["CopyObjectResult"]["ETag"]
    return Restored(bucket, key, chosen.id, response.get("VersionId"), etag)


@contextmanager
def _conflicts(key: str) -> Iterator[None]:
    what = "it was published, restored or deleted meanwhile"
    hint = f"list the versions again: readmodel-cfn history {key}"
    with _refusals(_LOST, LostRace(what, where=key, hint=hint)):
        yield


@contextmanager
def permitted(bucket: str, actions: str) -> Iterator[None]:
    """Name the required permissions if S3 denies access: its own message often does not."""
    hint = f"ask for {actions}, or choose another profile with --profile"
    with _refusals({"AccessDenied"}, ReadModelError(ACCESS_DENIED, where=bucket, hint=hint)):
        yield


@contextmanager
def _refusals(codes: set[str], replacement: ReadModelError) -> Iterator[None]:
    """Raise the replacement if S3 refuses with one of these codes."""
    try:
        yield
    except aws_errors() as error:
        if is_refusal(error) and error_code(error) in codes:
            raise replacement from error
        raise
