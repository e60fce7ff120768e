"""`serving`: an API in the program's own process, while a block runs."""

import json
import threading
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from readmodel_cfn import ReadModel, ReadModelStack, Route, build_article, build_template, render
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.local.serve import Answered, ServedApi, serving
from serve_templates import template


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "1.json").write_text('{"thing": 1}')
    return tmp_path


def read(url: str) -> object:
    with urlopen(url, timeout=30) as response:
        return json.load(response)


def test_template_is_served_until_the_block_ends(documents: Path) -> None:
    reports: list[object] = []
    with serving(template(), documents, on_progress=reports.append) as url:
        assert read(f"{url}/things/1") == {"thing": 1}
    ready, *answered = reports
    assert isinstance(ready, ServedApi)
    assert ready.url == url
    assert [type(report) for report in answered] == [Answered]
    with pytest.raises(URLError):
        read(f"{url}/things/1")
    assert "readmodel-cfn serve" not in [thread.name for thread in threading.enumerate()]


def test_an_error_in_the_block_stops_the_server(documents: Path) -> None:
    with pytest.raises(ZeroDivisionError), serving(template(), documents) as url:
        raise ZeroDivisionError
    with pytest.raises(URLError):
        read(f"{url}/things/1")


def test_template_file_is_served(documents: Path, tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template()))
    with serving(file, documents, stage="live") as url:
        assert url.endswith("/live")
        assert read(f"{url}/things/1") == {"thing": 1}


def test_several_are_served_at_once(documents: Path) -> None:
    with serving(template(), documents) as first, serving(template(), documents) as second:
        assert first != second
        assert read(f"{first}/things/1") == read(f"{second}/things/1")


def test_model_of_a_stack_is_served_as_publish_stores_its_documents(documents: Path) -> None:
    shop = ReadModelStack("shop", ReadModel(routes=[Route("things/{id}", "things/{id}.json")]))
    (documents / "things" / ".2.json").write_text("{}")
    with shop.serving(documents) as url:
        assert read(f"{url}/things/1") == {"thing": 1}
        with pytest.raises(HTTPError) as error:
            read(f"{url}/things/.2")
        error.value.close()
    assert error.value.code == 404


def test_models_and_templates_of_every_form_are_served(tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text("{}")
    for found in (ReadModel(), build_template(ReadModel()), render(build_article())):
        with serving(found, tmp_path, parameters={"StackName": "a"}) as url:
            assert read(f"{url}/samples") == {}


def test_missing_folder_and_busy_port_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"), serving(template(), tmp_path / "nowhere"):
        pass
    with serving(template(), tmp_path) as url:
        port = int(url.split("/")[2].rpartition(":")[2])
        with (
            pytest.raises(ReadModelError, match=str(port)),
            serving(template(), tmp_path, port=port),
        ):
            pass
