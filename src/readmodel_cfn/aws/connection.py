"""The region, credentials and endpoint of all AWS clients.

boto3 is imported when the first client is created, so that other commands start fast.
"""

import os
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from readmodel_cfn.aws.debug import hide, watch
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.target import Target

if TYPE_CHECKING:
    import boto3

_READ_TIMEOUT = 60.0  # seconds without a byte, after which an attempt has failed


@dataclass(frozen=True)
class Credentials:
    """An access key, used instead of the environment's or a profile's."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Connection:
    """How to reach AWS; values of None come from the environment and ~/.aws.

    `endpoint_url` is one URL for every service, such as an emulator's; it takes precedence over
    those of the environment and the profile. `sandbox` is whether it is the embedded AWS. `session`
    is a boto3 session to use instead of a new one. `allowed_account` is the only account that may
    be used: a stack in any other is refused, and S3 refuses requests to a bucket of any other.
    `env` is the environment of readmodel.toml, for messages.
    """

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    credentials: Credentials | None = None
    sandbox: bool = False
    session: "boto3.Session | None" = field(default=None, repr=False)
    allowed_account: str | None = None
    env: str | None = None

    @cached_property
    def _session(self) -> "boto3.Session":
        if self.session is not None:
            return self.session
        import boto3

        key = self.credentials
        return boto3.Session(
            profile_name=self.profile,
            region_name=self.given_region,
            aws_access_key_id=key.access_key_id if key else None,
            aws_secret_access_key=key.secret_access_key if key else None,
        )

    @property
    def region_name(self) -> str | None:
        """The region of every client: `region`, or that of the environment or the profile."""
        return self.given_region or self._session.region_name

    @property
    def given_region(self) -> str | None:
        """The region, if it is known without boto3: `region`, or that of the environment.

        boto3 reads AWS_DEFAULT_REGION only; every other AWS SDK reads AWS_REGION.
        """
        names = () if self.session else ("AWS_REGION", "AWS_DEFAULT_REGION")
        return self.region or next(filter(None, map(os.environ.get, names)), None)

    @property
    def profile_name(self) -> str | None:
        """The profile whose credentials are used, if any; boto3 prefers the environment's key.

        https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
        """
        if self.credentials:
            return None
        if self.named_profile or self.session is not None:
            return self.named_profile
        if os.environ.get("AWS_ACCESS_KEY_ID"):
            return None
        return os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE")

    @property
    def named_profile(self) -> str | None:
        """The profile that is not the environment's: `profile`, or that of `session`."""
        if self.profile or self.session is None:
            return self.profile
        found = self.session.profile_name
        return None if found == "default" else found

    @property
    def target(self) -> Target:
        """The account, if it is limited to one, and the region, for messages and programs."""
        return Target(
            account=self.allowed_account,
            region=self.region_name,
            profile=self.profile_name,
            sandbox=self.sandbox,
            env=self.env,
        )

    @property
    def options(self) -> tuple[str, ...]:
        """The options of the command line for the same connection, without secrets."""
        values = {"--region": self.region, "--profile": self.profile}
        if not self.sandbox:
            values["--endpoint-url"] = self.endpoint_url
        words = [word for option, value in values.items() if value for word in (option, value)]
        return (*words, *(["--sandbox"] if self.sandbox else []))

    def client(self, service: Any, connections: int = 10) -> Any:
        """A boto3 client with retries and timeouts, for so many requests at a time.

        Raises:
            ConfigError: the region, the endpoint URL, the certificates or the program that prints
                credentials is invalid.
            ReadModelError: the credentials cannot be fetched.
        """
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "max_attempts": 5},
            connect_timeout=5,
            read_timeout=_READ_TIMEOUT,
            max_pool_connections=connections,
            s3=self._s3_options(),
        )
        hide(self.credentials.secret_access_key if self.credentials else None)
        with readable_errors(), credential_errors():
            self.frozen_credentials()
        try:
            client = self._session.client(service, endpoint_url=self.endpoint_url, config=config)
        except ValueError as error:
            hint = "check --region and --endpoint-url"
            raise ConfigError(str(error).rstrip("."), where="AWS", hint=hint) from error
        if self.ca_bundle and client.meta.endpoint_url.startswith("https:"):
            require_certificates(self.ca_bundle)
        watch(client)
        if codes := _REPORTED_AT_ONCE.get(service):
            handler = partial(_report_at_once, codes)
            client.meta.events.register_first(f"needs-retry.{service}", handler)
        if service == "s3":
            client.meta.events.register("before-parse.s3", _retry_incomplete)
        if service == "s3" and self.allowed_account:
            handler = partial(_expect_bucket_owner, self.allowed_account)
            client.meta.events.register("before-parameter-build.s3", handler)
        return client

    def frozen_credentials(self) -> Any:
        """The credentials as they are now, renewed if they are about to expire."""
        found = self._session.get_credentials()
        frozen = found.get_frozen_credentials() if found else None
        if frozen:
            check_key(frozen.access_key, frozen.secret_key, frozen.token)
        return frozen

    @property
    def emulator_url(self) -> str | None:
        """The URL of an emulator of AWS; None if the connection is to AWS.

        It is `endpoint_url`, or what the environment and the profile set for both CloudFormation
        and API Gateway: AWS has a URL for each service, an emulator one for all.
        """
        if self.endpoint_url:
            return self.endpoint_url
        url = self._configured_endpoint("api_gateway")
        return url if url == self._configured_endpoint("cloudformation") else None

    @property
    def ca_bundle(self) -> Path | None:
        """The file with the certificate authorities to trust, as botocore finds it."""
        configured = self._botocore_session.get_config_variable("ca_bundle")
        path = configured or os.environ.get("REQUESTS_CA_BUNDLE")
        return Path(path) if path else None

    @property
    def _botocore_session(self) -> Any:
        """The session below boto3's, which has the settings of the profile."""
        return self._session._session

    @property
    def _ignores_configured_endpoints(self) -> bool:
        name = "ignore_configured_endpoint_urls"
        return bool(self._botocore_session.get_config_variable(name))

    def _s3_options(self) -> Any:
        """Options of S3's client: the payload is signed, as obstore does it.

        With an endpoint of its own the bucket is a part of the path, unless addressing_style is
        set: few names such as bucket.localhost resolve.
        """
        session = self._botocore_session
        self._check_nested("s3", session.get_scoped_config())
        default = session.get_default_client_config()
        given = dict(default.s3 or {}) if default else {}
        profile = session.get_scoped_config().get("s3")
        is_set = {**(profile if isinstance(profile, dict) else {}), **given}
        own = {} if "addressing_style" in is_set or not self._has_own_s3 else _BY_PATH
        return {**given, **own, "payload_signing_enabled": True}

    def _check_nested(self, name: str, section: Mapping[str, Any]) -> None:
        """Check that the setting has settings below it, as botocore requires.

        Raises:
            ConfigError: it is a text.
        """
        if not isinstance(section.get(name, {}), dict):
            where = self._botocore_session.get_config_variable("config_file")
            hint = "write its settings below it, each on an indented line"
            raise ConfigError(f"{name} is not a group of settings", where=str(where), hint=hint)

    @property
    def _has_own_s3(self) -> bool:
        """Whether S3's endpoint is set: by `endpoint_url`, the environment or the profile."""
        return bool(self.endpoint_url or self._configured_endpoint("s3"))

    def _configured_endpoint(self, service: str) -> str | None:
        """The endpoint of a service that the environment or the profile sets.

        The service's name and the order are botocore's:
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        if self._ignores_configured_endpoints:
            return None
        return (
            os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}")
            or os.environ.get("AWS_ENDPOINT_URL")
            or self._services_of_profile().get(service, {}).get("endpoint_url")
            or self._botocore_session.get_scoped_config().get("endpoint_url")
            or None
        )

    def _services_of_profile(self) -> Mapping[str, Any]:
        """The settings of services that the profile's `services` names.

        Raises:
            ConfigError: botocore cannot read them.
        """
        session = self._botocore_session
        name = session.get_scoped_config().get("services")
        if isinstance(name, dict):
            where = session.get_config_variable("config_file")
            hint = "write services = NAME, and the settings below [services NAME]"
            raise ConfigError("services is not the name of a section", where=str(where), hint=hint)
        services: Mapping[str, Any] = session.full_config.get("services", {}).get(name, {})
        for service in services:
            self._check_nested(service, services)
        return services


# Codes that botocore retries by default, and that are reported at once instead. Of CloudFormation
# LimitExceededException is a quota, of other services it may be a rate. S3's are of another region
# than the configured one, to which botocore would send the request: obstore cannot.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_REPORTED_AT_ONCE = {
    "cloudformation": {"LimitExceeded", "LimitExceededException"},
    "s3": {
        *("301", "302", "307", "308", "PermanentRedirect", "Redirect", "TemporaryRedirect"),
        *("AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
    },
}


def _report_at_once(codes: Set[str], response: Any, operation: Any, **_: object) -> None:
    """A handler that raises the error of a response instead of retrying the request."""
    from botocore.exceptions import ClientError

    if not response:
        return
    status = str(response[0].status_code)  # the body may have no code
    if codes & {response[1].get("Error", {}).get("Code"), status}:
        raise ClientError(response[1], operation.name)


# What each complete response has. botocore retries a response that is not XML, but it reads an
# empty one, or a web page that is XML, as a list without entries (botocore/handlers.py,
# _handle_200_error).
_IN_EACH_RESPONSE = {
    "ListObjectsV2": b"IsTruncated",
    "ListObjectVersions": b"IsTruncated",
    "DeleteObjects": b"DeleteResult",
}
_UNREADABLE = b"<Error><Message>the response cannot be read</Message></Error>"


def _retry_incomplete(operation_model: Any, response_dict: Any, **_: object) -> None:
    """A handler that makes an incomplete response a server error, which botocore retries."""
    expected = _IN_EACH_RESPONSE.get(operation_model.name)
    if not expected or response_dict["status_code"] != _OK:
        return
    if expected not in response_dict["body"]:
        response_dict["status_code"], response_dict["body"] = _SERVER_ERROR, _UNREADABLE


_OK, _SERVER_ERROR = 200, 500
_BY_PATH = {"addressing_style": "path"}


@contextmanager
def credential_errors() -> Iterator[None]:
    """Turn what botocore does not translate into one line, as it fetches credentials.

    These are the errors of json, shlex and subprocess for credential_process, of a missing web
    identity token file, of a container's credentials, of an MFA code without a terminal, and of new
    credentials that have expired (botocore/credentials.py).
    """
    try:
        yield
    except (
        *(ValueError, TypeError, AttributeError, KeyError),
        *(OSError, RuntimeError, EOFError),
    ) as error:
        where = getattr(error, "filename", None) or "credentials"
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        what = f"the credentials cannot be fetched: {reason}".rstrip(".")
        hint = (
            "check credential_process, web_identity_token_file and mfa_serial of the profile, and "
            "AWS_CONTAINER_* and AWS_CREDENTIAL_EXPIRATION of the environment, or renew the login "
            "that they use"
        )
        raise ReadModelError(what, where=str(where), hint=hint) from error


def check_key(*parts: str | None) -> None:
    """Check that an access key or its token has no line break, as a file's last line has.

    Raises:
        ConfigError: it has one, or begins or ends with a space. The text is a secret: it is not
            named.
    """
    if any(part and (part != part.strip() or not part.isprintable()) for part in parts):
        what = "the access key or its token begins or ends with a space or a line break"
        raise ConfigError(what, where="credentials", hint="set it without the space")


def require_certificates(path: Path) -> None:
    """Check that a file has certificate authorities.

    Raises:
        ConfigError: it has none, or cannot be read.
    """
    try:
        is_valid = b"CERTIFICATE-----" in path.read_bytes()
    except OSError:
        is_valid = False
    if not is_valid:
        hint = "set AWS_CA_BUNDLE, or ca_bundle of the profile, to a file in PEM format"
        raise ConfigError("not a file with certificates", where=str(path), hint=hint)


def _expect_bucket_owner(account: str, params: dict[str, Any], model: Any, **_: object) -> None:
    """A handler that adds the expected bucket owner to each request that has the parameter.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    known = model.input_shape.members if model.input_shape else {}
    for name in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        if name in known:
            params.setdefault(name, account)


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
