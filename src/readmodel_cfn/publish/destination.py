"""The bucket to publish to."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from readmodel_cfn.aws.causes import CHECK_NETWORK
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished
from readmodel_cfn.publish.results import named
from readmodel_cfn.target import Target

if TYPE_CHECKING:
    import boto3


NO_PROGRESS = 120.0
"""Seconds without a response of S3 after which a run ends."""
ACCESS_DENIED = "access denied"
"""What is wrong if an error names the required permission instead of AWS's message."""


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
            denied = "AccessDenied" in error.what or error.what == ACCESS_DENIED
            if self.bucket_owner and denied:
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


def no_response(where: str) -> Unfinished:
    """The error after NO_PROGRESS seconds without a response."""
    return Unfinished("S3 has not responded for two minutes", where=where, hint=CHECK_NETWORK)


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
        profile=connection.named_profile,  # which has the settings of S3, such as its endpoint
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
