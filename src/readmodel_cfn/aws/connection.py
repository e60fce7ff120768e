"""Connection: the region, credentials and endpoint of all AWS clients; StackLocation: one stack.

boto3 is imported when the first client is created, so that other commands start fast.
"""

import json
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from readmodel_cfn.aws.debug import hide, watch
from readmodel_cfn.errors import ConfigError

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True)
class Credentials:
    """An access key, used instead of the environment's or a profile's."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Connection:
    """How to reach AWS; values of None come from the environment and ~/.aws.

    `endpoint_url` is one URL for every service, such as an emulator's. `sandbox` is whether that is
    the embedded AWS. `session` is a boto3 session to use instead of a new one.
    """

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    credentials: Credentials | None = None
    sandbox: bool = False
    session: "boto3.Session | None" = field(default=None, repr=False)

    @cached_property
    def _session(self) -> "boto3.Session":
        if self.session is not None:
            return self.session
        import boto3

        key = self.credentials
        return boto3.Session(
            profile_name=self.profile,
            region_name=self.region,
            aws_access_key_id=key.access_key_id if key else None,
            aws_secret_access_key=key.secret_access_key if key else None,
        )

    @property
    def region_name(self) -> str | None:
        """The region of every client: `region`, or that of the environment or the profile."""
        return self._session.region_name

    @property
    def options(self) -> tuple[str, ...]:
        """The options of the command line for the same connection, without secrets."""
        values = {"--region": self.region, "--profile": self.profile}
        if not self.sandbox:
            values["--endpoint-url"] = self.endpoint_url
        words = [word for option, value in values.items() if value for word in (option, value)]
        return (*words, *(["--sandbox"] if self.sandbox else []))

    def client(self, service: Any) -> Any:
        """A boto3 client with retries and timeouts.

        Raises:
            ConfigError: the region, the endpoint URL or the credential process is invalid.
        """
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "max_attempts": 5},
            connect_timeout=5,
            read_timeout=60,
            s3={"addressing_style": "path"} if self.endpoint_url else None,
        )
        hide(self.credentials.secret_access_key if self.credentials else None)
        try:
            client = self._session.client(service, endpoint_url=self.endpoint_url, config=config)
        except ValueError as error:
            not_json = isinstance(error, json.JSONDecodeError)  # the output of credential_process
            hint = "check credential_process" if not_json else "check --region and --endpoint-url"
            raise ConfigError(str(error).rstrip("."), where="AWS", hint=hint) from error
        watch(client)
        return client

    def with_credentials(self, credentials: Credentials) -> "Connection":
        """The same region and endpoint with another access key."""
        return Connection(
            self.region_name, None, self.endpoint_url, credentials, sandbox=self.sandbox
        )


@dataclass(frozen=True)
class StackLocation:
    """A stack's name, and the connection to its account and region."""

    name: str
    connection: Connection

    def __str__(self) -> str:
        return f"stack {self.name} in {self.connection.region_name or 'no region'}"

    def place(self, stack_id: str) -> str:
        """Where the stack with this ID is: account and region, which are in the ID, an ARN."""
        if self.connection.sandbox:
            return "the sandbox"
        _, _, _, region, account, *_ = [*stack_id.split(":"), *[""] * 5]
        return "/".join(filter(None, (account, region or self.connection.region_name)))

    def command(self, name: str, *options: str) -> str:
        """A command line for this stack, for messages."""
        words = [name, "--stack-name", self.name, *self.connection.options, *options]
        return shlex.join(["readmodel-cfn", *words])


def check_endpoint_url(url: str) -> None:
    """Check that an endpoint URL is an http or https URL.

    Raises:
        ConfigError: it is not.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # an invalid port or IPv6 address
        valid = False
    if not valid:
        hint = "allowed: an http or https URL, such as http://127.0.0.1:4566"
        raise ConfigError(f"{url!r} is not allowed", where="--endpoint-url", hint=hint)
