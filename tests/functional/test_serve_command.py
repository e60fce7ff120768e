"""`serve` over a project's folder: what a front end gets, also when something changes."""

import json
from pathlib import Path

import pytest
from test_serve_process import TWO_ROUTES, project, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path)


def replace(file: Path, text: str) -> None:
    """Replace a file as the documents advise."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    new.rename(file)


def test_a_front_end_reads_what_is_in_the_folder(folder: Path) -> None:
    with serving(folder) as server:
        answer = server.ask("/v1/samples")
        assert (answer.status, answer.body) == (200, b'{"number": 1}')
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["content-length"] == "13"
        assert server.ask("/v1/products/7").body == b'{"id": 7}'


def test_a_replaced_payload_is_read_at_once(folder: Path) -> None:
    with serving(folder) as server:
        for number in range(20):
            text = json.dumps({"number": number})
            replace(folder / "data" / "payload.json", text)
            assert server.ask("/v1/samples").body == text.encode()


def test_a_new_and_a_removed_payload_too(folder: Path) -> None:
    with serving(folder) as server:
        assert server.ask("/v1/products/8").status != 200
        (folder / "data" / "products" / "8.json").write_text("{}")
        assert server.ask("/v1/products/8").status == 200
        (folder / "data" / "products" / "8.json").unlink()
        assert server.ask("/v1/products/8").status != 200


def test_the_status_of_a_missing_payload_is_the_one_that_it_announced(folder: Path) -> None:
    with serving(folder) as server:
        announced = {route["path"]: route["missing"] for route in server.ready["routes"]}
        answer = server.ask("/v1/products/8")
        assert answer.status == announced["/products/{id}"]
        assert 400 <= answer.status < 600
        assert server.ask("/v1/products/7").status == 200  # on the same connection


@pytest.mark.parametrize("path", ["/v1/unknown", "/v1/", "/v2/samples", "/samples", "/"])
def test_any_other_path_is_refused_in_json(folder: Path, path: str) -> None:
    with serving(folder) as server:
        answer = server.ask(path)
        assert 400 <= answer.status < 500
        assert "message" in json.loads(answer.body)


@pytest.mark.parametrize("path", ["..%2f..%2freadmodel.toml", "..", "%2e%2e%2freadmodel"])
def test_no_path_leads_out_of_the_folder(folder: Path, path: str) -> None:
    (folder / "readmodel.json").write_text('"secret"')
    with serving(folder) as server:
        answer = server.ask(f"/v1/products/{path}")
        assert answer.status != 200
        assert b"secret" not in answer.body


def test_a_changed_description_is_served_without_a_restart(folder: Path) -> None:
    with serving(folder) as server:
        assert server.ask("/v1/more").status != 200
        (folder / "data" / "more.json").write_text("[]")
        more = '[[routes]]\npath = "more"\nkey = "more.json"\n'
        replace(folder / "readmodel.toml", TWO_ROUTES + more)
        assert "readmodel.toml" in server.told("+ /more")
        assert server.ask("/v1/more").body == b"[]"
        assert server.ask("/v1/samples").status == 200


def test_a_broken_description_is_told_and_the_old_one_served(folder: Path) -> None:
    with serving(folder) as server:
        replace(folder / "readmodel.toml", "[[routes]]\npath = 1\n")
        assert "routes[1].path" in server.told("Not reloaded")
        assert server.ask("/v1/samples").status == 200
        assert server.ask("/v1/products/7").status == 200


def test_a_description_elsewhere_is_watched_too(folder: Path) -> None:
    other = folder / "other.toml"
    (folder / "readmodel.toml").rename(other)
    with serving(folder, "--config", str(other)) as server:
        assert server.ask("/v1/products/7").status == 200
        replace(other, '[deployment]\nstage = "next"\n')
        server.told("- /products/{id}")
        assert server.ask("/next/samples").status == 200


def test_the_articles_stack_is_served_with_its_gaps(folder: Path) -> None:
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


def test_a_payload_that_publishing_would_refuse_is_told(folder: Path) -> None:
    (folder / "data" / "payload.json").write_text('{"number": ')
    with serving(folder) as server:
        assert server.ask("/v1/samples").status == 200
        assert "payload.json: not JSON" in server.told("payload.json")
