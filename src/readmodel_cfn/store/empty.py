"""Empty a bucket: every object, every version and every delete marker."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from readmodel_cfn.aws import error_code
from readmodel_cfn.errors import Stuck

_BATCH = 1000  # keys of one DeleteObjects call, S3's limit


def has_objects(s3: Any, bucket: str) -> bool:
    """Is there anything in the bucket, old versions and delete markers included?"""
    return any(_batches(s3, bucket, 1))


def empty(s3: Any, bucket: str) -> int:
    """Delete all there is in the bucket, for good; returns how many versions that were.

    Raises:
        Stuck: S3 kept some; the error names the first.
    """
    count = 0
    for batch in _batches(s3, bucket):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            what = f"{len(errors)} not deleted: {first.get('Code')} {first.get('Message', '')}"
            raise Stuck(what.rstrip(), where=f"{bucket}/{first.get('Key')}")
        count += len(batch)
    return count


def remove(s3: Any, bucket: str) -> int:
    """Empty the bucket and delete it; returns how many versions it held."""
    count = empty(s3, bucket)
    with _gone_already():
        s3.delete_bucket(Bucket=bucket)
    return count


def _batches(s3: Any, bucket: str, size: int = _BATCH) -> Iterator[list[dict[str, str]]]:
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": size}
    )
    with _gone_already():
        for page in pages:
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if entries:
                yield [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in entries]


@contextmanager
def _gone_already() -> Iterator[None]:
    """Let a bucket that somebody has deleted before count as an empty one."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
