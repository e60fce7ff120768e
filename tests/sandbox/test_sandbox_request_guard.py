"""What a web page could send to the sandbox's port is refused, and changes nothing."""

import http.client
import json
import select
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sandbox_api

from readmodel_cfn.local.sandbox import Sandbox, start, status

EVIL = "http://evil.example"
TOKEN = "X-Sandbox-Token"
PATHS = ("/", "/bucket", "/bucket/key", "/_ministack/health", "/health", "/_aws/execute-api/a/v1/b")
FOREIGN_HOSTS = (
    "evil.example",
    "evil.example:80",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "0.0.0.0",  # noqa: S104 - refused
    "bucket.s3.amazonaws.com",
    "localhost@evil.example",
    "",
)
LOCAL_HOSTS = ("127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:80", "bucket.localhost")
FOREIGN_ORIGINS = (
    EVIL,
    "https://localhost.evil.example",
    "null",
    "file://",
    "",
    "http://evil-localhost",
)
LOCAL_ORIGINS = (
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "http://[::1]",
    "https://localhost",
)


@pytest.fixture
def status_of(sandbox: Sandbox) -> Callable[..., int]:
    """Sends a request without credentials; the sandbox's own Host where none is given."""
    return lambda method, path, **headers: request(sandbox, method, path, **headers)[0]


def request(
    sandbox: Sandbox, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, named, encode_chunked=body is not None)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def raw(sandbox: Sandbox, text: str) -> int:
    """The status of a response to a request that is sent as written."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as connection:
        connection.sendall(text.encode())
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_a_foreign_host_is_refused_at_every_path(
    status_of: Callable[..., int], method: str, path: str
) -> None:
    assert status_of(method, path, Host="evil.example") == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_a_foreign_origin_is_refused_at_every_path(
    status_of: Callable[..., int], method: str, path: str
) -> None:
    assert status_of(method, path, Origin=EVIL) == 403


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_host_that_is_not_this_machine_is_refused(
    status_of: Callable[..., int], host: str
) -> None:
    assert status_of("GET", "/health", Host=host) == 403


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_a_host_of_this_machine_is_served(status_of: Callable[..., int], host: str) -> None:
    assert status_of("GET", "/health", Host=host) == 200


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_an_origin_that_is_not_this_machine_is_refused(
    status_of: Callable[..., int], origin: str
) -> None:
    assert status_of("GET", "/health", Origin=origin) == 403


@pytest.mark.parametrize("origin", LOCAL_ORIGINS)
def test_an_origin_of_this_machine_is_served(status_of: Callable[..., int], origin: str) -> None:
    assert status_of("GET", "/health", Origin=origin) == 200


def test_the_token_does_not_admit_a_foreign_host(
    sandbox: Sandbox, status_of: Callable[..., int]
) -> None:
    given = {TOKEN: sandbox.token}
    assert status_of("GET", "/health", Host="evil.example", **given) == 403
    assert status_of("GET", "/health", Origin=EVIL, **given) == 200


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_a_request_without_a_host_is_refused(sandbox: Sandbox, version: str) -> None:
    assert raw(sandbox, f"GET /health {version}\r\n\r\n") in (400, 403)


def test_a_second_host_does_not_pass(sandbox: Sandbox) -> None:
    two = "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert raw(sandbox, two) in (400, 403)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/reset?init=1"),
        ("POST", "/%5Fministack/reset"),
        ("POST", "/_ministack%2Freset"),
        ("POST", "//_ministack/reset"),
        ("POST", "/_MINISTACK/reset"),
        ("PUT", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/ready"),
        ("GET", "/_ministack/ses/messages"),
        ("GET", "/_ministack/sqs/messages"),
        ("POST", "/_ministack/rds/iam-auth"),
        ("POST", "/_localstack/state/reset"),
    ],
)
@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_a_control_call_without_the_token_is_refused(
    status_of: Callable[..., int], method: str, path: str, token: str | None
) -> None:
    assert status_of(method, path, **({} if token is None else {TOKEN: token})) == 403


def test_a_refused_reset_deletes_nothing_and_one_with_the_token_does(
    home: Path, client_of: Callable[..., Any], make_bucket: Callable[..., None]
) -> None:
    sandbox = start(home=home)
    s3 = client_of(sandbox, "s3")
    make_bucket(s3, "kept")
    chunks = iter([b"a=1"])
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": EVIL}
    assert request(sandbox, "POST", "/_ministack/reset", chunks, **form)[0] == 403
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["kept"]
    assert request(sandbox, "POST", "/_ministack/reset", **{TOKEN: sandbox.token})[0] == 200
    assert not s3.list_buckets()["Buckets"]
    assert status(home=home) == sandbox


def test_a_refused_client_gets_the_response_after_its_body(sandbox: Sandbox) -> None:
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {EVIL}\r\nContent-Length: 3\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as connection:
        connection.sendall(f"{head}a=".encode())
        assert not select.select([connection], [], [], 0.2)[0]
        connection.sendall(b"1")
        assert connection.makefile("rb").readline().split()[1] == b"403"


def test_the_health_check_does_not_reveal_the_token(sandbox: Sandbox) -> None:
    _, health = request(sandbox, "GET", "/_ministack/health")
    assert json.loads(health)["instance"] == sandbox.instance
    assert sandbox.token
    assert sandbox.token.encode() not in health
    assert sandbox.token not in repr(sandbox)
    command_line = Path(f"/proc/{sandbox.pid}/cmdline")
    if command_line.exists():
        assert sandbox.token.encode() not in command_line.read_bytes()


def test_a_foreign_page_cannot_open_a_websocket(sandbox: Sandbox) -> None:
    lines = (
        "GET /_aws/execute-api/abcdef12/v1 HTTP/1.1",
        f"Host: 127.0.0.1:{sandbox.port}",
        f"Origin: {EVIL}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    assert raw(sandbox, "\r\n".join(lines) + "\r\n\r\n") == 403


def test_a_local_page_reads_the_api_and_a_foreign_one_does_not(
    stack: Any, put: Callable[..., str], send: Callable[..., Any]
) -> None:
    outputs = stack.deploy(sandbox_api.template(permissions=(sandbox_api.READ,)))
    put(outputs["Store"])
    api = outputs["Api"]
    assert send(api, "/v1/samples", Origin="http://localhost:3000").status == 200
    assert send(api, "/v1/samples", Origin=EVIL).status == 403
    assert send(api, "/v1/samples", Host="evil.example").status == 403
    assert send(api, "/v1/samples").status == 200
