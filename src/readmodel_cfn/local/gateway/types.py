"""What goes in and out of the gateway, and the values that its stages pass on.

The gateway does no input or output itself. Its owner gives it a `Request`, gets either the final
`Response` or an `S3Request` to carry out, and hands the `S3Response` back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Place = Literal["static", "header", "querystring", "path", "context", "stageVariables", "response"]

Scope = Mapping[Place, Mapping[str, str]]
"""The values that mappings and templates read, by place; header names are lower case."""


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request: `path` is decoded, starts with `/` and is below the stage.

    Header names are lower case; the owner joins repeated headers with a comma.
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
    """S3's response; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """A client's request, and the values that mappings and templates may read."""

    request: Request
    scope: Scope
