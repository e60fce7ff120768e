"""The ETag in S3's response to a PUT: the MD5 of the bytes, unless a KMS key encrypts them.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
S3 names the encryption of an object in each response.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from readmodel_cfn.aws.errors import (
    UnreadableResponse,
    aws_errors,
    may_be_done,
    readable_error,
)
from readmodel_cfn.errors import Unfinished

_RUN_AGAIN = "run it again"
_NO_MD5 = {"aws:kms", "aws:kms:dsse"}


class WrongETag(Unfinished):
    """The response to a PUT has an ETag that is not the MD5 of the document, and must be.

    `stored` is whether S3 says afterwards that it has stored this MD5.
    """

    def __init__(self, where: str, etag: str, expected: str, *, stored: bool = False) -> None:
        what = f"integrity error: S3 responds with the ETag {etag}, and the MD5 sent is {expected}"
        super().__init__(what, where=where, hint=_RUN_AGAIN)
        self.stored = stored


def has_md5(response: Mapping[str, Any]) -> bool:
    """Whether the ETag of an object must be its MD5; `response` is one of boto3 about the object.

    It is not if S3 encrypts with a KMS key, or with the key of the request.
    """
    encryption = response.get("ServerSideEncryption")
    return encryption not in _NO_MD5 and "SSECustomerAlgorithm" not in response


def may_be_stored(where: str) -> Unfinished:
    """The error after a response without an ETag, if reading the object is not allowed."""
    what = "the response has no ETag, and the document may be stored"
    return Unfinished(what, where=where, hint=_RUN_AGAIN)


@contextmanager
def unfinished_if_lost(where: str) -> Iterator[None]:
    """Turn the error of a PUT whose response was lost into Unfinished."""
    try:
        yield
    except aws_errors() as error:
        if not may_be_done(error):
            raise
        lost = readable_error(error) or UnreadableResponse("put_object")
        what = f"it may be stored: {lost.where}: {lost.what}"
        raise Unfinished(what, where=where, hint=_RUN_AGAIN) from error
