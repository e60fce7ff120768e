"""A reader: one connection for all its reads, through the environment's proxy if there is one."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from readmodel_cfn.verify.race.body import make
from readmodel_cfn.verify.race.history import Read
from readmodel_cfn.verify.race.reader import Reader

BODY = make(1, 200)


class Handler(BaseHTTPRequestHandler):
    """Returns a document, and notes each request and its connection."""

    protocol_version = "HTTP/1.1"
    requests: list[str]
    connections: set[object]
    closes: bool

    def do_GET(self) -> None:
        self.requests.append(self.requestline)
        self.connections.add(self.client_address)
        self.close_connection = self.closes  # without saying so
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    Handler.requests, Handler.connections, Handler.closes = [], set(), False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def read(url: str, times: int) -> list[Read]:
    reader = Reader(url, 0)
    try:
        return list(reader.reads(time.perf_counter_ns() + 60 * 10**9, times, conditional=False))
    finally:
        reader._connection.close()


def test_reader_keeps_its_connection(url: str) -> None:
    assert [read.version for read in read(f"{url}/v1/p?q=1", 3)] == [1, 1, 1]
    assert Handler.requests == ["GET /v1/p?q=1 HTTP/1.1"] * 3
    assert len(Handler.connections) == 1


def test_reader_reconnects_if_the_server_closed_the_connection(url: str) -> None:
    Handler.closes = True
    assert [read.status for read in read(url, 3)] == [200, 200, 200]
    assert len(Handler.connections) == 3


def test_reader_uses_the_proxy_of_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", url)
    assert [read.version for read in read("http://api.example/v1/p", 1)] == [1]
    assert Handler.requests == ["GET http://api.example/v1/p HTTP/1.1"]
