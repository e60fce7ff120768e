"""`serve` beside clients that send a part of a request and then nothing."""

import http.client
import json
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from readmodel_cfn.local.serve import connections

FILES = 256
TIMEOUT = 60


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A server that may have FILES open files; it must print nothing but what it serves."""
    (tmp_path / "payload.json").write_text("1")
    errors = tmp_path / "stderr"
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))"
    code = f"{limited}; from readmodel_cfn.__main__ import run; run()"
    words = ["serve", "--example", "--documents", str(tmp_path), "--json", "--quiet"]
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as server,
    ):
        try:
            assert server.stdout
            host, port = json.loads(server.stdout.readline())["url"].split("/")[2].split(":")
            yield host, int(port)
        finally:
            server.terminate()
            server.wait(TIMEOUT)
    assert errors.read_text() == ""


def test_half_sent_requests_do_not_shut_out_other_readers(address: tuple[str, int]) -> None:
    needed = 400 + 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    with ExitStack() as stack:
        for _ in range(400):
            half = stack.enter_context(socket.create_connection(address, TIMEOUT))
            half.sendall(b"GET / HTTP/1.1\r\nHost: x")
        for _ in range(3):
            reader = http.client.HTTPConnection(*address, timeout=TIMEOUT)
            reader.request("GET", "/v1/samples")
            response = reader.getresponse()
            assert (response.status, response.read()) == (200, b"1")
            reader.close()


@pytest.mark.parametrize(
    ("files", "most"), [(256, 192), (10, 16), (1_000_000, 1_000), (resource.RLIM_INFINITY, 1_000)]
)
def test_limit_of_connections_leaves_files_for_other_uses(
    files: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert connections.limit() == most
