"""Destination: the bucket to publish to, and obstore's way to it with boto3's credentials."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.errors import ConfigError, ReadModelError

# Regions whose endpoints do not end in amazonaws.com, which is all that obstore knows.
_ELSEWHERE = re.compile(r"cn-|eusc-|us-iso|eu-iso")
# What botocore takes for one; obstore makes a URL of anything, or does not survive it.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
# botocore renews credentials 15 minutes before they end, so they are good for as long.
_GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Destination:
    """The bucket to publish to, and how to reach it: all None is what the environment says.

    It can be pickled, and so be sent to the workers of a pool.
    """

    bucket: str
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    credentials: Credentials | None = field(default=None, repr=False)

    @property
    def connection(self) -> Connection:
        """The same for boto3."""
        return Connection(self.region, self.profile, self.endpoint_url, self.credentials)


def connected(destination: Destination, retries: Any) -> Any:
    """obstore's client of the bucket.

    Raises:
        ConfigError: no bucket has such a name, or there is no region.
        ReadModelError: there are no credentials, or the process is a fork.
    """
    from obstore.store import S3Store

    if _first_process() != os.getpid():
        hint = "start worker processes with spawn or forkserver"
        raise ReadModelError("forked off a process that published", where="publish", hint=hint)
    if not _BUCKET.fullmatch(destination.bucket):
        hint = "give the name alone, such as my-bucket"
        raise ConfigError("not a bucket's name", where=repr(destination.bucket), hint=hint)
    region, credentials = _region(destination), _credentials(destination)
    endpoint = _endpoint(destination, region)
    # The name for S3 alone would go before the other, were it found in the environment.
    at: Any = {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint} if endpoint else {}
    return S3Store(
        destination.bucket,
        region=region,
        **at,
        virtual_hosted_style_request=not endpoint,
        checksum_algorithm="sha256",
        client_options=_client_options(endpoint),
        retry_config=retries,
        credential_provider=credentials,
    )


@cache
def _first_process() -> int:
    """The process that used obstore first: a fork of it would wait for its threads forever."""
    return os.getpid()


def _region(destination: Destination) -> str:
    names = ("AWS_REGION", "AWS_DEFAULT_REGION")
    given = destination.region or next(filter(None, map(os.environ.get, names)), None)
    if given:
        return given
    with readable_errors():
        found = destination.connection.region_name
    if not found:
        hint = "give --region, or region under [stack] in readmodel.toml"
        raise ConfigError("no region", where="AWS", hint=hint)
    return found


def _endpoint(destination: Destination, region: str) -> str | None:
    """Where S3 is, if that is not where obstore looks for it."""
    given = destination.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3")
    if given or not _ELSEWHERE.match(region):
        return given or os.environ.get("AWS_ENDPOINT_URL")
    with readable_errors():
        return str(destination.connection.client("s3").meta.endpoint_url)


def _client_options(endpoint: str | None) -> Any:
    options: dict[str, Any] = {"allow_http": bool(endpoint and endpoint.startswith("http:"))}
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        options["root_certificate"] = Path(bundle).read_bytes()
    return options


def _credentials(destination: Destination) -> Callable[[], Any]:
    """A key that was given, the environment's, or what boto3 finds in profiles, roles and SSO.

    boto3 prefers the environment's key too, unless a profile is named.
    """
    if given := destination.credentials:
        return partial(_key, given.access_key_id, given.secret_access_key, None)
    key_id, secret = map(os.environ.get, ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    if destination.profile is None and key_id and secret:
        return partial(_key, key_id, secret, os.environ.get("AWS_SESSION_TOKEN"))
    return _from_boto3(destination)


def _from_boto3(destination: Destination) -> Callable[[], Any]:
    import boto3
    from obstore.auth.boto3 import Boto3CredentialProvider

    with readable_errors():
        session = boto3.Session(profile_name=destination.profile, region_name=destination.region)
        if session.get_credentials() is None:
            hint = "set AWS_PROFILE or --profile, or try it all with --sandbox"
            raise ReadModelError("unable to locate credentials", where="AWS", hint=hint)
        return Boto3CredentialProvider(session, ttl=_GOOD_FOR)


def _key(access_key_id: str, secret_access_key: str, token: str | None) -> dict[str, object]:
    """A key that does not end; None as a token hides that of the environment."""
    return {
        "access_key_id": access_key_id,
        "secret_access_key": secret_access_key,
        "token": token,
        "expires_at": None,
    }
