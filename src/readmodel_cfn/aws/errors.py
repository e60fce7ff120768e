"""botocore's errors as this package's: one line each, and what is worth a retry."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from readmodel_cfn.errors import ConfigError, ReadModelError


class UnreadableAnswer(ReadModelError):
    """AWS, or something between, answered what is no answer: empty, cut off, or another page."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            "the answer cannot be read",
            where=f"AWS {_camel(operation)}".rstrip(),
            hint="run the command again",
        )


def _camel(operation: str) -> str:
    """As AWS writes it, however it is given: ListObjects of list_objects."""
    return "".join(word[:1].upper() + word[1:] for word in operation.split("_"))


@contextmanager
def readable_answers(operation: str) -> Iterator[None]:
    """Turn what botocore raises for an unreadable answer into an error of ours.

    That is its parser's error, or a KeyError where the answer is XML of something else.
    """
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (ResponseParserError, KeyError, IndexError) as error:
        raise UnreadableAnswer(operation) from error


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn what botocore raises into this package's one-line errors."""
    try:
        yield
    except Exception as error:
        told = _told(error) if "botocore" in sys.modules else None
        if told is None:
            raise
        raise told from error


def _told(error: Exception) -> ReadModelError | None:
    """What botocore's error says; None for any other. Only where it is loaded: that takes time."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientError):
        return _refused(error)
    if isinstance(error, BotoCoreError):
        return _unreachable(error)
    return UnreadableAnswer("") if isinstance(error, ResponseParserError) else None


def aws_errors() -> tuple[type[Exception], ...]:
    """The exceptions that a call of AWS may end with."""
    from botocore.exceptions import BotoCoreError, ClientError

    return ClientError, BotoCoreError, UnreadableAnswer


def error_code(error: Any) -> str:
    """The service's code of a ClientError, such as AccessDenied."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_refusal(error: Exception) -> bool:
    """Did AWS itself say no, so that nothing was done? A server's fault does not say that."""
    from botocore.exceptions import ClientError

    return isinstance(error, ClientError) and _status(error) < _SERVER_FAULT


def is_transient(error: Exception) -> bool:
    """Is it a trouble that passes by itself: throttling, a server's fault, a lost connection?"""
    from botocore import exceptions as of

    if isinstance(error, of.ClientError):
        return error_code(error) in _THROTTLED or _status(error) >= _SERVER_FAULT
    lost = isinstance(error, of.HTTPClientError | of.ConnectionError | UnreadableAnswer)
    return lost and not isinstance(error, of.SSLError)


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def was_retried(error: Any) -> bool:
    """Was the refused call made more than once, so that its first may have been obeyed?"""
    response = getattr(error, "response", {})
    return bool(response.get("ResponseMetadata", {}).get("RetryAttempts"))


_SERVER_FAULT = 500
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
}
_RENEW = "renew the credentials (aws sso login, or a new token) and run the command again"
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_NO_TOKEN = {"UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"}
_BAD_KEY = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
}
_NEW_KEY = {"InvalidAccessKeyId"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
# How the names of errors begin that say: it cannot even be asked, because of what was given.
_USAGE = ("NoRegionError", "ProfileNotFound", "ParamValidationError", "Invalid", "Config")


def _refused(error: Any) -> ReadModelError:
    code, message = error_code(error), error.response.get("Error", {}).get("Message", "")
    hint = None
    if code in _EXPIRED:
        hint = _RENEW
    elif code in _BAD_KEY:
        hint = "check the access key, or choose another profile with --profile"
    elif code in _NEW_KEY:
        hint = "check the access key; a new one takes some seconds until every service knows it"
    elif code in _DENIED:
        hint = "ask for this permission, or choose another profile with --profile"
    elif is_transient(error):
        hint = "run the command again in a minute"
    told = " ".join(filter(None, (code and f"{code}:", message))).rstrip(":")
    what = " ".join(told.split()) or f"it answered with status {_status(error)}"
    return ReadModelError(what, where=f"AWS {error.operation_name}", hint=hint)


def _unreachable(error: Any) -> ReadModelError:
    hints = {
        **dict.fromkeys(_NO_TOKEN, _RENEW),
        "NoCredentialsError": "set AWS_PROFILE or --profile, or try it all with --sandbox",
        "PartialCredentialsError": "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "NoRegionError": "give --region, or region under [stack] in readmodel.toml",
        "ConfigParseError": "correct it",
        "ProfileNotFound": "list the profiles with: aws configure list-profiles",
        "EndpointConnectionError": "check the network, the region and --endpoint-url",
        "ConnectTimeoutError": "check the network, the region and --endpoint-url",
        "ConnectionClosedError": "run the command again",
        "ReadTimeoutError": "run the command again",
    }
    what, name = " ".join(str(error).split()).rstrip("."), type(error).__name__
    kind = ConfigError if name.startswith(_USAGE) else ReadModelError
    return kind(what, where="AWS", hint=hints.get(name))
