"""The sandbox accepts the root key with its secret, and refuses requests without credentials.

ministack accepts `test`, any twelve-digit number and the configured key as root's access key, and
does not check their signatures. It also treats a request without an access key as root's, even with
the Authorization header `Bearer x`, and allows a request without credentials to create and list
buckets. AWS rejects all of these.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import os
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.router import extract_access_key_id
from ministack.services import s3, sts

Headers = dict[str, str]
Query = dict[str, list[str]]


def register() -> None:
    """Accept one key as root's, and treat a request without a key as anonymous."""
    _make_one_key_root()
    _treat_requests_without_a_key_as_anonymous()
    _refuse_anonymous_calls_without_an_iam_action()
    _refuse_anonymous_calls_to_no_bucket()


def _make_one_key_root() -> None:
    root = os.environ["AWS_ACCESS_KEY_ID"]

    def is_root(access_key_id: str) -> bool:
        return access_key_id in ("", root)  # "" is a call by ministack itself

    # ministack skips the signature check for such keys.
    iam_evaluator._is_root_key = _never
    iam_evaluator.is_root_access_key = sts.is_root_access_key = is_root


def _never(_: str) -> bool:
    return False


def _treat_requests_without_a_key_as_anonymous() -> None:
    pin = iam_evaluator.pin_signed_request

    def pin_signed_request(
        method: str,
        raw_path: str,
        query: Query,
        raw_headers: list[tuple[bytes, bytes]],
        *options: Any,
        **named: Any,
    ) -> None:
        pin(method, raw_path, query, raw_headers, *options, **named)
        headers = {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in raw_headers}
        signed = iam_evaluator._signed_request.get() is not None
        if not signed and not extract_access_key_id(headers, query):
            iam_evaluator._anonymous.set(True)

    iam_evaluator.pin_signed_request = app.pin_signed_request = pin_signed_request


def _refuse_anonymous_calls_without_an_iam_action() -> None:
    """ministack checks only the credentials of these calls, such as EKS; S3 has its own check."""
    check = iam_evaluator.check_credentials

    def check_credentials(access_key_id: str, service: str | None = None) -> Any:
        if service != "s3" and iam_evaluator._anonymous.get():
            return iam_evaluator.AuthError(
                "MissingAuthenticationToken", "Request is missing Authentication Token"
            )
        return check(access_key_id, service)

    iam_evaluator.check_credentials = check_credentials


def _refuse_anonymous_calls_to_no_bucket() -> None:
    """ListBuckets, and CreateBucket, whose bucket does not exist yet."""
    apply = s3._apply_bucket_scope

    def apply_bucket_scope(
        method: str,
        bucket: str,
        key: str,
        headers: Headers,
        query: Query,
        body: bytes = b"",
        internal: bool = False,
    ) -> Any:
        exists = bucket and s3._bucket_owner_account(bucket) is not None
        reads = bucket and method in ("GET", "HEAD")
        if not (exists or reads or internal) and not s3._request_access_key(
            method, key, headers, query, body
        ):
            return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}")
        return apply(method, bucket, key, headers, query, body, internal)

    s3._apply_bucket_scope = apply_bucket_scope
