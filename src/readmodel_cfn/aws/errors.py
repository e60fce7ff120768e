"""botocore errors as this package's one-line errors, and which of them to retry."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from readmodel_cfn.aws.causes import (
    CHECK_NETWORK,
    CHECK_PROXY,
    NO_CONDITION,
    NOT_TRUSTED,
    RENEW,
    TRY_LATER,
    hint_for,
)
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished


class UnreadableResponse(ReadModelError):
    """A response that AWS did not send: empty, incomplete, or the page of a proxy."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            "the response cannot be read",
            where=f"AWS {_camel(operation)}".rstrip(),
            hint="run the command again",
        )


def _camel(operation: str) -> str:
    """The operation name as AWS writes it: ListObjects for list_objects."""
    return "".join(word[:1].upper() + word[1:] for word in operation.split("_"))


@contextmanager
def readable_responses(operation: str) -> Iterator[None]:
    """Turn the exceptions for an unreadable response into UnreadableResponse.

    botocore raises ResponseParserError, and UnicodeDecodeError for bytes that should be JSON;
    other XML or a missing field is a KeyError.
    """
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (ResponseParserError, UnicodeDecodeError, KeyError, IndexError) as error:
        raise UnreadableResponse(operation) from error


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn botocore's exceptions into this package's one-line errors; also a decorator."""
    try:
        yield
    except Exception as error:
        readable = readable_error(error)
        if readable is None or readable is error:
            raise
        raise readable from error


def readable_error(error: Exception) -> ReadModelError | None:
    """The error for an exception of botocore; None for any other.

    An error of this package is returned unchanged.
    """
    if isinstance(error, ReadModelError):
        return error
    if "botocore" not in sys.modules:
        return None
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return _client_error(error)
    if isinstance(error, BotoCoreError):
        return _botocore_error(error)
    return UnreadableResponse("") if isinstance(error, ResponseParserError) else None


def aws_errors() -> tuple[type[Exception], ...]:
    """The exceptions that an AWS call may raise."""
    from botocore.exceptions import BotoCoreError, ClientError

    return ClientError, BotoCoreError, UnreadableResponse


def error_code(error: Any) -> str:
    """The service's code of a ClientError, such as AccessDenied."""
    return str(error.response.get("Error", {}).get("Code") or "")


def is_refusal(error: Exception) -> bool:
    """Whether AWS refused the call and did nothing, which is unknown after a server error."""
    from botocore.exceptions import ClientError

    return isinstance(error, ClientError) and _status(error) < _SERVER_ERROR


def was_refused(error: BaseException) -> bool:
    """Whether the cause of this package's error is a refusal, so that nothing was changed."""
    return isinstance(error.__cause__, Exception) and is_refusal(error.__cause__)


def is_denied(error: Exception) -> bool:
    """Whether the caller does not have the permission."""
    from botocore.exceptions import ClientError

    return isinstance(error, ClientError) and error_code(error) in _DENIED


def is_transient(error: Exception) -> bool:
    """Whether a retry may help: throttling, a server error, or a lost connection."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return error_code(error) in _THROTTLED or _status(error) >= _SERVER_ERROR
    connection_errors = exceptions.HTTPClientError | exceptions.ConnectionError
    lost = isinstance(error, connection_errors | UnreadableResponse)
    return lost and not isinstance(error, exceptions.SSLError)


def may_be_done(error: Exception) -> bool:
    """Whether the call may have been carried out: it was sent, and AWS did not refuse it."""
    from botocore import exceptions
    from urllib3.exceptions import LocationValueError

    never_sent = (
        exceptions.EndpointConnectionError,
        exceptions.ConnectTimeoutError,
        exceptions.ProxyConnectionError,
    )
    if isinstance(error, never_sent) or not is_transient(error):
        return False
    if isinstance(error, exceptions.ClientError):
        return error_code(error) not in _THROTTLED and _status(error) in UNKNOWN_AFTER
    cause = getattr(error, "kwargs", {}).get("error")
    return not isinstance(cause, LocationValueError)  # of a proxy that cannot be used


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def was_retried(error: Any) -> bool:
    """Whether botocore retried the call, so that its first attempt may have succeeded."""
    response = getattr(error, "response", {})
    return bool(response.get("ResponseMetadata", {}).get("RetryAttempts"))


_SERVER_ERROR = 500
UNKNOWN_AFTER = {500, 502, 504}
"""The statuses after which AWS may have carried out the call nevertheless."""
_CONDITION_NOT_MET = 412
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
# Errors whose class names begin with these are raised before a request: usage errors.
_USAGE = (
    *("NoRegionError", "ProfileNotFound", "ParamValidationError"),
    *("Invalid", "Config", "InfiniteLoop"),
)


def _client_error(error: Any) -> ReadModelError:
    code, message = error_code(error), error.response.get("Error", {}).get("Message") or ""
    if code.isdigit():  # the status of a response without a body
        code = message = ""
    hint = hint_for(code or str(_status(error)), message)
    if hint is None and is_transient(error):
        hint = TRY_LATER
    text = " ".join(filter(None, (code and f"{code}:", message))).rstrip(":")
    what = " ".join(text.split()) or f"the response has status {_status(error)}"
    where = f"AWS {error.operation_name}"
    if error.operation_name == "PutObject" and _status(error) == _CONDITION_NOT_MET:
        return Unfinished(what, where=where, hint=NO_CONDITION)  # others are LostRace before
    return ReadModelError(what, where=where, hint=hint)


def _botocore_error(error: Any) -> ReadModelError:
    hints = {
        **dict.fromkeys(_NO_TOKEN, RENEW),
        "NoCredentialsError": "set AWS_PROFILE or --profile, or use --sandbox",
        "PartialCredentialsError": (
            "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            if getattr(error, "kwargs", {}).get("provider") == "env"
            else "complete the profile"
        ),
        **dict.fromkeys(_PROFILE, "fix the profile"),
        "HTTPClientError": CHECK_PROXY,
        "CredentialRetrievalError": f"check credential_process of the profile, or {RENEW}",
        "NoRegionError": "use --region, or set region under [stack] in readmodel.toml",
        "ConfigParseError": "fix the file",
        "ProfileNotFound": "list the profiles with: aws configure list-profiles",
        "SSLError": NOT_TRUSTED if "CERTIFICATE_VERIFY" in str(error) else CHECK_NETWORK,
        **dict.fromkeys(_UNREACHABLE, CHECK_NETWORK),
        **dict.fromkeys(_INCOMPLETE, "run the command again"),
    }
    what, name = " ".join(str(error).split()).rstrip("."), type(error).__name__
    kind = ConfigError if name.startswith(_USAGE) else ReadModelError
    return kind(what, where="AWS", hint=hints.get(name))


_PROFILE = ("InvalidConfigError", "InfiniteLoopConfigurationError")
_NO_TOKEN = ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError")
_INCOMPLETE = (
    *("ConnectionClosedError", "ReadTimeoutError"),
    *("FlexibleChecksumError", "IncompleteReadError", "ResponseStreamingError"),
)
_UNREACHABLE = ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError")
