"""A request made, and its answer reduced to what two servers must have in common."""

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from second_opinion.cases import Ask

_TIMEOUT = 30
# These name the request, the server or the connection; what they are of differs by nature. The
# length follows from the body.
_OWN = {
    "connection",
    "content-length",
    "date",
    "server",
    "transfer-encoding",
    "x-amz-apigw-id",
    "x-amz-request-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-localstack",
}
_S3_ERROR = re.compile(rb"<Error>.*?<Code>(\w+)</Code>", re.DOTALL)
_SHOWN = 60  # characters of a body


@dataclass(frozen=True)
class Answer:
    """A status, the headers that count, in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> str:
        """The body to compare: a document byte for byte, an error by what it says."""
        if self.status < 300:
            return repr(self.body)
        if found := _S3_ERROR.search(self.body):
            return f"S3's {found[1].decode()}"
        try:
            return json.dumps(json.loads(self.body), sort_keys=True)
        except ValueError:
            return repr(self.body)


def ask(url: str, one: Ask) -> Answer:
    """Make the request below `url`, exactly as it is written: no header of the client's own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
    try:
        connection.putrequest(one.method, parts.path + one.path, skip_accept_encoding=True)
        for name, value in one.headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        return Answer(reply.status, _counting(reply.getheaders()), reply.read())
    finally:
        connection.close()


def shown(content: str) -> str:
    """A text short enough for a line."""
    return content if len(content) <= _SHOWN else f"{content[:_SHOWN]}... ({len(content)})"


def _counting(headers: list[tuple[str, str]]) -> dict[str, str]:
    kept = {name.lower(): value for name, value in headers if name.lower() not in _OWN}
    if "last-modified" in kept:  # the two copies were published at different moments
        kept["last-modified"] = "a time"
    return kept
