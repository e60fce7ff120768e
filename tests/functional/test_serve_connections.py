"""`serve` beside clients that send a part of a request, do not read, or send no HTTP."""

import http.client
import json
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.serve import connections

FILES = 256
TIMEOUT = 60
READ = b"GET /v1/samples HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/samples HTTP/1.1\r\nHost: localhost\r\n"
DOCUMENT = b'"%s"' % (b"x" * 5_000_000)  # more than the buffers of the system


class Server:
    """A server that may have FILES open files."""

    def __init__(self, address: tuple[str, int], errors: Path) -> None:
        self.address, self._errors = address, errors

    def lines(self) -> list[str]:
        """What it has printed to stderr."""
        return self._errors.read_text().splitlines()

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, TIMEOUT)

    def answer(self, request: bytes) -> bytes:
        """Everything that the server sends until it closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def read(self) -> tuple[int, bytes]:
        reader = http.client.HTTPConnection(*self.address, timeout=TIMEOUT)
        try:
            reader.request("GET", "/v1/samples")
            response = reader.getresponse()
            return response.status, response.read()
        finally:
            reader.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests that leave no connection open."""
    with running(tmp_path_factory.mktemp("shared")) as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test."""
    with running(tmp_path) as server:
        yield server


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    documents = folder / "documents"
    documents.mkdir()
    (documents / "payload.json").write_bytes(DOCUMENT)
    errors = folder / "stderr"
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))"
    code = f"{limited}; from readmodel_cfn.__main__ import run; run()"
    words = ["serve", "--example", "--documents", str(documents), "--json", "--quiet"]
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            assert process.stdout
            host, port = json.loads(process.stdout.readline())["url"].split("/")[2].split(":")
            yield Server((host, int(port)), errors)
        finally:
            process.terminate()
            assert process.wait(TIMEOUT) == 0


@pytest.fixture
def many_files() -> None:
    """This process may have so many open files."""
    needed = 400 + 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize(
    ("sent", "clients"),
    [
        (b"", 400),
        (b"GET / HTTP/1.1\r\nHost: x", 400),
        (POST + b"Content-Length: 2\r\n\r\n1", 400),
        (READ + b"\r\n", FILES),
    ],
    ids=["nothing", "half a head", "half a body", "a request and no reading"],
)
def test_clients_that_wait_do_not_shut_out_other_readers(
    server: Server, sent: bytes, clients: int
) -> None:
    with ExitStack() as stack:
        for _ in range(clients):
            stack.enter_context(server.connect()).sendall(sent)
        for _ in range(3):
            assert server.read() == (200, DOCUMENT)
    assert len(server.lines()) == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03\r\n\r\n", b"400"),
        (b"G\x00T / HTTP/1.1\r\n\r\n", b"400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"403"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (READ + b"Host: localhost\r\n\r\n", b"400"),
        (READ.replace(b"localhost", b"shop.example") + b"Connection: close\r\n\r\n", b"403"),
        (READ + b"X: " + b"a" * 10_240 + b"\r\nConnection: close\r\n\r\n", b"431"),
        (READ + b"X: " + b"a" * connections.HEAD_BYTES, b"431"),
        (POST + b"Content-Length: -1\r\n\r\n", b"400"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", b"400"),
        (POST + b"Content-Length: %d\r\n\r\n" % 2**30, b"413"),
        (POST + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % 2**30, b"413"),
        (
            POST
            + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (API_PAYLOAD_BYTES + 1)
            + b"x" * (API_PAYLOAD_BYTES + 1)
            + b"\r\n0\r\n\r\n",
            b"413",
        ),
    ],
)
def test_wrong_requests_have_a_response_and_the_connection_is_closed(
    shared: Server, request_: bytes, status: bytes
) -> None:
    assert shared.answer(request_).split(b" ")[1] == status
    assert shared.read() == (200, DOCUMENT)
    assert shared.lines() == []


def test_client_that_sends_a_long_body_first_gets_the_response(shared: Server) -> None:
    with shared.connect() as connection:
        connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % (3 * API_PAYLOAD_BYTES))
        for _ in range(3):
            connection.sendall(b"x" * API_PAYLOAD_BYTES)
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_requests_that_are_sent_at_once_are_answered_in_order(shared: Server) -> None:
    one = b"GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\n"
    answers = shared.answer((one + b"\r\n") * 200 + one + b"Connection: close\r\n\r\n")
    assert answers.count(b"HTTP/1.1 404 ") == 201
    assert shared.lines() == []


@pytest.mark.parametrize(
    ("files", "most"), [(256, 192), (10, 16), (1_000_000, 1_000), (resource.RLIM_INFINITY, 1_000)]
)
def test_limit_of_connections_leaves_files_for_other_uses(
    files: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert connections.limit() == most
