"""What goes in and out of the gateway: a client's request and response, S3's request and response.

The gateway does no input or output itself. Its owner gives it a `Request`, gets either the final
`Response` or an `S3Request` to carry out, and hands the `S3Response` back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request: `path` is decoded, starts with `/` and lies below the stage.

    Header names are lower case; a header sent twice is joined with a comma by the owner.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What the client gets; header names are spelled as the API's definition spells them."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class S3Request:
    """The backend call of an `s3:path` integration, to be made with `credentials`' permissions.

    `credentials` is the ARN of the integration's role, or None where the definition names none.
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
    """S3's answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
