"""HTTP requests and responses, also through proxies and with compressed bodies."""

import gzip
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from readmodel_cfn.aws.http import Response, proxy_for, request
from readmodel_cfn.errors import ConfigError, ReadModelError
from recording_s3 import AUTHORITY, recording_s3

SMALL = gzip.compress(b"{}")


class Handler(BaseHTTPRequestHandler):
    """Returns what it was asked, compressed, with a header twice."""

    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked = [self.requestline, *self.headers.as_string().splitlines()]
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Vary", "Origin")
        self.send_header("vary", "Accept-Encoding")
        self.send_header("Content-Length", str(len(SMALL)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(SMALL)

    do_HEAD = do_OPTIONS = do_POST = do_GET  # noqa: N815 - the server's names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_response_is_returned_unchanged(url: str) -> None:
    received = request(f"{url}/v1/p?q=1")
    assert (received.status, received.body, received.url) == (200, SMALL, f"{url}/v1/p?q=1")
    assert received.header("content-encoding") == "gzip"
    assert received.header("VARY") == "Origin, Accept-Encoding"
    assert received.header("ETag") is None
    assert received.seconds > 0
    assert Handler.asked[0] == "GET /v1/p?q=1 HTTP/1.1"


def test_accept_encoding_is_not_sent_by_default(url: str) -> None:
    request(url)
    assert not any(header.lower().startswith("accept-encoding") for header in Handler.asked)
    request(url, headers={"Accept-Encoding": "gzip"})
    assert "Accept-Encoding: gzip" in Handler.asked


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST"])
def test_every_method_can_be_requested(url: str, method: str) -> None:
    received = request(url, method, {"If-None-Match": '"e"'})
    assert Handler.asked[0] == f"{method} / HTTP/1.1"
    assert 'If-None-Match: "e"' in Handler.asked
    assert received.body == (b"" if method == "HEAD" else SMALL)


def test_refused_connection_is_a_one_line_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(ReadModelError, match=r"^http://127.*HEAD"):
        request(url, "HEAD")


def test_request_uses_the_proxy_of_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", url.replace("//", "//me:s%20cret@"))
    request("http://api.example/v1/p")
    assert Handler.asked[0] == "GET http://api.example/v1/p HTTP/1.1"
    assert "Proxy-Authorization: Basic bWU6cyBjcmV0" in Handler.asked
    assert "Host: api.example" in Handler.asked


@pytest.mark.parametrize(
    ("asked", "environment", "proxy"),
    [
        ("https://a.example/", {"https_proxy": "http://p:1"}, "p"),
        ("https://a.example/", {"https_proxy": "p:1"}, "p"),
        ("https://a.example/", {"http_proxy": "http://p:1"}, None),
        ("https://a.example/", {"https_proxy": "http://p:1", "no_proxy": ".example"}, None),
        ("http://127.0.0.1:1/", {"http_proxy": "http://p:1"}, None),
        ("http://localhost:1/", {"http_proxy": "http://p:1"}, None),
    ],
)
def test_local_address_is_requested_without_proxy(
    url: str,  # noqa: ARG001 - it clears the environment
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    environment: dict[str, str],
    proxy: str | None,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(asked)
    assert (found and found.hostname) == proxy


def test_repeated_headers_are_joined() -> None:
    received = Response("GET", "u", 200, (("A", "1"), ("b", "2"), ("a", "3")), b"", 0)
    assert received.header("A") == "1, 3"


def test_authorities_of_a_bundle_are_trusted_too(tmp_path: Path) -> None:
    with recording_s3(tls=True) as server:
        with pytest.raises(ReadModelError) as caught:
            request(server.url)
        assert not isinstance(caught.value, ConfigError)
        assert "AWS_CA_BUNDLE" in (caught.value.hint or "")
        assert request(server.url, ca_bundle=AUTHORITY).status == 200
        (tmp_path / "ca.pem").write_text("nothing")
        with pytest.raises(ConfigError, match=r"ca\.pem"):
            request(server.url, ca_bundle=tmp_path / "ca.pem")
