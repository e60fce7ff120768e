"""Upload a large file in several parts: one PutObject takes at most 5 GB.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
The condition is that of CompleteMultipartUpload, which makes the object visible.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

from contextlib import suppress
from typing import IO, Any

ONE_PUT = 1 << 30  # bytes that are put at once
_PART = 64 << 20  # bytes; there may be 10,000 parts


def is_large(body: Any) -> bool:
    """Whether a body is a file that is uploaded in parts."""
    if isinstance(body, bytes):
        return False
    size: int = body.seek(0, 2)
    body.seek(0)
    return size > ONE_PUT


def put_in_parts(s3: Any, place: dict[str, str], file: IO[bytes], kind: str, **when: str) -> None:
    """Put a file at a place, its bucket and key; nothing is left of it after an error."""
    upload = {
        **place,
        "UploadId": s3.create_multipart_upload(**place, ContentType=kind)["UploadId"],
    }
    try:
        parts: list[dict[str, Any]] = []
        while body := file.read(_PART):
            number = len(parts) + 1
            done = s3.upload_part(**upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": done["ETag"]})
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **when)
    except BaseException:
        with suppress(Exception):
            s3.abort_multipart_upload(**upload)
        raise
