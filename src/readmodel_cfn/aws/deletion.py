"""DeleteObjects: delete a batch of objects or versions, with retries while S3 is busy."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_refusal,
    is_transient,
    readable_responses,
)
from readmodel_cfn.errors import Unfinished

BATCH = 1000
"""Keys of one DeleteObjects call, S3's limit."""

KeyVersion = dict[str, str]
"""A `Key` with its `VersionId`; without one the call deletes the current version."""

_PAUSES = (1.0, 3.0, 9.0)  # seconds between attempts
# The codes of single keys in a successful response if S3 is overloaded.
_BUSY = {"SlowDown", "ServiceUnavailable", "InternalError", "OperationAborted", "RequestTimeout"}
# Characters that XML cannot have, not even escaped: with one, S3 refuses all keys of a call.
# https://www.w3.org/TR/xml/#charsets, https://github.com/boto/boto3/issues/2005
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def delete_batch(s3: Any, bucket: str, batch: list[KeyVersion]) -> list[Mapping[str, Any]]:
    """Delete a batch; return the errors of what S3 refuses to delete, each with Key and Code.

    Raises:
        Unfinished: S3 is overloaded.
    """
    left, refused, pauses = batch, list[Mapping[str, Any]](), iter(_PAUSES)
    while errors := _errors(s3, bucket, left):
        refused += [error for error in errors if error.get("Code") not in _BUSY]
        busy = [error for error in errors if error.get("Code") in _BUSY]
        if not busy:
            break
        still = _named(left, busy)
        pauses = pauses if len(still) == len(left) else iter(_PAUSES)
        left, pause = still, next(pauses, None)
        if pause is None:
            what = f"S3 is overloaded: {busy[0].get('Message')}"
            raise Unfinished(what, where=bucket, hint="run the same command again to continue")
        time.sleep(pause)
    return refused


def _named(batch: list[KeyVersion], errors: Sequence[Mapping[str, Any]]) -> list[KeyVersion]:
    """Those of the batch with the keys of the errors; all of it if they name none."""
    keys = {error.get("Key") for error in errors}
    return [version for version in batch if version["Key"] in keys] or batch


def _errors(s3: Any, bucket: str, batch: list[KeyVersion]) -> Sequence[Mapping[str, Any]]:
    """The versions that S3 did not delete: all of a call after a transient error."""
    single = [version for version in batch if _NO_XML.search(version["Key"])]
    together = [version for version in batch if version not in single] if single else batch
    errors = [*_errors_together(s3, bucket, together)] if together else []
    for version in single:
        errors += _errors_of(s3, bucket, version)
    return errors


def _errors_of(s3: Any, bucket: str, version: KeyVersion) -> Sequence[Mapping[str, Any]]:
    """Delete one version; the error, if S3 did not delete it."""
    try:
        with readable_responses("DeleteObject"):
            s3.delete_object(Bucket=bucket, **version)
    except aws_errors() as error:
        if not is_transient(error) and not is_refusal(error):
            raise
        code = "SlowDown" if is_transient(error) else error_code(error)
        return [{**version, "Code": code, "Message": str(error)}]
    return []


def _errors_together(s3: Any, bucket: str, batch: list[KeyVersion]) -> Sequence[Mapping[str, Any]]:
    try:
        with readable_responses("DeleteObjects"):
            response = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    except aws_errors() as error:
        if not is_transient(error):
            raise
        message = str(error)
        return [
            {"Key": version["Key"], "Code": "SlowDown", "Message": message} for version in batch
        ]
    errors: Sequence[Mapping[str, Any]] = response.get("Errors", [])
    return errors
