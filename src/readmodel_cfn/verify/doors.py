"""The other doors: the bucket asked without the API, and both asked without TLS."""

import socket
import ssl
import warnings
from typing import Any
from urllib.parse import urlsplit

from readmodel_cfn.aws.errors import aws_errors
from readmodel_cfn.aws.http import proxy_for, request
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.seen import Doors

_PATIENCE = 5  # seconds for what should not be answered at all
# What OpenSSL says where it cannot even ask: its own build or policy knows no TLS so old.
_OURS = {"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "NO_CIPHER_MATCH"}


def try_doors(s3: Any, bucket: str, key: str, plain_s3: Any | None, api_url: str) -> Doors:
    """Ask past the API, while there is a document under the key.

    `s3` is boto3's client, `plain_s3` one for the same without TLS, or None where an emulator
    stands for AWS.

    Raises:
        ReadModelError: nobody answers where S3 is.
    """
    store = f"{s3.meta.endpoint_url}/{bucket}"
    item, listing = request(f"{store}/{key}"), request(f"{store}?list-type=2")
    if plain_s3 is None or not api_url.startswith("https:"):
        return Doors(item, listing, why="an emulator's endpoint stands for AWS's")
    plain_bucket = _status(s3, plain_s3, bucket, key)
    if proxy_for(api_url):
        return Doors(item, listing, plain_bucket, why="a proxy stands between here and AWS")
    return Doors(item, listing, plain_bucket, _plain(api_url), speaks_old_tls(api_url))


def _status(s3: Any, plain_s3: Any, bucket: str, key: str) -> int | None:
    """What the bucket says to somebody who may read it, without TLS."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError:
        return None  # who may not read it with TLS either shows nothing
    try:
        plain_s3.head_object(Bucket=bucket, Key=key)
    except plain_s3.exceptions.ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    except aws_errors():
        return 0
    return 200


def _plain(api_url: str) -> int:
    """What the API says without TLS; 0 where nobody answers."""
    try:
        return request(api_url.replace("https:", "http:", 1), timeout=_PATIENCE).status
    except ReadModelError:
        return 0


def speaks_old_tls(url: str) -> bool | None:
    """Does the server speak TLS below 1.2? None where this machine cannot ask for it."""
    at = urlsplit(url)
    try:
        context = _old_context()
        with (
            socket.create_connection((at.hostname, at.port or 443), _PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=at.hostname),
        ):
            return True
    except (ssl.SSLError, ValueError) as error:
        return None if getattr(error, "reason", None) in {*_OURS, None} else False
    except ConnectionError:
        return False
    except OSError:
        return None


def _old_context() -> ssl.SSLContext:
    """A client of TLS 1.0 and 1.1 only. Nothing is sent, so that nobody's identity matters."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
