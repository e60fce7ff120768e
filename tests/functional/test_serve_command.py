"""`serve` of a project's folder: what a client gets, also after a change of files or config."""

import json
from pathlib import Path

import pytest
from test_serve_process import TWO_ROUTES, project, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path)


def replace(file: Path, text: str) -> None:
    """Replace a file atomically, as the documentation advises."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    new.rename(file)


def test_served_documents_come_from_the_folder(folder: Path) -> None:
    with serving(folder) as server:
        answer = server.ask("/v1/samples")
        assert (answer.status, answer.body) == (200, b'{"number": 1}')
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-length"] == "13"
        assert server.ask("/v1/products/7").body == b'{"id": 7}'


def test_replaced_document_is_served_at_once(folder: Path) -> None:
    with serving(folder) as server:
        for number in range(20):
            text = json.dumps({"number": number})
            replace(folder / "data" / "payload.json", text)
            assert server.ask("/v1/samples").body == text.encode()


def test_added_and_removed_documents_are_noticed(folder: Path) -> None:
    with serving(folder) as server:
        assert server.ask("/v1/products/8").status != 200
        (folder / "data" / "products" / "8.json").write_text("{}")
        assert server.ask("/v1/products/8").status == 200
        (folder / "data" / "products" / "8.json").unlink()
        assert server.ask("/v1/products/8").status != 200


def test_missing_document_answers_the_announced_status(folder: Path) -> None:
    with serving(folder) as server:
        announced = {route["path"]: route["missing"] for route in server.ready["routes"]}
        answer = server.ask("/v1/products/8")
        assert answer.status == announced["/products/{id}"]
        assert 400 <= answer.status < 600
        assert server.ask("/v1/products/7").status == 200  # on the same connection


@pytest.mark.parametrize("path", ["/v1/unknown", "/v1/", "/v2/samples", "/samples", "/"])
def test_unknown_path_is_a_4xx_in_json(folder: Path, path: str) -> None:
    with serving(folder) as server:
        answer = server.ask(path)
        assert 400 <= answer.status < 500
        assert "message" in json.loads(answer.body)


@pytest.mark.parametrize("path", ["..%2f..%2freadmodel.toml", "..", "%2e%2e%2freadmodel"])
def test_path_traversal_is_refused(folder: Path, path: str) -> None:
    (folder / "readmodel.json").write_text('"secret"')
    with serving(folder) as server:
        answer = server.ask(f"/v1/products/{path}")
        assert answer.status != 200
        assert b"secret" not in answer.body


def test_changed_config_is_reloaded(folder: Path) -> None:
    with serving(folder) as server:
        assert server.ask("/v1/more").status != 200
        (folder / "data" / "more.json").write_text("[]")
        more = '[[routes]]\npath = "more"\nkey = "more.json"\n'
        replace(folder / "readmodel.toml", TWO_ROUTES + more)
        assert "/more" in server.logged("readmodel.toml")
        assert server.ask("/v1/more").body == b"[]"
        assert server.ask("/v1/samples").status == 200


def test_broken_config_is_reported_and_the_old_one_served(folder: Path) -> None:
    with serving(folder) as server:
        replace(folder / "readmodel.toml", "[[routes]]\npath = 1\n")
        server.logged("routes[1].path")
        assert server.ask("/v1/samples").status == 200
        assert server.ask("/v1/products/7").status == 200


def test_config_file_in_another_place_is_reloaded(folder: Path) -> None:
    other = folder / "other.toml"
    (folder / "readmodel.toml").rename(other)
    with serving(folder, "--config", str(other)) as server:
        assert server.ask("/v1/products/7").status == 200
        replace(other, '[deployment]\nstage = "next"\n')
        server.logged("/products/{id}")
        assert server.ask("/next/samples").status == 200


def test_article_is_served_with_its_gaps(folder: Path) -> None:
    with serving(folder, "--article") as server:
        answer = server.ask("/v1/samples")
        assert (answer.status, answer.body) == (200, b'{"number": 1}')
        assert "etag" not in answer.headers
        assert server.ask("/v1/samples", method="HEAD").status == 403
        (folder / "data" / "payload.json").unlink()
        assert server.ask("/v1/samples").status == 500


def test_files_that_publish_passes_over_are_missing(folder: Path) -> None:
    """A reader sees what a reader of the published documents would see."""
    well_known = '[[routes]]\npath = "links/{name}"\nkey = ".well-known/{name}.json"\n'
    exclude = '[publish]\nexclude = ["products/draft-*"]\n'
    (folder / "readmodel.toml").write_text(f"{TWO_ROUTES}{well_known}{exclude}")
    (folder / "data/.well-known").mkdir()
    for path in (".well-known/app.json", "products/.secret.json", "products/draft-1.json"):
        (folder / "data" / path).write_text("1")
    with serving(folder) as server:
        assert server.ask("/v1/links/app").status == 200
        missing = server.ask("/v1/products/none")
        for path in ("products/.secret", "products/draft-1"):
            answer = server.ask(f"/v1/{path}")
            assert (answer.status, answer.body) == (missing.status, missing.body)


def test_invalid_document_is_reported(folder: Path) -> None:
    (folder / "data" / "payload.json").write_text('{"number": ')
    with serving(folder) as server:
        assert server.ask("/v1/samples").status == 200
        assert "JSON" in server.logged("payload.json: ")


PAGE = {"Origin": "http://localhost:3000"}
PREFLIGHT = {
    **PAGE,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "if-none-match",
}


def test_page_of_this_machine_can_read_by_default(folder: Path) -> None:
    with serving(folder) as server:
        assert server.ready["origins"] == ["http://localhost:*", "http://127.0.0.1:*"]
        answer = server.ask("/v1/samples", PAGE)
        assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
        preflight = server.ask("/v1/samples", PREFLIGHT, "OPTIONS")
        assert preflight.status == 204
        assert "if-none-match" in preflight.headers["access-control-allow-headers"].lower()
        assert "access-control-allow-origin" not in server.ask("/v1/samples").headers


def test_origin_replaces_the_default_and_none_leaves_those_of_the_template(folder: Path) -> None:
    other = {"Origin": "http://shop.test"}
    with serving(folder, "--origin", other["Origin"]) as server:
        answer = server.ask("/v1/samples", other)
        assert answer.headers["access-control-allow-origin"] == other["Origin"]
        assert "access-control-allow-origin" not in server.ask("/v1/samples", PAGE).headers
    with serving(folder, "--origin", "none") as server:
        assert server.ready["origins"] == []
        assert "access-control-allow-origin" not in server.ask("/v1/samples", PAGE).headers


def test_origins_of_the_template_stay(folder: Path) -> None:
    cors = '[api]\ncors_origin = ["https://a.example", "https://b.example"]\n'
    (folder / "readmodel.toml").write_text(TWO_ROUTES + cors)
    with serving(folder) as server:
        for origin in ("https://a.example", "https://b.example", PAGE["Origin"]):
            answer = server.ask("/v1/samples", {"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
        answer = server.ask("/v1/samples", {"Origin": "https://c.example"})
        assert "access-control-allow-origin" not in answer.headers
