"""What pages of other origins can read in Chromium, of `serve` and of the sandbox.

Names below localhost are the origins: Chromium resolves them to this machine, and the sandbox
refuses pages of other machines.
"""

import json
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from browser_page import CHROMIUM, Case, Pages, Results, pages

from documents import blocks
from readmodel_cfn import Api, ReadModel, ReadModelStack, Route, build_template, render
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.empty import remove
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.local.serve import Answered

pytestmark = [
    pytest.mark.examples,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt install chromium"),
]
DOCUMENTS = {
    "products/1.json": {"id": 1, "text": "gzip " * 1000},
    "products/2.json": {"id": 2},
    "products/3.json": {"id": 3},
}
ALLOWED, REFUSED = ("shop.localhost", "app.localhost"), "other.localhost"
CASES: list[Case] = [
    ("GET", "/products/1", {}),
    ("HEAD", "/products/1", {"method": "HEAD"}),
    ("If-None-Match, after a preflight", "/products/1", {"headers": {"If-None-Match": "ETAG"}}),
    ("GET again", "/products/2", {"repeat": True}),
    ("a missing document", "/products/9", {}),
    ("an unknown path", "/nothing/here", {}),
    ("a header of cors_headers", "/products/3", {"headers": {"traceparent": "00-1-2-01"}}),
    ("another header", "/products/3", {"headers": {"X-Other": "1"}}),
]
FAILED = "network error"
FROM_CACHE = ", from the browser's cache after a 304"


@dataclass(frozen=True)
class Served:
    """An API, and how many GETs of a document it answered with 304."""

    url: str
    count_304: Callable[[str], int]


def read_model(origins: tuple[str, ...] | None) -> ReadModel:
    routes = (Route("products/{id}", "products/{id}.json"),)
    headers = ("traceparent",) if origins else ()
    return ReadModel(routes=routes, api=Api(cors_origin=origins, cors_headers=headers))


@contextmanager
def by_serve(folder: Path, model: ReadModel, origins: tuple[str, ...]) -> Iterator[Served]:
    for key, document in DOCUMENTS.items():
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))
    answered: list[Answered] = []

    def note(value: object) -> None:
        if isinstance(value, Answered):
            answered.append(value)

    def count(path: str) -> int:
        found = (each for each in answered if each.method == "GET" and each.status == 304)
        return sum(each.target.endswith(path) for each in found)

    with ReadModelStack("shop", model).serving(folder, origins=origins, on_progress=note) as url:
        yield Served(url, count)


@pytest.fixture
def by_sandbox(
    connection: Connection, sandbox_home: Path, clients: Callable[..., Any]
) -> Iterator[Callable[[ReadModel], Served]]:
    buckets: list[str] = []

    def make(model: ReadModel) -> Served:
        spec = StackSpec(f"browser-{secrets.token_hex(4)}", render(build_template(model)))
        outputs = deploy(spec, connection, lint=False).outputs
        bucket = outputs["S3BucketName"]
        buckets.append(bucket)
        for key, document in DOCUMENTS.items():
            clients("s3").put_object(
                Bucket=bucket,
                Key=key,
                Body=json.dumps(document).encode(),
                ContentType="application/json",
                CacheControl="no-cache",
            )

        def count(path: str) -> int:
            log = (sandbox_home / "s3.log").read_text()
            return len(re.findall(rf"GET {bucket}{path}\.json .*\| 304 ", log))

        return Served(outputs["ApiUrl"], count)

    yield make
    for bucket in buckets:
        remove(clients("s3"), bucket)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Pages]:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    with pages(profiles) as served:
        yield served


def observed(results: Results) -> dict[str, str]:
    """What the page got in each case: status and ETag, or that the browser kept it back."""
    return {name: _cell(name, found) for name, found in results.items()}


def _cell(name: str, found: Mapping[str, Any]) -> str:
    if "error" in found:
        return FAILED
    if name == "GET":
        assert json.loads(found["text"]) == DOCUMENTS["products/1.json"]
    return f"{found['status']}{', ETag' if found['etag'] else ''}"


def print_table(
    columns: Mapping[str, Mapping[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Print the table for the reader of the run, in Markdown."""
    names = dict.fromkeys(name for column in columns.values() for name in column)
    cells = [["case", *columns], ["---"] * (len(columns) + 1)]
    cells += [[name, *(column[name] for column in columns.values())] for name in names]
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(f"| {' | '.join(row)} |\n" for row in cells))


READABLE = {
    "GET": "200, ETag",
    "HEAD": "200, ETag",
    "If-None-Match, after a preflight": "304, ETag",
    "GET again": f"200, ETag{FROM_CACHE}",
    "a missing document": "404",
    "an unknown path": "404",
    "a header of cors_headers": "200, ETag",
    "another header": FAILED,
}
ONLY_WITHOUT_DOCUMENT = {**dict.fromkeys(READABLE, FAILED), "an unknown path": "404"}


def test_pages_of_two_allowed_origins_can_read_and_those_of_another_cannot(
    site: Pages,
    by_sandbox: Callable[[ReadModel], Served],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = read_model(tuple(map(site.origin, ALLOWED)))
    expected = dict.fromkeys(ALLOWED, READABLE) | {REFUSED: ONLY_WITHOUT_DOCUMENT}
    table: dict[str, dict[str, str]] = {}
    with by_serve(tmp_path / "data", model, ("none",)) as served:
        for name, api in {"serve": served, "the sandbox": by_sandbox(model)}.items():
            table[name] = {}
            for host, cells in expected.items():
                before = api.count_304("/products/2")
                found = observed(site.visit(host, api.url, CASES))
                if api.count_304("/products/2") == before + 1:
                    found["GET again"] += FROM_CACHE
                table[name] |= {f"{host}: {case}": cell for case, cell in found.items()}
                assert found == cells, (name, host)
    print_table(table, capsys)


@pytest.mark.parametrize("origins", [None, ("https://www.example.com",)], ids=["none", "one"])
def test_front_ends_on_this_machine_can_read_what_is_served(
    site: Pages,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    origins: tuple[str, ...] | None,
) -> None:
    """Without CORS in the template every header is allowed, else those that the template allows."""
    expected = {
        **READABLE,
        "GET again": "200, ETag",
        **({} if origins else {"another header": "200, ETag"}),
    }
    table: dict[str, dict[str, str]] = {}
    with by_serve(tmp_path / "data", read_model(origins), ()) as api:
        for host in ("localhost", "127.0.0.1", REFUSED):
            table[host] = observed(site.visit(host, api.url, CASES))
    print_table(table, capsys)
    assert table["localhost"] == table["127.0.0.1"] == expected
    refused = set(table[REFUSED].values())
    assert refused == {FAILED}


def test_scripts_of_the_page_on_front_ends_read_documents(site: Pages, tmp_path: Path) -> None:
    """They read a document, one that is missing, and the same document again after a 304."""
    shown = [block.text for block in blocks("docs/front-ends.md") if block.language == "javascript"]
    assert len(shown) == 2
    task = """
        const two = [await refresh(`${url}/products/2`), await refresh(`${url}/products/2`)];
        const first = await read(`${url}/products/1`), none = await read(`${url}/products/9`);
        return {first, none, two};
    """
    host = "localhost"
    model = read_model((site.origin(host), *map(site.origin, ALLOWED)))
    with by_serve(tmp_path / "data", model, ("none",)) as api:
        found = site.visit(host, api.url, script="\n".join([*shown, task]))["script"]
        assert api.count_304("/products/2") == 1
    result = found["result"]
    assert result["first"]["document"] == DOCUMENTS["products/1.json"]
    assert result["first"]["etag"]
    assert result["none"] is None
    assert result["two"] == [DOCUMENTS["products/2.json"]] * 2
