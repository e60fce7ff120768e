"""Sites whose document is replaced while it is read: a correct site, and wrong ones."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from readmodel_cfn.verify.race.body import make


class Answer(NamedTuple):
    """A response; `missing` is the number of announced bytes that are never sent."""

    status: int
    body: bytes = b""
    etag: str | None = None
    missing: int = 0


class Documents:
    """The bodies that were written, and how many of them are acknowledged."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.acknowledged = 0
        self.reads = 0

    def put(self, body: bytes) -> bool:
        """Write the next body, which takes a while."""
        self.bodies.append(body)
        time.sleep(0.03)
        self.acknowledged = len(self.bodies)
        return True

    @property
    def before(self) -> bytes:
        """The body before the newest, if there is one."""
        return self.bodies[max(0, len(self.bodies) - 2)]


Site = Callable[[Documents, str | None], Answer]
"""What is answered to a read with an If-None-Match, or without one."""


def right(documents: Documents, condition: str | None) -> Answer:
    """As S3 does it."""
    number = len(documents.bodies)
    etag = f'"{number}"'
    return Answer(304) if condition == etag else Answer(200, documents.bodies[number - 1], etag)


def half(documents: Documents, _: str | None) -> Answer:
    body = documents.bodies[-1]
    return Answer(200, body[: len(body) // 2])


def cut_off(documents: Documents, _: str | None) -> Answer:
    return Answer(200, documents.bodies[-1][:1000], missing=1000)


def mixed(documents: Documents, _: str | None) -> Answer:
    old, new = documents.before, documents.bodies[-1]
    return Answer(200, new[: len(new) // 2] + old[len(old) // 2 :])


def stale(documents: Documents, _: str | None) -> Answer:
    """Two acknowledged versions behind."""
    return Answer(200, documents.bodies[max(0, documents.acknowledged - 3)])


def backward(documents: Documents, _: str | None) -> Answer:
    """The new and the old in turn, as from two replicas, while the new is not acknowledged yet."""
    documents.reads += 1
    newest = len(documents.bodies) if documents.reads % 2 else documents.acknowledged
    return Answer(200, documents.bodies[newest - 1])


def future(documents: Documents, _: str | None) -> Answer:
    return Answer(200, make(999, len(documents.bodies[-1])))


def always_unmodified(documents: Documents, condition: str | None) -> Answer:
    """A conditional read is always 304, even if the document has changed."""
    return Answer(304) if condition else right(documents, None)


def unasked(_: Documents, __: str | None) -> Answer:
    return Answer(304)


def unavailable(_: Documents, __: str | None) -> Answer:
    return Answer(503, b'{"message":"Service Unavailable"}')


def throttled(_: Documents, __: str | None) -> Answer:
    return Answer(429, b'{"message":"Too Many Requests"}')


def silent(_: Documents, __: str | None) -> Answer:
    """No answer at all."""
    return Answer(0)


@contextmanager
def served(site: Site) -> Iterator[tuple[str, Documents]]:
    """The site's URL, and the documents that it serves."""
    documents = Documents()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = site(documents, self.headers["If-None-Match"])
            self.close_connection = bool(answer.missing) or not answer.status
            if answer.status:
                self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body) + answer.missing))
            if answer.etag:
                self.send_header("ETag", answer.etag)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/document", documents
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
