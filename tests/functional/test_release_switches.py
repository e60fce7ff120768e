"""`verify --releases` finds mixed pages where a gateway sees a switch late, and none elsewhere."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from readmodel_cfn.verify.race.body import SMALLEST, make
from readmodel_cfn.verify.releases.judge import Kind, Verdict, judge
from readmodel_cfn.verify.releases.measure import measure

RELEASES = 20


@dataclass
class Gateway:
    """Workers answer in turn; each sees a switch after so many of its own requests.

    `latest` is the most requests that a worker is late; 0 for none. `header` is whether the
    release's header is that of the worker which answers.
    """

    workers: int = 1
    latest: int = 0
    wrong_header: bool = False
    torn: bool = False
    _requests: int = 0
    _seen: list[int] = field(default_factory=list)
    _late: list[list[int]] = field(default_factory=list)
    _choose: random.Random = field(default_factory=lambda: random.Random(16))  # noqa: S311
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._seen = [0] * self.workers
        self._late = [[] for _ in range(self.workers)]

    def activate(self, _: int) -> None:
        with self._lock:
            for late in self._late:
                late.append(self._choose.randint(0, self.latest))

    def answer(self) -> tuple[int, bytes, str]:
        """The release that the next worker serves: its number, a document, and the header."""
        with self._lock:
            worker = self._requests % self.workers
            self._requests += 1
            late = self._late[worker]
            while late and late[0] <= 0:
                late.pop(0)
                self._seen[worker] += 1
            if late:
                late[0] -= 1
            number = self._seen[worker]
        body = make(max(number, 1), SMALLEST)
        if self.torn and self._requests % 7 == 0:
            body = make(number + 1, SMALLEST)[:80] + body[80:]
        named = number + 1 if self.wrong_header else number
        return number, body, f"r-{named}"


@contextmanager
def served(gateway: Gateway) -> Iterator[tuple[str, str]]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number, body, header = gateway.answer()
            self.send_response(200 if number else 404)
            self.send_header("X-Release", header)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        yield f"{url}/a", f"{url}/b"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def verdict(gateway: Gateway, readers: int = 2) -> Verdict:
    def number_of(release: str) -> int | None:
        return int(release.removeprefix("r-")) if release else None

    with served(gateway) as urls:
        calls = (lambda _: None), gateway.activate, number_of
        found = measure(urls, *calls, RELEASES, readers)
    assert found.unseen == ()
    assert len(found.switches) == RELEASES
    return judge(found.switches, found.reads)


def test_one_worker_has_no_mixed_page() -> None:
    found = verdict(Gateway())
    assert found.violations == ()
    assert found.mixed == 0
    assert found.pages >= RELEASES


def test_workers_that_see_a_switch_late_have_mixed_pages() -> None:
    found = verdict(Gateway(workers=2, latest=20), readers=1)
    assert found.mixed
    assert found.counts[Kind.BACKWARD]


def test_wrong_header_is_found() -> None:
    assert verdict(Gateway(wrong_header=True)).counts[Kind.HEADER]


def test_torn_document_is_found() -> None:
    assert verdict(Gateway(torn=True)).counts[Kind.TORN]
