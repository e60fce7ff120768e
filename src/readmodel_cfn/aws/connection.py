"""AWS clients: one connection makes all of them, with the same session and settings.

boto3 is imported when the first client is made, so that commands which need none start fast.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from readmodel_cfn.errors import ConfigError

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True)
class Credentials:
    """An access key, instead of the environment's or a profile's."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Connection:
    """How to reach AWS; without any value, as the environment and ~/.aws say.

    `endpoint_url` is one URL for every service, such as an emulator's. `sandbox` says that it is
    the embedded AWS. `session` is a boto3 session that is used instead of making one.
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
        """The region of every client: given here, or by the environment or the profile."""
        return self._session.region_name

    @property
    def options(self) -> tuple[str, ...]:
        """The command line's options for the same connection; secrets are never among them."""
        values = {"--region": self.region, "--profile": self.profile}
        if not self.sandbox:
            values["--endpoint-url"] = self.endpoint_url
        words = [word for option, value in values.items() if value for word in (option, value)]
        return (*words, *(["--sandbox"] if self.sandbox else []))

    def client(self, service: Any) -> Any:
        """A boto3 client with retries, and timeouts that a person can wait for.

        Raises:
            ConfigError: a region or an endpoint URL that no client can have.
        """
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "max_attempts": 5},
            connect_timeout=5,
            read_timeout=60,
            s3={"addressing_style": "path"} if self.endpoint_url else None,
        )
        try:
            return self._session.client(service, endpoint_url=self.endpoint_url, config=config)
        except ValueError as error:
            of_process = isinstance(error, json.JSONDecodeError)  # the process did not print JSON
            hint = "check credential_process" if of_process else "check --region and --endpoint-url"
            raise ConfigError(str(error).rstrip("."), where="AWS", hint=hint) from error

    def with_credentials(self, credentials: Credentials) -> "Connection":
        """The same region and endpoint with another access key."""
        return Connection(
            self.region_name, None, self.endpoint_url, credentials, sandbox=self.sandbox
        )
