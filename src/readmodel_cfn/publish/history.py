"""History: the versions of one key, and an old one made the current one again.

A version is restored by writing it anew, and nothing is ever deleted, so a restoration can be
restored from as well (https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_refusal,
    readable_answers,
    was_retried,
)
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError

# The id of what was written while the bucket kept no versions:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
UNKEPT = "null"
# What S3 says where the condition of a write does not hold, or another write is under way; of a
# key that was deleted since, If-Match has it say NoSuchKey.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}
_LOOK = "look again: readmodel-cfn history"


@dataclass(frozen=True)
class Version:
    """A version of a key, or a deletion of it (S3's delete marker), which has no size or ETag.

    `size` is in bytes as kept, `time` in UTC; the ETag has its quotes.
    """

    id: str
    time: datetime
    size: int | None
    etag: str | None
    current: bool

    @property
    def deletion(self) -> bool:
        """Does it say that the key was deleted?"""
        return self.etag is None


@dataclass(frozen=True)
class Restored:
    """What is current now: `version` is the id of the copy of the version `restored`.

    They are the same where that was the current one, so that nothing was written; `version` is
    None in a bucket that keeps no versions any more.
    """

    bucket: str
    key: str
    restored: str
    version: str | None
    etag: str | None


def history(s3: Any, bucket: str, key: str) -> list[Version]:
    """The versions and deletions of exactly this key, newest first; none where there is no such.

    S3 lists versions apart from deletions, each newest first, with times in whole seconds: of two
    that are of the same second, the current one comes first, then what is no deletion.

    Raises:
        ReadModelError: s3:ListBucketVersions is not granted.
    """
    with _permitted(bucket, "s3:ListBucketVersions"), readable_answers("list_object_versions"):
        found = list(_versions(s3, bucket, key))
    return sorted(found, key=lambda one: (one.current, one.time), reverse=True)


def _versions(s3: Any, bucket: str, key: str) -> Iterator[Version]:
    """All of a key, which is the first of those that begin with it; the others are not read."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
    for page in pages:
        page["IsTruncated"]  # an answer without it is not S3's
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        yield from (_version(one) for one in entries if one["Key"] == key)
        if any(one["Key"] != key for one in entries):
            return


def _version(entry: Mapping[str, Any]) -> Version:
    time, size, etag = entry["LastModified"].astimezone(UTC), entry.get("Size"), entry.get("ETag")
    return Version(entry["VersionId"], time, size, etag, entry["IsLatest"])


def find(versions: Sequence[Version], version_id: str, where: str) -> Version:
    """The version of that id, which is none of a deletion; `where` names the key in errors.

    Raises:
        ConfigError: there is no such version, or it is a deletion.
    """
    found = next((one for one in versions if one.id == version_id), None)
    if found is None:
        hint = "choose one that readmodel-cfn history lists"
        raise ConfigError(f"it has no version {version_id!r}", where=where, hint=hint)
    if found.deletion:
        what = f"version {version_id} is a deletion, which has no content"
        hint = "choose the version before it, or delete the key with: aws s3api delete-object"
        raise ConfigError(what, where=where, hint=hint)
    return found


def restore(s3: Any, bucket: str, key: str, version: Version, over: Version) -> Restored:
    """Make a version the current one, headers and all, unless `over` is not the current one now.

    S3 compares ETags, so a newer write of the same content counts as the same. The current one
    itself is not written again.

    Raises:
        LostRace: the key was published, restored or deleted since.
        ReadModelError: a permission is not granted.
    """
    if version == over:
        return Restored(bucket, key, version.id, version.id, version.etag)
    try:
        return _written_anew(s3, bucket, key, version, over)
    except LostRace as lost:
        # Where an answer was lost, the second try meets what the first has written.
        now = history(s3, bucket, key)[0] if was_retried(lost.__cause__) else over
        if now.id == over.id or now.etag != version.etag:
            raise
        return Restored(bucket, key, version.id, now.id, now.etag)


def _written_anew(s3: Any, bucket: str, key: str, version: Version, over: Version) -> Restored:
    unchanged = {"IfNoneMatch": "*"} if over.deletion else {"IfMatch": over.etag}
    with _permitted(bucket, "s3:GetObjectVersion, s3:GetObject and s3:PutObject"), _race(key):
        answer = s3.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": key, "VersionId": version.id},
            MetadataDirective="COPY",
            **unchanged,
        )
        etag = answer["CopyObjectResult"]["ETag"]
    return Restored(bucket, key, version.id, answer.get("VersionId"), etag)


@contextmanager
def _race(key: str) -> Iterator[None]:
    """Tell a race that is lost from other refusals."""
    lost = LostRace(
        "it was published, restored or deleted meanwhile", where=key, hint=f"{_LOOK} {key}"
    )
    with _refusals(_LOST, lost), readable_answers("copy_object"):
        yield


@contextmanager
def _permitted(bucket: str, actions: str) -> Iterator[None]:
    """Name the permissions that are needed where S3 denies: its own answer often does not."""
    hint = f"it takes {actions}; ask for that, or choose another profile with --profile"
    with _refusals({"AccessDenied"}, ReadModelError("access denied", where=bucket, hint=hint)):
        yield


@contextmanager
def _refusals(codes: set[str], error: ReadModelError) -> Iterator[None]:
    """Raise an error of ours where S3 refuses with one of these codes."""
    try:
        yield
    except aws_errors() as trouble:
        if is_refusal(trouble) and error_code(trouble) in codes:
            raise error from trouble
        raise
