"""`openapi`: the document on stdout, in JSON or YAML."""

import json
from pathlib import Path

import pytest
import yaml
from functional_aws import CONTENT, error_of, run
from openapi_spec_validator import validate
from troposphere import Template

from readmodel_cfn import ReadModel, add_read_model, render

DESCRIPTION = '[stack]\nname = "shop"\nregion = "eu-north-1"\n'


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_openapi_document_is_the_only_output() -> None:
    done = run("openapi", "--example")
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    validate(found)
    assert found["openapi"] == "3.1.0"
    assert found["paths"].keys() == {"/samples"}


def test_yaml_equals_json_without_anchors() -> None:
    text = run("openapi", "--format", "yaml").stdout
    assert yaml.safe_load(text) == json.loads(run("openapi").stdout)
    assert "&id" not in text


def test_stack_settings_appear_only_in_its_own_document() -> None:
    Path("readmodel.toml").write_text(DESCRIPTION)
    Path("t.json").write_text(json.dumps(CONTENT))
    own, other = (json.loads(run("openapi", *file).stdout) for file in ((), ("t.json",)))
    assert own["info"]["title"] == "shop Api"
    assert own["servers"][0]["variables"]["region"]["default"] == "eu-north-1"
    assert other["info"]["title"] == "${AWS::StackName} Api"
    assert json.loads(run("openapi", "--article").stdout)["info"]["title"] != "shop Api"


def test_api_option_chooses_among_several_apis() -> None:
    both = Template()
    for prefix in ("Shop", "News"):
        add_read_model(both, ReadModel(), prefix)
    Path("t.json").write_text(render(both))
    line = error_of(run("openapi", "t.json"), 2)
    for name in ("--api", "ShopApiGateway", "NewsApiGateway"):
        assert name in line
    found = json.loads(run("openapi", "t.json", "--api", "NewsApiGateway").stdout)
    assert found["info"]["title"] == "${AWS::StackName} News Api"


def test_template_without_an_api_is_a_one_line_error() -> None:
    Path("t.yaml").write_text("Resources:\n  A:\n    Type: AWS::S3::Bucket\n")
    assert "t.yaml: " in error_of(run("openapi", "t.yaml"), 2)
