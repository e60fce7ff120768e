"""The gateway response types: how API Gateway itself rejects or fails a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ResponseType = Literal[
    "API_CONFIGURATION_ERROR",
    "BAD_REQUEST_BODY",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "MISSING_AUTHENTICATION_TOKEN",
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
# LocalStack's code. The error type of API_CONFIGURATION_ERROR, and the
# message and error type of BAD_REQUEST_BODY, are (assumed). BAD_REQUEST_BODY is for a body that a
# template reads as JSON but is not JSON ("a 400 response may be returned").
FAILURES: Mapping[ResponseType, Failure] = {
    "API_CONFIGURATION_ERROR": Failure(500, "Internal server error"),
    "BAD_REQUEST_BODY": Failure(
        400, "Could not parse request body into json", "BadRequestException"
    ),
    "INTEGRATION_FAILURE": Failure(504, "Network error communicating with endpoint"),
    "INTEGRATION_TIMEOUT": Failure(504, "Endpoint request timed out"),
    "MISSING_AUTHENTICATION_TOKEN": Failure(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "REQUEST_TOO_LARGE": Failure(
        413, "HTTP content length exceeded 10485760 bytes.", "RequestTooLargeException"
    ),
    "THROTTLED": Failure(429, "Too Many Requests", "TooManyRequestsException"),
    "UNSUPPORTED_MEDIA_TYPE": Failure(415, "Unsupported Media Type", "BadRequestException"),
}


class GatewayResponseError(Exception):
    """Raised while a request is evaluated: the client gets the gateway response of this type."""

    def __init__(self, response_type: ResponseType) -> None:
        super().__init__(response_type)
        self.response_type: ResponseType = response_type
