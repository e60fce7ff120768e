"""The gateway response types: how API Gateway itself rejects or fails a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ResponseType = Literal[
    "API_CONFIGURATION_ERROR",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "THROTTLED",
    "UNSUPPORTED_MEDIA_TYPE",
]
"""The gateway response types that this gateway uses."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A response type's default status, message and x-amzn-ErrorType."""

    status: int
    message: str
    error_type: str = "InternalServerErrorException"


# Statuses: developer guide, "Gateway response types for API Gateway". Messages and error types:
# responses of AWS in public reports (the 504 with "Network error communicating with endpoint") and
# LocalStack's code. The message and error type of BAD_REQUEST_BODY and QUOTA_EXCEEDED, and the
# message of DEFAULT_4XX, are (assumed). BAD_REQUEST_BODY is for a body that a template reads as
# JSON but is not JSON ("a 400 response may be returned"). DEFAULT_4XX is for an Authorization
# header that is not a signature, if the method has the authorization AWS_IAM.
FAILURES: Mapping[ResponseType, Failure] = {
    "API_CONFIGURATION_ERROR": Failure(500, "Internal server error"),
    "BAD_REQUEST_BODY": Failure(
        400, "Could not parse request body into json", "BadRequestException"
    ),
    "BAD_REQUEST_PARAMETERS": Failure(
        400, "Missing required request parameters", "BadRequestException"
    ),
    "DEFAULT_4XX": Failure(
        403,
        "Authorization header requires 'Credential' parameter.",
        "IncompleteSignatureException",
    ),
    "INTEGRATION_FAILURE": Failure(504, "Network error communicating with endpoint"),
    "INTEGRATION_TIMEOUT": Failure(504, "Endpoint request timed out"),
    "INVALID_API_KEY": Failure(403, "Forbidden", "ForbiddenException"),
    "MISSING_AUTHENTICATION_TOKEN": Failure(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": Failure(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": Failure(
        413, "HTTP content length exceeded 10485760 bytes.", "RequestTooLargeException"
    ),
    "THROTTLED": Failure(429, "Too Many Requests", "TooManyRequestsException"),
    "UNSUPPORTED_MEDIA_TYPE": Failure(415, "Unsupported Media Type", "BadRequestException"),
}


class GatewayResponseError(Exception):
    """Raised while a request is evaluated: the client gets the gateway response of this type.

    `message` replaces the message of the type.
    """

    def __init__(self, response_type: ResponseType, message: str | None = None) -> None:
        super().__init__(response_type)
        self.response_type: ResponseType = response_type
        self.message: str | None = message
