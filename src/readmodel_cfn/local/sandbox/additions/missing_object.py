"""A missing object is a 403 for a caller that is not allowed to list its bucket, as on AWS.

ministack answers 404 NoSuchKey to everyone, which would hide how a read model maps these errors.
The check uses the missing key as s3:prefix, so that a permission for a prefix is valid for the keys
below it.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Permissions
"""

from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import new_uuid
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import s3

Headers = dict[str, str]
Answer = tuple[int, Headers, bytes]


def register() -> None:
    """Evaluate ListBucket after S3 answers that an object is missing."""
    handle = s3.handle_request

    async def handle_request(
        method: str, path: str, headers: Headers, body: bytes, query: Any, **options: Any
    ) -> Answer:
        answer: Answer = await handle(method, path, headers, body, query, **options)
        if answer[0] != 404 or method not in ("GET", "HEAD") or options.get("internal"):
            return answer
        bucket, key = s3._parse_bucket_key(path, headers)
        if not _is_missing_object(bucket, key, answer[2]):
            return answer
        return _denied(bucket, key, headers, query, method) or answer

    s3.handle_request = handle_request


def _is_missing_object(bucket: str, key: str, body: bytes) -> bool:
    """Whether the object is missing, and not its bucket; the response to HEAD has no error code."""
    exists = s3._bucket_owner_account(bucket) is not None
    return bool(key) and exists and (not body or b"<Code>NoSuchKey</Code>" in body)


def _denied(bucket: str, key: str, headers: Headers, query: Any, method: str) -> Answer | None:
    """S3's 403 for a signed caller without ListBucket on the bucket; None for any other."""
    access_key = extract_access_key_id(headers, query)
    if not access_key:
        return None
    action = "s3:ListBucket"
    denied = iam_evaluator.enforce(
        access_key,
        action,
        "s3",
        extract_region(headers, query),
        resource_arn=f"arn:aws:s3:::{bucket}",
        service_context={"s3:prefix": key},
    )
    if denied is None:
        return None
    status, response_headers, body = iam_actions.access_denied_response(
        "s3", action, denied.principal_arn, new_uuid(), explicit_deny=denied.decision == "Deny"
    )
    return status, response_headers, b"" if method == "HEAD" else body
