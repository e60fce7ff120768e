"""The bucket to publish to, and obstore's connection to it with boto3's credentials."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish.results import named
from readmodel_cfn.target import Target

if TYPE_CHECKING:
    import boto3

# Regions whose endpoints do not end in amazonaws.com, which obstore does not know.
_OTHER_PARTITIONS = re.compile(r"cn-|eusc-|us-iso|eu-iso")
# The names that botocore accepts; obstore does not check them, and may panic.
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
# botocore renews credentials 15 minutes before they expire, so they are valid for longer than this.
_VALID_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Destination:
    """The bucket to publish to; values of None come from the environment.

    It can be pickled and sent to worker processes, unless it has a session.

    Args:
        bucket: Name of the bucket.
        region: AWS region.
        endpoint_url: URL of S3, such as that of an emulator.
        profile: AWS profile.
        credentials: An access key.
        session: A boto3 session, instead of profile and credentials.
        allow: Actions that the credentials allow, as in `allow` under [writer]; None if unknown.
        bucket_owner: The account that must own the bucket: S3 refuses requests to any other bucket.
        target: The account, region and stack, for messages and results.
    """

    bucket: str
    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    credentials: Credentials | None = field(default=None, repr=False)
    session: "boto3.Session | None" = field(default=None, repr=False)
    allow: frozenset[str] | None = None
    bucket_owner: str | None = None
    target: Target = field(default_factory=Target)

    @classmethod
    def from_connection(
        cls, connection: Connection, bucket: str, target: Target | None = None
    ) -> Self:
        """A bucket, reached by a connection; `target` is the stack that it belongs to."""
        return cls(
            bucket,
            connection.region,
            connection.endpoint_url,
            connection.profile,
            connection.credentials,
            connection.session,
            bucket_owner=connection.allowed_account,
            target=target or connection.target,
        )

    def __str__(self) -> str:
        return named(self.bucket, self.target)

    @property
    def connection(self) -> Connection:
        """The connection for boto3."""
        return Connection(
            self.region,
            self.profile,
            self.endpoint_url,
            self.credentials,
            session=self.session,
            allowed_account=self.bucket_owner,
        )

    @contextmanager
    def owner_named_in_errors(self) -> Iterator[None]:
        """Name the expected bucket owner if S3 denies access: its own message does not."""
        try:
            yield
        except ReadModelError as error:
            if self.bucket_owner and "AccessDenied" in error.what:
                required = f"the bucket must belong to account {self.bucket_owner}"
                error.hint = f"{error.hint}; {required}" if error.hint else required
            raise

    def allows(self, action: str) -> bool:
        """Whether the credentials allow the action, or it is unknown."""
        return self.allow is None or action in self.allow

    def require(self, option: str, *actions: str) -> None:
        """Check that the credentials allow what an option needs, before anything is done.

        Raises:
            ConfigError: they do not allow it.
        """
        if missing := [action for action in actions if not self.allows(action)]:
            words = " and ".join(f'"{action}"' for action in missing)
            hint = "add it in readmodel.toml and deploy, or publish with your own credentials"
            raise ConfigError(f"requires {words} under [writer] allow", where=option, hint=hint)


DestinationOrLookup = Destination | Callable[[], Destination]
"""A destination, or a function that looks it up; it is called once the documents are checked."""


def resolve(destination: DestinationOrLookup) -> Destination:
    """The destination."""
    return destination if isinstance(destination, Destination) else destination()


def as_writer(
    destination: Destination, outputs: Mapping[str, str], allow: tuple[str, ...]
) -> Destination:
    """The same bucket with the access key of the stack's writer.

    `allow` is what the read model grants the writer. It does not apply to the article's stack,
    which has no ApiUrl.

    Raises:
        ReadModelError: the stack has no user with an access key, or its secret has no key.
    """
    connection = destination.connection
    return replace(
        destination,
        credentials=_writer_credentials(outputs, connection.client("secretsmanager")),
        region=connection.region_name,
        profile=None,
        session=None,
        allow=frozenset(allow) if "ApiUrl" in outputs else None,
    )


def _writer_credentials(outputs: Mapping[str, str], secrets_manager: Any) -> Credentials:
    """The access key from the secret that the outputs name, or from the outputs."""
    if "DataStoreSecretArn" in outputs:
        return _from_secret(outputs["DataStoreSecretArn"], secrets_manager)
    if "DataStoreSecretAccessKey" in outputs:
        return Credentials(outputs["DataStoreAccessKeyId"], outputs["DataStoreSecretAccessKey"])
    raise ReadModelError(
        "the stack has no user with an access key",
        where="--as-writer",
        hint="set kind = 'user' under [writer], or publish with your own credentials",
    )


def _from_secret(arn: str, secrets_manager: Any) -> Credentials:
    with readable_errors():
        secret = secrets_manager.get_secret_value(SecretId=arn)
    try:
        key = json.loads(secret["SecretString"])
        return Credentials(key["access_key_id"], key["secret_access_key"])
    except (ValueError, KeyError, TypeError) as error:  # another value was stored in it
        hint = "increase serial under [writer] and deploy: that creates a new key"
        raise ReadModelError("the secret has no access key", where=arn, hint=hint) from error


def connected(destination: Destination, retries: Any) -> Any:
    """obstore's client of the bucket.

    Raises:
        ConfigError: the bucket's name is invalid, or there is no region.
        ReadModelError: there are no credentials, or the process is a fork.
    """
    from obstore.store import S3Store

    if _first_process() != os.getpid():
        hint = "start worker processes with spawn or forkserver"
        what = "the process was forked from one that has published"
        raise ReadModelError(what, where="publish", hint=hint)
    if not _BUCKET.fullmatch(destination.bucket):
        hint = "use the name alone, such as my-bucket"
        raise ConfigError("not a bucket's name", where=repr(destination.bucket), hint=hint)
    region, credentials = _region(destination), _credentials(destination)
    endpoint = _endpoint(destination, region)
    # obstore prefers AWS_ENDPOINT_URL_S3 of the environment to `endpoint` alone.
    at: Any = {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint} if endpoint else {}
    return S3Store(
        destination.bucket,
        region=region,
        **at,
        virtual_hosted_style_request=not endpoint,
        checksum_algorithm="sha256",
        client_options=_client_options(endpoint, destination.bucket_owner),
        retry_config=retries,
        credential_provider=credentials,
    )


@cache
def _first_process() -> int:
    """The process that used obstore first: a fork of it would wait for its threads forever."""
    return os.getpid()


def _region(destination: Destination) -> str:
    names = () if destination.session else ("AWS_REGION", "AWS_DEFAULT_REGION")
    given = destination.region or next(filter(None, map(os.environ.get, names)), None)
    if given:
        return given
    with readable_errors():
        found = destination.connection.region_name
    if not found:
        hint = "set --region, or region under [stack] in readmodel.toml"
        raise ConfigError("no region", where="AWS", hint=hint)
    return found


def _endpoint(destination: Destination, region: str) -> str | None:
    """The URL of S3, if obstore does not know it."""
    given = destination.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3")
    if given or not _OTHER_PARTITIONS.match(region):
        return given or os.environ.get("AWS_ENDPOINT_URL")
    with readable_errors():
        return str(destination.connection.client("s3").meta.endpoint_url)


def _client_options(endpoint: str | None, bucket_owner: str | None) -> Any:
    options: dict[str, Any] = {"allow_http": bool(endpoint and endpoint.startswith("http:"))}
    if bucket_owner:  # obstore signs these headers, except those of ListObjectsV2
        options["default_headers"] = {"x-amz-expected-bucket-owner": bucket_owner}
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        options["root_certificate"] = Path(bundle).read_bytes()
    return options


def _credentials(destination: Destination) -> Callable[[], Any]:
    """`credentials`, the environment's key, or what boto3 finds in a session, profiles or SSO.

    boto3 prefers the environment's key too, unless a profile is named.
    """
    if given := destination.credentials:
        return partial(_key, given.access_key_id, given.secret_access_key, None)
    key_id, secret = map(os.environ.get, ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    if destination.profile is None and destination.session is None and key_id and secret:
        return partial(_key, key_id, secret, os.environ.get("AWS_SESSION_TOKEN"))
    return _from_boto3(destination)


def _from_boto3(destination: Destination) -> Callable[[], Any]:
    import boto3
    from obstore.auth.boto3 import Boto3CredentialProvider

    with readable_errors():
        session = destination.session or boto3.Session(
            profile_name=destination.profile, region_name=destination.region
        )
        if session.get_credentials() is None:
            hint = "set AWS_PROFILE or --profile, or use --sandbox"
            raise ReadModelError("unable to locate credentials", where="AWS", hint=hint)
        return Boto3CredentialProvider(session, ttl=_VALID_FOR)


def _key(access_key_id: str, secret_access_key: str, token: str | None) -> dict[str, object]:
    """A key that does not expire; the token None overrides that of the environment."""
    return {
        "access_key_id": access_key_id,
        "secret_access_key": secret_access_key,
        "token": token,
        "expires_at": None,
    }
