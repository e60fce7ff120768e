"""The API of a template over a folder."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.gateway import Response
from readmodel_cfn.local.serve.api import Api, Route, api_of
from readmodel_cfn.local.serve.source import Source
from serve_templates import GET, get, method, resource, role, storage, template


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "1.json").write_bytes(b"{}")
    return tmp_path


def api(root: Path, notes: list[str] | None = None, **more: Any) -> Api:
    lines = notes if notes is not None else []
    return api_of(Source(template(**more), storage=storage()), root, lines.append)


def header(response: Response, name: str) -> str | None:
    return next((v for n, v in response.headers.items() if n.lower() == name.lower()), None)


def test_payload_is_served_with_its_headers(root: Path) -> None:
    response = api(root).answer(get("/things/1"))
    assert (response.status, response.body) == (200, b"{}")
    assert header(response, "Content-Type") == "application/json"
    assert header(response, "Cache-Control") == "no-cache"
    assert (header(response, "ETag") or "").startswith('"')


def test_matching_etag_is_a_304(root: Path) -> None:
    served = api(root)
    etag = header(served.answer(get("/things/1")), "ETag") or ""
    again = served.answer(get("/things/1", {"if-none-match": etag}))
    assert (again.status, again.body) == (304, b"")
    assert header(again, "ETag") == etag
    (root / "things" / "1.json").write_bytes(b"[]")
    assert served.answer(get("/things/1", {"if-none-match": etag})).status == 200


def test_head_has_headers_and_no_body(root: Path) -> None:
    served = api(root)
    response = served.answer(get("/things/1", method="HEAD"))
    assert (response.status, response.body) == (200, b"")
    assert header(response, "ETag") == header(served.answer(get("/things/1")), "ETag")


def test_missing_payload_answers_by_role_and_template(root: Path) -> None:
    assert api(root).answer(get("/things/2")).status == 404
    assert api(root, Reader=role(GET)).answer(get("/things/2")).status == 502


def test_unknown_path_returns_the_gateway_response(root: Path) -> None:
    response = api(root).answer(get("/nothing"))
    assert response.status == 403
    assert b"Missing Authentication Token" in response.body


def test_unreadable_file_is_a_504(root: Path) -> None:
    notes: list[str] = []
    served = api(root, notes)
    with patch.object(Path, "open", side_effect=PermissionError(13, "Permission denied")):
        assert served.answer(get("/things/1")).status == 504
    (line,) = notes
    assert line.startswith("things/1.json: ")
    assert "Permission denied" in line


def test_document_over_10_mb_is_a_500(root: Path) -> None:
    notes: list[str] = []
    served = api(root, notes)
    (root / "things" / "1.json").write_bytes(b" " * (API_PAYLOAD_BYTES - 2) + b"{}")
    assert served.answer(get("/things/1")).status == 200
    assert notes == []
    (root / "things" / "1.json").write_bytes(b" " * (API_PAYLOAD_BYTES - 1) + b"{}")
    assert served.answer(get("/things/1")).status == 500
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/live/things/1", "/things/1"),
        ("/live/", "/"),
        ("/live", "/"),
        ("/live//a", "//a"),
        ("/dead/things/1", None),
        ("/livething", None),
        ("/", None),
        ("", None),
    ],
)
def test_stage_is_the_first_part_of_the_path(root: Path, path: str, below: str | None) -> None:
    assert api(root).below_stage(path) == below


def test_routes_of_the_api(root: Path) -> None:
    options = method("OPTIONS", "Things", "unused")
    options["Properties"]["Integration"] = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [{"StatusCode": "200"}],
    }
    assert set(api(root, Preflight=options).routes) == {
        Route("/things", ("OPTIONS",), None, None),
        Route("/things/{id}", ("GET", "HEAD"), "things/{id}.json", 404),
    }


def test_unsupported_methods_are_reported(root: Path) -> None:
    posted = method("POST", "Things", "things.json")
    posted["Properties"]["AuthorizationType"] = "AWS_IAM"
    (finding,) = api(root, Post=posted).findings
    assert "AWS_IAM" in finding


@pytest.mark.parametrize(
    "more",
    [
        {"Second": resource("ApiGateway::RestApi", Name="x")},
        {"Reader": role(GET, RoleName={"Fn::ImportValue": "x"})},
        {"GetThing": method("GET", "Nowhere", "x")},
    ],
)
def test_template_that_cannot_be_served_raises(root: Path, more: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^template: ") as error:
        api(root, **more)
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
