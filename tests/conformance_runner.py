"""Sends the requests of a fact over HTTP, and compares the responses and the calls of S3."""

import base64
import http.client
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from conformance_facts import Json

_MISSING = b"<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>"


@dataclass(frozen=True)
class Asked:
    """A request to S3; the names of its headers are in lower case."""

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class PreparedS3:
    """An S3 with prepared responses, which records what it is asked."""

    url: str = ""
    objects: Json = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def prepare(self, objects: Json) -> None:
        self.objects, self.asked = objects, []

    def answer(self, asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        self.asked.append(asked)
        for name in (f"{asked.method} {asked.key}", asked.key, "*"):
            if name in self.objects:
                own = self.objects[name]
                return own.get("status", 200), own.get("headers", {}), _body(own)
        return 404, {"content-type": "application/xml"}, _MISSING


@contextmanager
def prepared_s3() -> Iterator[PreparedS3]:
    found = PreparedS3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            bucket, _, key = parts.path.lstrip("/").partition("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(self.command, bucket, unquote(key), query, headers, body)
            status, sent, content = found.answer(asked)
            self.send_response_only(status)
            for name, value in sent.items():
                self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - the base's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Answer:
    """A response; its headers are pairs, as they were sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for own, value in self.headers if own.lower() == name.lower()]
        return ",".join(found) if found else None


def send(
    port: int, request: Json, prefix: str = "", host: str | None = None, stage: str = "test"
) -> Answer:
    """The response to a request of a fact; `prefix` is what precedes the stage in the path."""
    method, target = request["send"].split(" ", 1)
    headers = [tuple(header.split(": ", 1)) for header in request.get("with", ())]
    names = {name.lower() for name, _ in headers}
    body = _body(request)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        target = prefix + target.replace("/test", f"/{stage}", 1)
        skip_host = "host" in names or host is not None
        connection.putrequest(method, target, skip_host=skip_host, skip_accept_encoding=True)
        if host and "host" not in names:
            connection.putheader("Host", host)
        for name, value in headers:
            connection.putheader(name, value)
        if body and names.isdisjoint({"content-length", "transfer-encoding"}):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        got = connection.getresponse()
        return Answer(got.status, got.getheaders(), got.read())
    finally:
        connection.close()


def faults(expected: Json, answer: Answer) -> Iterator[str]:
    """What is wrong with a response."""
    if expected.get("status", answer.status) != answer.status:
        yield f"status {answer.status} {answer.body[:200]!r}, not {expected['status']}"
    for name, required in expected.get("headers", {}).items():
        if not _fits(required, answer.header(name)):
            yield f"header {name}: {answer.header(name)!r}, not {required!r}"
    for name in expected.get("absent", ()):
        if answer.header(name) is not None:
            yield f"header {name}: {answer.header(name)!r}"
    yield from _body_faults(expected, answer.body)


def s3_faults(expected: Json | bool, asked: list[Asked]) -> Iterator[str]:
    """What is wrong with the last call of S3; False expects none."""
    if isinstance(expected, bool):
        yield from (f"S3 was called: {last}" for last in asked[-1:])
    elif asked:
        yield from _call_faults(expected, asked[-1])
    else:
        yield "S3 was not called"


def _call_faults(expected: Json, last: Asked) -> Iterator[str]:
    for name in ("method", "bucket", "key", "query"):
        if expected.get(name, getattr(last, name)) != getattr(last, name):
            yield f"S3 {name} {getattr(last, name)!r}, not {expected[name]!r}"
    for name, required in expected.get("headers", {}).items():
        if not _fits(required, last.headers.get(name.lower())):
            yield f"S3 header {name}: {last.headers.get(name.lower())!r}, not {required!r}"
    for name in expected.get("absent", ()):
        if name.lower() in last.headers:
            yield f"S3 header {name}: {last.headers[name.lower()]!r}"
    yield from (f"S3 {fault}" for fault in _body_faults(expected, last.body))


def _body_faults(expected: Json, body: bytes) -> Iterator[str]:
    for kind, fits in _BODY_CHECKS.items():
        if kind in expected and not fits(body, expected[kind]):
            yield f"{kind} {body[:300]!r}, not {expected[kind]!r}"


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


_BODY_CHECKS: Mapping[str, Callable[[bytes, str], bool]] = {
    "body": lambda body, required: body == required.encode(),
    "base64": lambda body, required: body == base64.b64decode(required),
    "matches": lambda body, required: bool(re.fullmatch(required, _text(body), re.DOTALL)),
    "text": lambda body, required: _text(body).split() == required.split(),
    "json": lambda body, required: bool(_json(_text(body)) == json.loads(required)),
    "gunzip": lambda body, required: _decompressed(body, 31) == required.encode(),
    "inflate": lambda body, required: _decompressed(body, 15) == required.encode(),
}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return f"no JSON: {text}"


def _decompressed(body: bytes, wbits: int) -> bytes:
    try:
        return zlib.decompress(body, wbits=wbits)
    except zlib.error as error:
        return str(error).encode()


def _fits(required: str | Json, got: str | None) -> bool:
    if isinstance(required, dict):
        return got is not None and re.fullmatch(required["matches"], got) is not None
    return got == required


def _body(given: Json) -> bytes:
    if "large" in given:
        return b"x" * int(given["large"])
    if "base64" in given:
        return base64.b64decode(given["base64"])
    if "deflate" in given:
        return zlib.compress(given["deflate"].encode())
    return str(given.get("body", "")).encode()
