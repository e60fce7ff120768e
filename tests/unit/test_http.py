"""Reading: any HTTP status is an answer, and no server is one line."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from readmodel_cfn.aws.http import Response, reachable_url, request
from readmodel_cfn.errors import ConfigError, ReadModelError

AWS = "https://abc123.execute-api.eu-west-1.amazonaws.com"
PRIVATE = "https://abc123-vpce-0123456789abcdef0.execute-api.eu-west-1.amazonaws.com"
LOCAL = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("url", "endpoint", "expected"),
    [
        (f"{AWS}/v1/samples", None, f"{AWS}/v1/samples"),
        (f"{AWS}/v1/samples", LOCAL, f"{LOCAL}/_aws/execute-api/abc123/v1/samples"),
        (f"{AWS}/v1", LOCAL + "/", f"{LOCAL}/_aws/execute-api/abc123/v1"),
        (f"{AWS}.cn/v1/{{id}}", LOCAL, f"{LOCAL}/_aws/execute-api/abc123/v1/{{id}}"),
        (f"{PRIVATE}/v1", LOCAL, f"{LOCAL}/_aws/execute-api/abc123/v1"),
        ("read-model-datastore-x1", LOCAL, "read-model-datastore-x1"),
        ("https://example.com/v1/samples", LOCAL, "https://example.com/v1/samples"),
        ("****", LOCAL, "****"),
    ],
)
def test_api_url_of_an_emulator_is_below_its_endpoint(
    url: str, endpoint: str | None, expected: str
) -> None:
    assert reachable_url(url, endpoint) == expected


@pytest.mark.parametrize(
    ("status", "kept"),
    [(200, True), (204, True), (304, True), (301, False), (403, False), (404, False), (502, False)],
)
def test_status_2xx_and_304_are_successes(status: int, kept: bool) -> None:
    assert Response("GET", "u", status, (), b"", 0.0).ok is kept


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that the path asks for, and says what it was asked."""

    def do_GET(self) -> None:
        if self.path == "/nothing":
            return
        status = int(self.path.rpartition("/")[2])
        body = b"" if status == 304 else f"status {status}".encode()
        self.send_response(status)
        self.send_header("X-Asked", self.headers.get("If-None-Match", "-"))
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler] = Handler) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def here() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.mark.parametrize("status", [200, 304, 403, 404, 500, 502])
def test_every_status_is_returned_with_headers_and_body(here: str, status: int) -> None:
    answer = request(f"{here}/{status}")
    assert answer.status == status
    assert answer.body == (b"" if status == 304 else f"status {status}".encode())
    assert answer.header("X-Asked") == "-"
    assert answer.url == f"{here}/{status}"
    assert answer.seconds > 0


def test_request_headers_are_sent(here: str) -> None:
    assert request(f"{here}/200", headers={"If-None-Match": '"e"'}).header("X-Asked") == '"e"'


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_local_address_is_read_without_proxy(
    here: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    assert request(f"{here.replace('127.0.0.1', name)}/200").status == 200


def test_other_address_is_read_through_the_proxy(
    here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", here)
    answer = request("http://api.invalid/200")
    assert answer.status == 200


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Hasty(Handler):
    """Promises more than it sends."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")


class Babble(Handler):
    """Speaks no HTTP."""

    def do_GET(self) -> None:
        self.wfile.write(b"hello\r\n\r\n")


@pytest.mark.parametrize("status", [200, 404])
def test_truncated_response_raises(status: int) -> None:
    with serving(Hasty) as url, pytest.raises(ReadModelError) as lost:
        request(f"{url}/{status}")
    assert str(lost.value).startswith(f"{url}/{status}: ")


def test_response_that_is_not_http_raises() -> None:
    with serving(Babble) as url, pytest.raises(ReadModelError):
        request(f"{url}/200")


def test_closed_connection_raises(here: str) -> None:
    with pytest.raises(ReadModelError):
        request(f"{here}/nothing")


def test_refused_connection_is_one_line_with_a_hint() -> None:
    url = f"http://127.0.0.1:{closed_port()}/v1"
    with pytest.raises(ReadModelError) as lost:
        request(url)
    line = str(lost.value)
    assert line.startswith(f"{url}: ")
    assert "\n" not in line
    assert lost.value.exit_code == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "foo",
        "/v1/samples",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://127.0.0.1:1/a b",
        "http://127.0.0.1:1/é",
        "http://127.0.0.1:x/",
        "http://[::1/",
        "http://..a/",
    ],
)
def test_invalid_url_is_a_one_line_usage_error(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        request(url)
    assert len(str(refused.value).splitlines()) == 1
