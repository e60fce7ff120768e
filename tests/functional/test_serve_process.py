"""`serve` as a process: how it starts, what it logs, and how it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

TIMEOUT = 30
TWO_ROUTES = """
[[routes]]
path = "samples"
key = "payload.json"

[[routes]]
path = "products/{id}"
key = "products/{id}.json"
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "readmodel_cfn", "serve", *arguments]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    """A running server; `ready` is the JSON that it printed when it was ready."""

    process: subprocess.Popen[str]
    ready: Mapping[str, Any]
    log: Path
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        host = self.ready["url"].removeprefix("http://").partition("/")[0]
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
        object.__setattr__(self, "connection", connection)

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Answer:
        """A request on the server's connection; `path` is what follows the host."""
        self.connection.request(method, path, headers=dict(headers or {}))
        got = self.connection.getresponse()
        found = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, found, got.read())

    def logged(self, text: str) -> str:
        """The first log line with the text; waits for it."""

        def found() -> list[str]:
            return [line for line in self.log.read_text().splitlines() if text in line]

        until(lambda: bool(found()))
        return found()[0]

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        assert time.monotonic() < deadline, "the line was not logged"
        time.sleep(0.01)


def serving(folder: Path, *arguments: str) -> AbstractContextManager[Server]:
    """The command in the folder."""
    return running(folder, command("--json", *arguments))


@contextmanager
def running(folder: Path, program: list[str]) -> Iterator[Server]:
    """A program that serves, in the folder; killed by its process ID in any case."""
    log = folder / "log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            program,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        server = Server(process, json.loads(line), log)
        with closing(server.connection):
            yield server
    finally:
        process.kill()
        process.wait(TIMEOUT)
        process.stdout.close()  # type: ignore[union-attr]


def project(folder: Path) -> Path:
    """The folder with a config of two routes, and documents."""
    (folder / "readmodel.toml").write_text(TWO_ROUTES)
    products = folder / "data" / "products"
    products.mkdir(parents=True)
    (folder / "data" / "payload.json").write_text('{"number": 1}')
    (products / "7.json").write_text('{"id": 7}')
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path)


def test_json_of_a_ready_server_has_url_pid_and_routes(folder: Path) -> None:
    with serving(folder) as server:
        ready = server.ready
        assert ready["url"].startswith("http://127.0.0.1:")
        assert ready["url"].endswith("/v1")
        assert ready["pid"] == server.process.pid
        assert ready["data"] == "data"
        routes = {route["path"]: route for route in ready["routes"]}
        assert list(routes) == ["/samples", "/products/{id}"]
        assert routes["/samples"]["url"] == f"{ready['url']}/samples"
        assert routes["/samples"]["key"] == "payload.json"
        assert "GET" in routes["/samples"]["methods"]


def test_table_of_a_ready_server_has_one_row_per_route(folder: Path) -> None:
    process = subprocess.Popen(
        command("--port", "0"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(3)]
    finally:
        process.kill()
        process.wait(TIMEOUT)
        process.stdout.close()  # type: ignore[union-attr]
    assert lines[0] == ["URL", "methods", "file", "missing"]
    assert lines[1][0].endswith("/v1/samples")
    assert str(Path("data/payload.json")) in lines[1]
    assert lines[2][0].endswith("/v1/products/{id}")


def test_each_request_is_logged_on_stderr(folder: Path) -> None:
    with serving(folder) as server:
        server.ask("/v1/samples?a=1")
        line = server.logged("/v1/samples").split()
        assert line[:3] == ["GET", "/v1/samples?a=1", "200"]
        assert line[-1] == "ms"


def test_quiet_logs_nothing(folder: Path) -> None:
    with serving(folder, "--quiet") as server:
        server.ask("/v1/samples")
        assert server.end(signal.SIGTERM) == 0
        assert server.log.read_text() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_the_server_with_a_connected_client(folder: Path, number: int) -> None:
    with serving(folder, "--quiet") as server:
        assert server.ask("/v1/samples").status == 200
        assert server.end(number) == 0
        assert server.log.read_text() == ""
        port = server.connection.port
        with socket.create_server(("127.0.0.1", port)):
            pass  # the port is free again


def test_malformed_request_does_not_stop_the_server(folder: Path) -> None:
    with serving(folder) as server:
        with socket.create_connection(("127.0.0.1", server.connection.port)) as other:
            other.settimeout(TIMEOUT)
            other.sendall(b"nonsense\r\n\r\n")
            assert other.recv(1000).startswith(b"HTTP/1.1 400 ")
        assert server.ask("/v1/samples").status == 200


def refused(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and error line of a server that does not start."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return done.returncode, line


def test_busy_port_is_a_one_line_error(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, line = refused(folder, "--port", port)
    assert code == 1
    assert f"127.0.0.1:{port}" in line


def test_missing_folder_is_a_one_line_error(folder: Path) -> None:
    code, line = refused(folder, "--documents", "nowhere")
    assert code == 2
    assert "nowhere" in line
    assert "--documents" in line


def test_broken_config_is_a_one_line_error(folder: Path) -> None:
    (folder / "readmodel.toml").write_text("x")
    code, line = refused(folder)
    assert code == 2
    assert "readmodel.toml" in line


PROBE = """
import sys
from readmodel_cfn.cli import main
try:
    main()
finally:
    print(" ".join(sys.modules), file=sys.stderr)
"""


def test_serve_imports_no_module_of_other_commands(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROBE, "serve", "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        os.kill(process.pid, signal.SIGTERM)
        _, modules = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
        process.wait(TIMEOUT)
    loaded = set(modules.split())
    assert "uvicorn" in loaded
    assert not loaded & {"boto3", "botocore", "cfnlint", "rich", "obstore", "urllib.request"}
