"""`verify --releases` finds mixed pages where a gateway sees a switch late, and none elsewhere."""

import gzip
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import pytest

from memory_s3 import memory_s3
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.race.body import SMALLEST, make
from readmodel_cfn.verify.releases.judge import Kind, Verdict, judge
from readmodel_cfn.verify.releases.measure import measure
from readmodel_cfn.verify.releases.run import release_before
from release_scene import LIVE, PREVIEW, Scene, numbered
from stacks import TIMEOUT

RELEASES = 20


@dataclass
class Gateway:
    """Workers answer in turn; each sees a switch after a number of requests.

    `latest` is the most requests that a worker is late; 0 for none.
    """

    workers: int = 1
    latest: int = 0
    wrong_header: bool = False
    torn: bool = False
    compressed: bool = False
    _requests: int = 0
    _due: list[list[int]] = field(default_factory=list)  # for each worker, the requests
    _choose: random.Random = field(default_factory=lambda: random.Random(16))  # noqa: S311
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._due = [[] for _ in range(self.workers)]

    def activate(self, number: int) -> None:
        with self._lock:
            for due in self._due:
                late = self._choose.randint(0, self.latest) if number > 1 else 0
                due.append(self._requests + late)

    def answer(self) -> tuple[bytes, str]:
        """A document of the release that the next worker serves, and the header."""
        with self._lock:
            due = self._due[self._requests % self.workers]
            number = max(n for n, at in enumerate(due, start=1) if at <= self._requests)
            self._requests += 1
            is_torn = self.torn and self._requests % 7 == 0
        body = make(number, SMALLEST)
        if is_torn:
            body = make(number + 1, SMALLEST)[:80] + body[80:]
        return body, f"r-{number + self.wrong_header}"


@contextmanager
def served(gateway: Gateway) -> Iterator[tuple[str, str]]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body, header = gateway.answer()
            self.send_response(200)
            self.send_header("X-Release", header)
            if gateway.compressed:
                self.send_header("Content-Encoding", "gzip")
                body = gzip.compress(body)
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
        found = measure(urls, *calls, RELEASES, readers, seen_within=TIMEOUT)
    assert found.unseen == ()
    assert len(found.switches) == RELEASES
    return judge(found.switches, found.reads)


def test_one_worker_has_no_mixed_page() -> None:
    found = verdict(Gateway())
    assert found.violations == ()
    assert found.mixed == 0
    assert found.pages >= RELEASES


def test_documents_that_are_stored_compressed_are_read() -> None:
    assert verdict(Gateway(compressed=True)).violations == ()


def test_workers_that_see_a_switch_late_have_mixed_pages() -> None:
    found = verdict(Gateway(workers=2, latest=20), readers=1)
    assert found.mixed
    assert found.counts[Kind.BACKWARD]


def test_wrong_header_is_found() -> None:
    assert verdict(Gateway(wrong_header=True)).counts[Kind.HEADER]


def test_torn_document_is_found() -> None:
    assert verdict(Gateway(torn=True)).counts[Kind.TORN]


def test_stage_gets_the_live_release_back_after_a_run_that_was_killed() -> None:
    with memory_s3() as s3:
        scene = Scene(s3)
        scene.publish(numbered(1), release="one")
        scene.stages.variables = {LIVE: "verify-0123abcd-7", PREVIEW: "verify-0123abcd-8"}
        for stage in LIVE, PREVIEW:
            assert release_before(scene.activation, stage, "stack") == "one"
        scene.stages.variables[PREVIEW] = "verify-mine"
        assert release_before(scene.activation, PREVIEW, "stack") == "verify-mine"


@pytest.mark.parametrize("served", [None, "gone"])
def test_live_stage_without_a_complete_release_is_not_switched(served: str | None) -> None:
    with memory_s3() as s3:
        scene = Scene(s3)
        scene.stages.variables[LIVE] = served
        with pytest.raises(ReadModelError, match=LIVE):
            release_before(scene.activation, LIVE, "stack")
