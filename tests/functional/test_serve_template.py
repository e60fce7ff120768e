"""A template of another project, served by the library: conditional reads, HEAD and errors."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_serve_process import Server, running

TESTS = Path(__file__).parents[1]
PROGRAM = f"""
import json, sys
sys.path.insert(0, {str(TESTS)!r})
from serve_templates import template
from readmodel_cfn.local.serve import serving

with serving(template()) as url:
    print(json.dumps({{"url": url.removesuffix("/live")}}), flush=True)
    sys.stdin.read()
"""
THING = "/live/things/1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "data" / "things").mkdir(parents=True)
    (tmp_path / "data" / "things" / "1.json").write_text('{"thing": 1}')
    with running(tmp_path, [sys.executable, "-c", PROGRAM]) as server:
        yield server


def test_conditional_get_is_304_until_the_document_changes(server: Server) -> None:
    first = server.ask(THING)
    assert (first.status, first.body) == (200, b'{"thing": 1}')
    condition = {"If-None-Match": first.headers["etag"]}
    again = server.ask(THING, condition)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-length" not in again.headers
    file = server.log.with_name("data") / "things" / "1.json"
    file.write_text('{"thing": 2}')
    assert server.ask(THING, condition).body == b'{"thing": 2}'


def test_if_modified_since_is_304(server: Server) -> None:
    modified = server.ask(THING).headers["last-modified"]
    assert server.ask(THING, {"If-Modified-Since": modified}).status == 304


def test_head_has_the_headers_of_get(server: Server) -> None:
    get, head = server.ask(THING), server.ask(THING, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    kept = ("etag", "last-modified", "content-type", "cache-control")
    assert {name: head.headers[name] for name in kept} == {n: get.headers[n] for n in kept}
    assert server.ask(THING).status == 200  # on the same connection


def test_missing_key_is_404_and_unknown_path_is_403(server: Server) -> None:
    assert server.ask("/live/things/2").status == 404
    unknown = server.ask("/live/nothing")
    assert unknown.status == 403
    assert json.loads(unknown.body) == {"message": "Missing Authentication Token"}


def test_curl_reads_a_document(server: Server) -> None:
    """A client that is not written in Python."""
    url = f"{server.ready['url']}{THING}"
    try:
        done = subprocess.run(["curl", "-sS", url], capture_output=True, timeout=30, check=True)
    except FileNotFoundError:
        pytest.skip("no curl here")
    assert done.stdout == b'{"thing": 1}'
