"""A bucket of S3 on this machine that records what it is asked."""

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

TLS = Path(__file__).with_name("tls")
AUTHORITY = TLS / "authority.pem"
EMPTY = b"<ListBucketResult><Name>mine</Name><IsTruncated>false</IsTruncated></ListBucketResult>"


@dataclass(frozen=True)
class Asked:
    """A request; the names of its headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class RecordingS3:
    """The bucket has no objects. With `error` every response is this code, status and message."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    error: tuple[str, int, str] | None = None

    def puts(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "PUT"]

    def answer(self, method: str) -> tuple[int, bytes]:
        if self.error:
            code, status, message = self.error
            return (
                status,
                f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode(),
            )
        return (200, EMPTY) if method == "GET" else (404 if method == "HEAD" else 200, b"")


@contextmanager
def recording_s3(*, tls: bool = False) -> Iterator[RecordingS3]:
    """The bucket; with `tls` its certificate is one of AUTHORITY."""
    found = RecordingS3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append(Asked(self.command, self.path, headers))
            status, body = found.answer(self.command)
            self.send_response(status)
            etag = hashlib.md5(sent, usedforsecurity=False).hexdigest()
            self.send_header("ETag", f'"{etag}"')
            if status == 301:
                self.send_header("x-amz-bucket-region", "eu-central-1")
            elif status in (302, 307):
                self.send_header("Location", "http://127.0.0.1:9/mine")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - the base's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "server.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
