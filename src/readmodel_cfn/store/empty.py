"""Empty a bucket: every object, every version and every delete marker."""

from collections.abc import Iterator
from typing import Any

from readmodel_cfn.errors import ReadModelError

_BATCH = 1000  # keys of one DeleteObjects call, S3's limit


def has_objects(s3: Any, bucket: str) -> bool:
    """Is there anything in the bucket, old versions and delete markers included?"""
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    return bool(page.get("Versions") or page.get("DeleteMarkers"))


def empty(s3: Any, bucket: str) -> int:
    """Delete all there is in the bucket, for good; returns how many versions that were.

    Raises:
        ReadModelError: S3 kept some; the error names the first.
    """
    count = 0
    for batch in _batches(s3, bucket):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            where = f"{bucket}/{first['Key']}"
            raise ReadModelError(f"not deleted: {first['Code']} {first['Message']}", where=where)
        count += len(batch)
    return count


def remove(s3: Any, bucket: str) -> int:
    """Empty the bucket and delete it; returns how many versions it held."""
    count = empty(s3, bucket)
    s3.delete_bucket(Bucket=bucket)
    return count


def _batches(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": _BATCH}
    )
    for page in pages:
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if entries:
            yield [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in entries]
