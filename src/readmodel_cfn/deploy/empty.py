"""Empty a bucket: delete every object, every version and every delete marker.

Incomplete multipart uploads are left to S3: they do not keep a general purpose bucket from being
deleted, and are deleted with it
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from readmodel_cfn.aws.deletion import BATCH, KeyVersion, delete_batch
from readmodel_cfn.aws.errors import error_code, readable_responses
from readmodel_cfn.errors import Stuck
from readmodel_cfn.plural import counted, sized
from readmodel_cfn.threads import map_in_threads

OnCount = Callable[[int], None]
# Each key counts as a request, and S3 allows 3,500 per second and prefix: more parallel calls would
# be throttled. https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
_PARALLEL_CALLS = 4
_AHEAD = 2  # pages listed ahead, for each parallel call: the listing stays close to the deletion
_PASSES = 5  # passes that find new versions; after these, the bucket is being written to
_PAUSES = (1.0, 3.0, 9.0)  # seconds between attempts


@dataclass(frozen=True)
class Content:
    """The first page of a bucket's listing; `more` is True if there are further pages.

    `versions` includes delete markers; `bytes` is the size of the versions of this page.
    """

    versions: int
    bytes: int
    more: bool

    def __str__(self) -> str:
        least = "at least " if self.more else ""
        return f"{least}{count_versions(self.versions)}, {least}{sized(self.bytes)}"


def count_versions(versions: int) -> str:
    """A number of versions in words, such as `1,003 versions`."""
    return counted(versions, "version")


def content_of(s3: Any, bucket: str) -> Content | None:
    """The bucket's content on the first page of its listing; None if it does not exist."""
    page = next(_pages(s3, bucket), None)
    if page is None:
        return None
    size = sum(version.get("Size", 0) for version in page.get("Versions", []))
    return Content(len(_versions(page)), size, page["IsTruncated"])


def empty(s3: Any, bucket: str, on_count: OnCount = lambda _: None) -> int:
    """Delete everything in the bucket permanently, and return the number of deleted versions.

    `on_count` gets the number of versions deleted so far. After an interruption, call it again.

    Raises:
        Stuck: S3 refuses to delete versions (the error names the first), or a writer keeps adding
            new ones.
        Unfinished: S3 is overloaded.
    """
    count = passes = 0
    while passes < _PASSES:
        before = count
        batches = filter(None, map(_versions, _pages(s3, bucket)))
        delete = partial(_delete_batch, s3, bucket)
        with closing(map_in_threads(delete, batches, _PARALLEL_CALLS, ahead=_AHEAD)) as results:
            for deleted in results:
                count += deleted
                on_count(count)
        if count == before:
            return count
        # The next page of a listing starts after the last version of a page. If that version is
        # deleted by then, an emulator skips versions: so only passes that find little are counted.
        passes += count - before < BATCH
    raise _still_written(bucket)


def remove(s3: Any, bucket: str, on_count: OnCount = lambda _: None) -> int:
    """Empty the bucket and delete it; return the number of deleted versions.

    Raises:
        Stuck, Unfinished: as `empty` does.
    """
    count = 0
    for pause in (*_PAUSES, 0):
        count += empty(s3, bucket, partial(_add, count, on_count))
        if _is_deleted(s3, bucket):
            return count
        time.sleep(pause)
    raise _still_written(bucket)


def _add(before: int, on_count: OnCount, count: int) -> None:
    on_count(before + count)


def _is_deleted(s3: Any, bucket: str) -> bool:
    """Delete the bucket; False if an object was written since it was emptied."""
    from botocore.exceptions import ClientError

    try:
        with _ignore_missing_bucket(), readable_responses("DeleteBucket"):
            s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) != "BucketNotEmpty":
            raise
        return False
    return True


def _delete_batch(s3: Any, bucket: str, batch: list[KeyVersion]) -> int:
    """Delete a batch; return its length.

    Raises:
        Stuck: S3 refuses to delete versions; the error names the first.
    """
    if refused := delete_batch(s3, bucket, batch):
        raise _refusal(bucket, refused)
    return len(batch)


def _refusal(bucket: str, errors: Sequence[Mapping[str, Any]]) -> Stuck:
    others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    hint = "remove its object lock or grant the missing permission, then run the same command again"
    first = errors[0]
    what = f"not deleted{others}: {first.get('Code')} {first.get('Message', '')}".rstrip()
    return Stuck(what, where=f"{bucket}/{first.get('Key')}", hint=hint)


def _still_written(bucket: str) -> Stuck:
    hint = "stop the writers, then run the same command again"
    return Stuck("the bucket is still being written to", where=bucket, hint=hint)


def _versions(page: Mapping[str, Any]) -> list[KeyVersion]:
    entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]


def _pages(s3: Any, bucket: str) -> Iterator[Mapping[str, Any]]:
    """The pages of the listing of all versions; none if the bucket does not exist.

    A response without IsTruncated is not from S3: the KeyError makes it an UnreadableResponse.
    """
    with _ignore_missing_bucket(), readable_responses("ListObjectVersions"):
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": BATCH}
        )
        for page in pages:
            page["IsTruncated"]
            yield page


@contextmanager
def _ignore_missing_bucket() -> Iterator[None]:
    """Treat a bucket that does not exist as an empty one."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
