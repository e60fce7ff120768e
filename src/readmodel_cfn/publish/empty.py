"""Empty a bucket: every object, every version and every delete marker.

Uploads of parts that were never completed are left to S3: they keep no general purpose bucket from
being deleted, and go with it
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from readmodel_cfn.aws.errors import aws_errors, error_code, is_transient, readable_answers
from readmodel_cfn.errors import Stuck, Unfinished
from readmodel_cfn.publish.parallel import in_parallel

Version = dict[str, str]
Progress = Callable[[int], None]
_BATCH = 1000  # keys of one DeleteObjects call, S3's limit
# Each key counts as a request, of which S3 takes 3,500 a second and prefix: more calls at once
# would be throttled. https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
_CALLS_AT_ONCE = 4
_PASSES = 5  # that find something new; a bucket that still is not empty then is written to
_PAUSES = (1.0, 3.0, 9.0)  # seconds between tries that all come to nothing
# What S3 says of single keys, in an answer that is fine otherwise, when it has too much to do.
_BUSY = {"SlowDown", "ServiceUnavailable", "InternalError", "OperationAborted", "RequestTimeout"}
_ON = "run the same command again: it goes on"


@dataclass(frozen=True)
class Content:
    """What the first page of a bucket's listing tells; `more` is whether that is not all.

    `versions` counts delete markers too; `bytes` is the size of all that is counted.
    """

    versions: int
    bytes: int
    more: bool


def look(s3: Any, bucket: str) -> Content | None:
    """What is in the bucket, as far as one call tells; None where there is no such bucket."""
    page = next(_pages(s3, bucket), None)
    if page is None:
        return None
    size = sum(one.get("Size", 0) for one in page.get("Versions", []))
    return Content(len(_versions(page)), size, page["IsTruncated"])


def empty(s3: Any, bucket: str, progress: Progress = lambda _: None) -> int:
    """Delete all there is in the bucket, for good; returns how many versions that were.

    `progress` is told how many are deleted so far. What is interrupted goes on when called again.

    Raises:
        Stuck: S3 refuses to delete some, the error names the first; or somebody goes on writing.
        Unfinished: S3 takes no more deletions for now.
    """
    count = races = 0
    while races < _PASSES:
        before = count
        batches = filter(None, map(_versions, _pages(s3, bucket)))
        with closing(in_parallel(partial(_delete, s3, bucket), batches, _CALLS_AT_ONCE)) as done:
            for deleted in done:
                count += deleted
                progress(count)
        if count == before:
            return count
        # A listing goes on behind the last version of a page. Where that one is deleted by then,
        # an emulator leaves out what follows: so only a pass that finds little counts.
        races += count - before < _BATCH
    raise _still_written(bucket)


def remove(s3: Any, bucket: str, progress: Progress = lambda _: None) -> int:
    """Empty the bucket and delete it; returns how many versions it held.

    Raises:
        Stuck, Unfinished: as `empty` does.
    """
    count = 0
    for pause in (*_PAUSES, 0):
        count += empty(s3, bucket, _on_top_of(count, progress))
        if _is_deleted(s3, bucket):
            return count
        time.sleep(pause)
    raise _still_written(bucket)


def _on_top_of(count: int, progress: Progress) -> Progress:
    return lambda more: progress(count + more)


def _is_deleted(s3: Any, bucket: str) -> bool:
    """Delete the bucket; False where something was put into it since it was emptied."""
    from botocore.exceptions import ClientError

    try:
        with _gone_already(), readable_answers("DeleteBucket"):
            s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) != "BucketNotEmpty":
            raise
        return False
    return True


def _delete(s3: Any, bucket: str, batch: list[Version]) -> int:
    """Delete a batch, with patience for what S3 is too busy to delete; returns its length."""
    left, pauses = batch, iter(_PAUSES)
    while errors := _errors(s3, bucket, left):
        if refused := [one for one in errors if one.get("Code") not in _BUSY]:
            raise _refusal(bucket, refused)
        busy = {one.get("Key") for one in errors}
        still = [one for one in left if one["Key"] in busy] or left
        pauses = pauses if len(still) == len(left) else iter(_PAUSES)
        left, pause = still, next(pauses, None)
        if pause is None:
            what = f"S3 deletes no more for now: {errors[0].get('Message')}"
            raise Unfinished(what, where=bucket, hint=_ON)
        time.sleep(pause)
    return len(batch)


def _errors(s3: Any, bucket: str, batch: list[Version]) -> Sequence[Mapping[str, Any]]:
    """What S3 did not delete of the batch: all of it where the call failed by a passing trouble."""
    try:
        with readable_answers("DeleteObjects"):
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    except aws_errors() as error:
        if not is_transient(error):
            raise
        return [{"Key": one["Key"], "Code": "SlowDown", "Message": str(error)} for one in batch]
    errors: Sequence[Mapping[str, Any]] = answer.get("Errors", [])
    return errors


def _refusal(bucket: str, errors: Sequence[Mapping[str, Any]]) -> Stuck:
    others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    hint = "lift what holds it, a lock or a missing permission, and run the same command again"
    first = errors[0]
    what = f"not deleted{others}: {first.get('Code')} {first.get('Message', '')}".rstrip()
    return Stuck(what, where=f"{bucket}/{first.get('Key')}", hint=hint)


def _still_written(bucket: str) -> Stuck:
    hint = "stop what writes to it and run the same command again"
    return Stuck("it does not stay empty: somebody goes on writing", where=bucket, hint=hint)


def _versions(page: Mapping[str, Any]) -> list[Version]:
    entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in entries]


def _pages(s3: Any, bucket: str) -> Iterator[Mapping[str, Any]]:
    """The listing of all versions, none where there is no such bucket.

    IsTruncated is asked for here: an answer without it is not S3's.
    """
    with _gone_already(), readable_answers("ListObjectVersions"):
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": _BATCH}
        )
        for page in pages:
            page["IsTruncated"]
            yield page


@contextmanager
def _gone_already() -> Iterator[None]:
    """Let a bucket that somebody has deleted before count as an empty one."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
