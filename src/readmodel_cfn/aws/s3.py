"""How a bucket of S3 is reached: its URL, the key that signs, the proxy and the certificates.

Two clients publish documents. boto3 reads the environment and ~/.aws. obstore reads other variables
than AWS's SDKs, so it gets every setting. `reach` finds them once, as botocore does: it takes a
signed request of boto3's client, without sending it. If the environment sets nothing special,
the result is known without botocore, which takes half a second to load.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from readmodel_cfn.aws.connection import (
    Connection,
    check_key,
    credential_errors,
    require_certificates,
)
from readmodel_cfn.aws.errors import readable_error, readable_errors
from readmodel_cfn.errors import ConfigError, ReadModelError

if TYPE_CHECKING:
    from obstore.store import S3Credential

_KEY = "x"  # of the request that is signed and not sent
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d+/([^/]+)/s3/aws4_request")
# How long obstore may use credentials without asking for them again. botocore renews them in time.
_VALID_FOR = timedelta(seconds=30)


class Signer:
    """The credentials that sign requests, for obstore; called from any thread.

    botocore renews credentials that expire. `error` is why the last call failed: obstore keeps only
    its text.
    """

    def __init__(self, fetch: Callable[[], Any], *, expires: bool) -> None:
        self._fetch, self._expires = fetch, expires
        self.error: ReadModelError | None = None

    def __call__(self) -> "S3Credential":
        """The credentials as obstore's credential provider returns them."""
        try:
            with credential_errors():
                found = self._fetch()
        except Exception as error:
            self.error = readable_error(error)
            raise
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token or None,
            "expires_at": datetime.now(UTC) + _VALID_FOR if self._expires else None,
        }


@dataclass(frozen=True)
class StaticKey:
    """An access key that does not expire, with botocore's names."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class BucketAccess:
    """How a bucket is reached.

    Args:
        url: URL of the bucket, to which `/` and the key are appended.
        region: The region to sign for.
        signer: The credentials.
        proxy: URL of the proxy; None for none.
        ca_bundle: File of certificate authorities; None for the system's.
    """

    url: str
    region: str
    signer: Signer = field(repr=False)
    proxy: str | None = None
    ca_bundle: Path | None = None


def reach(connection: Connection, bucket: str) -> BucketAccess:
    """How the bucket is reached with this connection.

    Raises:
        ConfigError: there is no region, or a setting is invalid.
        ReadModelError: there are no credentials, or they cannot be fetched.
    """
    return _without_botocore(connection, bucket) or _with_botocore(connection, bucket)


# With botocore.


def _with_botocore(connection: Connection, bucket: str) -> BucketAccess:
    with readable_errors():
        client = connection.client("s3")
        request = _signed(client, bucket)
        signed = _SIGNED.match(_text(request.headers.get("Authorization")))
        if not signed:
            hint = "remove signature_version from the profile, or publish the files one by one"
            raise ConfigError("only Signature Version 4 is supported", where="publish", hint=hint)
        configured = client.meta.config.proxies
        proxies = _proxies(client.meta.endpoint_url) if configured is None else configured
        url = urlsplit(request.url)._replace(query="").geturl().removesuffix(f"/{_KEY}")
        return BucketAccess(
            url,
            signed[1],
            Signer(connection.frozen_credentials, expires=True),
            _proxy_of(url, proxies),
            _bundle_of(url, connection.ca_bundle),
        )


def _signed(client: Any, bucket: str) -> Any:
    """A HeadObject request as botocore would send it.

    A response from a handler of before-send takes the place of sending.
    https://botocore.amazonaws.com/v1/documentation/api/latest/topics/events.html
    """
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    sent: list[Any] = []

    def keep(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), _NoBody())

    event = "before-send.s3.HeadObject"
    client.meta.events.register_first(event, keep)
    try:
        client.head_object(Bucket=bucket, Key=_KEY)
    finally:
        client.meta.events.unregister(event, keep)
    return sent[0]


class _NoBody:
    """An empty body as urllib3 provides it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """No parts."""
        return iter(())


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


# Without botocore, if nothing special is set.

# Variables of AWS's SDKs that are handled here, or do not concern S3's requests. With any other
# variable that begins with AWS_ botocore is asked. AWS_ENDPOINT_URL_S3 has precedence over
# AWS_ENDPOINT_URL; those of other services do not matter.
# https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
_PLAIN = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_PAGER",
    "AWS_DEFAULT_OUTPUT",
    "AWS_EXECUTION_ENV",
    "AWS_DISABLE_HOST_PREFIX_INJECTION",
}
# Variables that Lambda sets besides; an SDK uses those of X-Ray for traces only.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_OF_LAMBDA = ("AWS_LAMBDA_", "AWS_XRAY_")
_ENDPOINT = "AWS_ENDPOINT_URL"
# Variables that only boto3 uses; it refuses other values.
_OF_BOTO3 = {"AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"}
_CHECKSUMS = {"when_required", "when_supported"}
# A line of ~/.aws/config and ~/.aws/credentials that does not change how S3 is reached.
_PLAIN_LINE = re.compile(
    r"\s*([#;].*|\[[^\]]*\]\s*|"
    r"(region|output|cli_pager|aws_access_key_id|aws_secret_access_key|aws_session_token)\s*=.*)?"
)
# Regions whose endpoints are s3.REGION.amazonaws.com (botocore: partitions.json).
_PLAIN_REGION = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d+")
_GLOBAL = "us-east-1"  # its endpoint has no region
# A name that is a part of a host name. Those that end in --x-s3 and the like are of other kinds.
_PLAIN_BUCKET = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_PLAIN_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?/?")


def _without_botocore(connection: Connection, bucket: str) -> BucketAccess | None:
    region, key = connection.given_region, _plain_key(connection)
    if not (key and _PLAIN_BUCKET.fullmatch(bucket) and _is_plain(connection)):
        return None
    if not (region and _PLAIN_REGION.fullmatch(region)):
        return None
    if endpoint := _endpoint(connection).rstrip("/"):
        url = f"{endpoint}/{bucket}"
    else:
        host = "s3.amazonaws.com" if region == _GLOBAL else f"s3.{region}.amazonaws.com"
        endpoint, url = f"https://{host}", f"https://{bucket}.{host}"
    check_key(key.access_key, key.secret_key, key.token)
    proxy = _proxy_of(url, _proxies(endpoint))
    bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    signer = Signer(lambda: key, expires=False)
    return BucketAccess(
        url, region, signer, proxy, _bundle_of(url, Path(bundle) if bundle else None)
    )


def _is_plain(connection: Connection) -> bool:
    """Whether neither the environment nor a file changes how S3 is reached."""
    if connection.session is not None or connection.profile:
        return False
    if not all(map(_is_plain_variable, os.environ)):
        return False
    if not _PLAIN_ENDPOINT.fullmatch(_endpoint(connection) or "http://none"):
        return False
    files = (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
    return all(_is_plain_file(os.environ.get(name) or f"~/.aws/{own}") for name, own in files)


def _is_plain_variable(name: str) -> bool:
    if name in _OF_BOTO3:
        return os.environ[name] in _CHECKSUMS
    return (
        not name.startswith("AWS_") or name in _PLAIN or name.startswith((_ENDPOINT, *_OF_LAMBDA))
    )


def _endpoint(connection: Connection) -> str:
    """The endpoint of S3 that is set, or an empty text."""
    variables = map(os.environ.get, (f"{_ENDPOINT}_S3", _ENDPOINT))
    return connection.endpoint_url or next(filter(None, variables), "")


def _is_plain_file(path: str) -> bool:
    try:
        text = Path(os.path.expandvars(path)).expanduser().read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError, RuntimeError):  # botocore says what is wrong
        return False
    return all(map(_PLAIN_LINE.fullmatch, text.splitlines()))


def _plain_key(connection: Connection) -> StaticKey | None:
    """`credentials`, or the environment's key, which boto3 prefers unless a profile is named."""
    if given := connection.credentials:
        return StaticKey(given.access_key_id, given.secret_access_key)
    key_id, secret = map(os.environ.get, ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    return (
        StaticKey(key_id, secret, os.environ.get("AWS_SESSION_TOKEN"))
        if key_id and secret
        else None
    )


# Proxies and certificates.


def _bundle_of(url: str, bundle: Path | None) -> Path | None:
    """The certificate authorities for a URL: none without TLS."""
    if not bundle or url.startswith("http:"):
        return None
    require_certificates(bundle)
    return bundle


def _proxies(endpoint: str) -> dict[str, str]:
    """The environment's proxies for an endpoint, as botocore.utils.get_environ_proxies.

    macOS and Windows have proxies of the system, too. urllib.request is slow to load.
    """
    has_variables = any(name.lower().endswith("_proxy") for name in os.environ)
    if not has_variables and sys.platform not in ("darwin", "win32"):
        return {}
    from urllib.request import getproxies, proxy_bypass

    return {} if proxy_bypass(urlsplit(endpoint).netloc) else getproxies()


def _proxy_of(url: str, proxies: dict[str, str]) -> str | None:
    """The proxy for a URL; botocore adds the scheme, too."""
    found = proxies.get(urlsplit(url).scheme)
    if not found or found.startswith(("http:", "https:")):
        return found or None
    return f"http:{found}" if found.startswith("//") else f"http://{found}"
