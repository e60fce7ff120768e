"""obstore's client of a bucket: it gets every setting, and reads none from the environment."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.s3 import BucketAccess, reach
from readmodel_cfn.errors import ConfigError, ReadModelError

_TIMEOUT = "30s"  # of one attempt
# The names that botocore accepts; obstore does not check them, and may panic.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")


def checked_access(connection: Connection, bucket: str) -> BucketAccess:
    """How a bucket is reached.

    Raises:
        ConfigError: the bucket's name or a setting is invalid, or there is no region.
        ReadModelError: there are no credentials, or the process is a fork.
    """
    if _first_process() != os.getpid():
        hint = "start worker processes with spawn or forkserver"
        what = "the process was forked from one that has published"
        raise ReadModelError(what, where="publish", hint=hint)
    if not _BUCKET.fullmatch(bucket):
        hint = "use the name alone, such as my-bucket"
        raise ConfigError("not a bucket's name", where=repr(bucket), hint=hint)
    return reach(connection, bucket)


@cache
def _first_process() -> int:
    """The process that used obstore first: a fork of it would wait for its threads forever."""
    return os.getpid()


def store(access: BucketAccess, bucket: str, bucket_owner: str | None, retries: Any) -> Any:
    """obstore's client of a bucket.

    With virtual_hosted_style_request an endpoint is the URL of the bucket. obstore prefers
    aws_endpoint_url_s3 to endpoint.
    https://docs.rs/object_store/latest/object_store/aws/enum.AmazonS3ConfigKey.html
    """
    from obstore.store import S3Store

    with _hidden_variables():
        return S3Store(
            bucket,
            endpoint=access.url,
            aws_endpoint_url_s3=access.url,
            virtual_hosted_style_request=True,
            region=access.region,
            default_region=access.region,
            credential_provider=access.signer,
            skip_signature=False,
            unsigned_payload=False,
            checksum_algorithm="sha256",
            request_payer=False,
            s3_express=False,
            disable_tagging=False,
            disable_bulk_delete=False,
            conditional_put="etag",
            copy_if_not_exists="multipart",
            imdsv1_fallback=False,
            client_options=_client_options(access, bucket_owner),
            retry_config=retries,
        )


def _client_options(access: BucketAccess, bucket_owner: str | None) -> Any:
    options: dict[str, Any] = {
        "allow_http": access.url.startswith("http:"),
        "allow_invalid_certificates": False,
        "http1_only": True,
        "connect_timeout": "5s",
        "timeout": _TIMEOUT,
        # Without a proxy of its own the client takes one from the environment.
        "proxy_url": access.proxy or _NO_PROXY,
        "proxy_excludes": "" if access.proxy else urlsplit(access.url).hostname,
    }
    if bucket_owner:  # obstore signs these headers, except those of ListObjectsV2
        options["default_headers"] = {"x-amz-expected-bucket-owner": bucket_owner}
    if access.ca_bundle:
        options["root_certificate"] = access.ca_bundle.read_bytes()
    return options


_NO_PROXY = "http://127.0.0.1:1"  # never used: the bucket's host is excluded
# Variables that obstore reads and AWS's SDKs do not, and for which no value means "not set".
_HIDDEN = {
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_KMS_KEY_ID",
    "AWS_SSE_BUCKET_KEY_ENABLED",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_METADATA_ENDPOINT",
    "AWS_STS_ENDPOINT",
}
_hiding = Lock()


@contextmanager
def _hidden_variables() -> Iterator[None]:
    """Remove these variables while the client is made, the only time that it reads any."""
    with _hiding:
        found = {name: value for name, value in os.environ.items() if name.upper() in _HIDDEN}
        for name in found:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(found)
