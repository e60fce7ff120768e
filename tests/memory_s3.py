"""S3 in memory on this machine, with the conditions, copies and listings that releases use.

Path style, any bucket, no signatures and no versions. ETags are MD5s, or not with `kms`. `faults`
may answer a request in its place: it gets the number of the request, from 1, and the request.
`alter` may change a response: what was requested is done.
"""

import hashlib
import re
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

STORED = ("content-type", "cache-control", "content-encoding", "x-amz-meta-")


@dataclass(frozen=True)
class Request:
    method: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def name(self) -> str:
        """Such as `PUT releases/live.json` or `COPY releases/b/a.json`."""
        copies = self.method == "PUT" and "x-amz-copy-source" in self.headers
        return f"{'COPY' if copies else self.method} {self.key}"


@dataclass(frozen=True)
class Response:
    """With `cut` only so many bytes of the body are sent, and the connection is closed."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass(frozen=True)
class Stored:
    body: bytes
    headers: dict[str, str]
    etag: str
    modified: datetime


def error(status: int, code: str) -> Response:
    return Response(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())


Faults = Callable[[int, Request], Response | None]
Alter = Callable[[Request, Response], Response]


@dataclass
class MemoryS3:
    url: str = ""
    kms: bool = False
    faults: Faults = lambda _number, _request: None
    alter: Alter = lambda _request, response: response
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    objects: dict[str, Stored] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    parts: dict[str, list[bytes]] = field(default_factory=dict)
    _keys: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def names(self, *methods: str) -> list[str]:
        """The requests, in the order of their arrival."""
        found = [request.name for request in self.asked]
        return [name for name in found if not methods or name.split()[0] in methods]

    def body(self, key: str) -> bytes:
        return self.objects[key].body

    def put(self, key: str, body: bytes) -> None:
        """Put an object past the publisher."""
        self._store(key, body, {})

    def age(self, key: str, by: timedelta) -> None:
        """Make an object older."""
        found = self.objects[key]
        modified = found.modified - by
        self.objects[key] = Stored(found.body, found.headers, found.etag, modified)

    def answer(self, request: Request) -> Response:
        with self._lock:
            self.asked.append(request)
            number = len(self.asked)
        fault = self.faults(number, request)
        if fault:
            return fault
        with self._lock:
            response = self._answer(request)
        return self.alter(request, response)

    def _answer(self, request: Request) -> Response:
        match request.method:
            case _ if "uploads" in request.query or "uploadId" in request.query:
                return self._multipart(request)
            case "PUT":
                return self._put(request)
            case "POST":
                return self._delete_objects(request.body.decode())
            case "DELETE":
                self.delete(request.key)
                return Response(204)
            case _ if request.key:
                return self._get(request)
        return self._list(request.query)

    def _multipart(self, request: Request) -> Response:
        """One upload of each key at a time."""
        match request.method:
            case "POST" if "uploads" in request.query:
                self.parts[request.key] = []
                body = b"<R><UploadId>one</UploadId></R>"
                return Response(200, body)
            case "PUT":
                self.parts[request.key].append(request.body)
                return Response(200, headers={"ETag": '"part"'})
            case "DELETE":
                self.parts.pop(request.key, None)
                return Response(204)
        if request.key not in self.parts:
            return error(404, "NoSuchUpload")
        if request.headers.get("if-none-match") == "*" and request.key in self.objects:
            return error(412, "PreconditionFailed")
        self._store(request.key, b"".join(self.parts.pop(request.key)), {})
        return Response(200, b"<R><ETag>&quot;several-2&quot;</ETag></R>")

    def _put(self, request: Request) -> Response:
        found, headers = self.objects.get(request.key), request.headers
        if headers.get("if-none-match") == "*" and found:
            return error(412, "PreconditionFailed")
        if expected := headers.get("if-match"):
            if found is None:
                return error(404, "NoSuchKey")
            if expected.strip('"') != found.etag:
                return error(412, "PreconditionFailed")
        source = headers.get("x-amz-copy-source")
        if source is None:
            etag = self._store(request.key, request.body, headers)
            return Response(200, headers={"ETag": f'"{etag}"', **self._encryption})
        copied = self.objects.get(unquote(source).lstrip("/").partition("/")[2])
        if copied is None:
            return error(404, "NoSuchKey")
        condition = headers.get("x-amz-copy-source-if-match", "").strip('"')
        if condition and condition != copied.etag:
            return error(412, "PreconditionFailed")
        replaces = headers.get("x-amz-metadata-directive") == "REPLACE"
        etag = self._store(request.key, copied.body, headers if replaces else copied.headers)
        result = f"<CopyObjectResult><ETag>&quot;{etag}&quot;</ETag></CopyObjectResult>"
        return Response(200, result.encode())

    @property
    def _encryption(self) -> dict[str, str]:
        return {"x-amz-server-side-encryption": "aws:kms" if self.kms else "AES256"}

    def _store(self, key: str, body: bytes, headers: dict[str, str]) -> str:
        kept = {name: value for name, value in headers.items() if name.startswith(STORED)}
        content = b"%d" % len(self.asked) + body if self.kms else body
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        self.now += timedelta(milliseconds=10)
        if key not in self.objects:
            insort(self._keys, key)
        self.objects[key] = Stored(body, kept, etag, self.now)
        return etag

    def delete(self, key: str) -> None:
        if self.objects.pop(key, None):
            self._keys.remove(key)

    def _delete_objects(self, body: str) -> Response:
        """An object with another ETag than the given one is kept."""
        errors = ""
        for entry in re.findall(r"<Object>(.*?)</Object>", body, re.S):
            (key,) = re.findall(r"<Key>(.*?)</Key>", entry)
            found = self.objects.get(unquote(key))
            etags = [text.strip('"') for text in re.findall(r"<ETag>(.*?)</ETag>", entry)]
            if found and etags and etags != [found.etag]:
                errors += f"<Error><Key>{key}</Key><Code>PreconditionFailed</Code></Error>"
            else:
                self.delete(unquote(key))
        return Response(200, f"<DeleteResult>{errors}</DeleteResult>".encode())

    def _get(self, request: Request) -> Response:
        found = self.objects.get(request.key)
        if found is None:
            return error(404, "NoSuchKey")
        if request.headers.get("if-match", f'"{found.etag}"').strip('"') != found.etag:
            return error(412, "PreconditionFailed")
        headers = {**found.headers, "ETag": f'"{found.etag}"', **self._encryption}
        headers["Last-Modified"] = f"{found.modified:%a, %d %b %Y %H:%M:%S} GMT"
        part = re.fullmatch(r"bytes=0-(\d+)", request.headers.get("range", ""))
        if part:
            body = found.body[: int(part[1]) + 1]
            headers["Content-Range"] = f"bytes 0-{len(body) - 1}/{len(found.body)}"
            return Response(206, body, headers)
        return Response(200, found.body, headers)

    def _list(self, query: dict[str, str]) -> Response:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        is_url = query.get("encoding-type") == "url"
        encoding = "<EncodingType>url</EncodingType>" if is_url else ""
        entries: list[str] = []
        common: dict[str, None] = {}
        token, last = "", after
        for key in self._keys:
            if key <= after or not key.startswith(prefix):
                continue
            if len(entries) + len(common) == 1000:
                token = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>"
                break
            last = key
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            if end >= 0:
                common[key[: end + 1]] = None
                continue
            shown = quote(key) if encoding else _in_xml(key)
            entries.append(_entry(shown, self.objects[key]))
        prefixes = "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in common
        )
        body = (
            f"<ListBucketResult><IsTruncated>{str(bool(token)).lower()}</IsTruncated>"
            f"{encoding}<KeyCount>{len(entries)}</KeyCount>{token}{''.join(entries)}{prefixes}"
            "</ListBucketResult>"
        )
        return Response(200, body.encode())


def _in_xml(key: str) -> str:
    """As S3 writes a key; XML has no control characters, but S3 escapes them nevertheless."""
    return re.sub("[\x00-\x1f]", lambda found: f"&#{ord(found[0])};", escape(key))


def _entry(key: str, found: Stored) -> str:
    time = f"{found.modified:%Y-%m-%dT%H:%M:%S}.{found.modified.microsecond // 1000:03}Z"
    return (
        f"<Contents><Key>{key}</Key><LastModified>{time}</LastModified>"
        f"<ETag>&quot;{found.etag}&quot;</ETag><Size>{len(found.body)}</Size></Contents>"
    )


@contextmanager
def memory_s3() -> Iterator[MemoryS3]:
    """The bucket at its URL."""
    s3 = MemoryS3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            key = unquote(parts.path).lstrip("/").partition("/")[2]
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = s3.answer(Request(self.command, key, query, headers, body))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            with suppress(OSError):  # the client was killed
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(found.body[: found.cut])
                self.close_connection = self.close_connection or found.cut is not None

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - the base's names

        def log_message(self, *_: object) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    s3.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield s3
    finally:
        server.shutdown()
        server.server_close()
