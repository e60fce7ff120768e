"""A request made, and its answer reduced to what two servers must have in common."""

import gzip
import http.client
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from second_opinion.steps import LAST_MODIFIED, Ask

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
_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}


@dataclass(frozen=True)
class Answer:
    """A status, the headers that count, in lower case, and the body as it arrived."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> str:
        """The body to compare: a document byte for byte, an error by what it says."""
        body = _decoded(self.body, self.headers.get("content-encoding"))
        if self.status < 300:
            return repr(body)
        if found := _S3_ERROR.search(body):
            return f"S3's {found[1].decode()}"
        try:
            return json.dumps(json.loads(body), sort_keys=True)
        except ValueError:
            return repr(body)


@dataclass
class Reader:
    """A client of a place, which remembers the Last-Modified that it got last."""

    url: str
    last_modified: str = ""

    def ask(self, one: Ask) -> Answer:
        """Make the request, exactly as it is written: no header of the client's own."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
        try:
            connection.putrequest(one.method, parts.path + one.path, skip_accept_encoding=True)
            for name, value in one.headers.items():
                connection.putheader(name, self._value(value))
            connection.endheaders()
            reply = connection.getresponse()
            self.last_modified = reply.getheader("Last-Modified") or self.last_modified
            return Answer(reply.status, _counting(reply.getheaders()), reply.read())
        finally:
            connection.close()

    def _value(self, written: str) -> str:
        return self.last_modified if written == LAST_MODIFIED else written


def shown(content: str) -> str:
    """A text short enough for a line."""
    return content if len(content) <= _SHOWN else f"{content[:_SHOWN]}... ({len(content)})"


def _counting(headers: list[tuple[str, str]]) -> dict[str, str]:
    kept = {name.lower(): value for name, value in headers if name.lower() not in _OWN}
    if "last-modified" in kept:  # the two copies were published at different moments
        kept["last-modified"] = "a time"
    return kept


def _decoded(body: bytes, coding: str | None) -> bytes:
    """The body as a client reads it, or as it is where it is not in that coding."""
    decode = _DECODERS.get(coding or "")
    try:
        return decode(body) if decode and body else body
    except (OSError, EOFError, zlib.error):
        return body
