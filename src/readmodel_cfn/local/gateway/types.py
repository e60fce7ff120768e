"""The requests and responses of the gateway, and the values that its stages share.

The gateway does no input or output itself. The caller passes a `Request` and gets either the final
`Response` or an `S3Request`; it sends that to S3 and passes the `S3Response` back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from readmodel_cfn.cloudformation.rest_api.expressions import Scope


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request: `path` is decoded, starts with `/` and is below the stage.

    Header names are lower case; the caller joins repeated headers with a comma. `time` is in
    seconds since the epoch. `client_request` in `requests` makes one with new IDs.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    request_id: str = ""
    extended_request_id: str = ""
    trace_id: str = ""
    source_ip: str = ""
    protocol: str = "HTTP/1.1"
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Response:
    """The response to the client; header names have the spelling of the API's definition."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class S3Request:
    """The backend request of an `s3:path` integration, with the permissions of `credentials`.

    `credentials` is the ARN of the integration's role, or None if the definition has none.
    `region` comes from the integration's URI. Header names are lower case.
    """

    method: str
    bucket: str
    key: str
    region: str
    credentials: str | None
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class S3Response:
    """S3's response; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """A client's request, and the values that mappings and templates may read."""

    request: Request
    scope: Scope
