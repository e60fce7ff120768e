"""One request and one answer of HTTP, as values, and which call of AWS a request is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qs, urlsplit

Headers = tuple[tuple[str, str], ...]


def _header(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Request:
    """A request as it came, with its Host header: the signature covers it."""

    method: str
    target: str
    headers: Headers
    body: bytes

    @property
    def service(self) -> str:
        """The service that the request is signed for; empty for one without a signature."""
        signed = _header(self.headers, "Authorization")
        found = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", signed)
        return found[1] if found else ""

    @property
    def parameters(self) -> Mapping[str, str]:
        """The form of a call of the query protocol, CloudFormation's and IAM's."""
        form = parse_qs(self.body.decode(errors="replace"))
        return {name: values[0] for name, values in form.items()}

    @property
    def action(self) -> str:
        """The call: its `Action`, else service, method and path, without random names."""
        if "Action" in self.parameters:
            return self.parameters["Action"]
        url = urlsplit(self.target)
        path = re.sub(r"^/(_aws/execute-api/|restapis/)?[^/]+", r"/\1*", url.path)
        path = re.sub(r"(deployments/|readmodel-cfn-probe-)\w+", r"\1*", path)
        first = url.query.partition("&")[0].partition("=")[0]
        return f"{self.service} {self.method} {path}" + (f"?{first}" if first else "")

    @property
    def protocol(self) -> str:
        """The format of the answer: s3, query (XML), or json."""
        if self.service == "s3":
            return "s3"
        return "query" if "Action" in self.parameters else "json"

    @property
    def token(self) -> str:
        """The token by which AWS knows a call that is made again; empty where it has none."""
        form = self.parameters
        return form.get("ClientRequestToken") or form.get("ClientToken", "")


@dataclass(frozen=True)
class Answer:
    """An answer; with `cut`, the connection breaks after that many bytes of the body."""

    status: int
    headers: Headers
    body: bytes
    cut: int | None = None

    @classmethod
    def of(cls, status: int, kind: str, body: str) -> Self:
        """An answer that the proxy makes up."""
        return cls(status, (("Content-Type", kind),), body.encode())

    def header(self, name: str) -> str:
        """A header's value; empty if it is not there."""
        return _header(self.headers, name)

    def saying(self, body: bytes) -> Self:
        """The same answer with another body, and so with another length."""
        headers = tuple(header for header in self.headers if header[0].lower() != "content-length")
        return replace(self, headers=headers, body=body)


SILENCE = Answer(0, (), b"")
"""No answer on a connection that stays open."""
