"""`graph`: a Mermaid diagram on stdout, of our template or of any other."""

import json
from pathlib import Path

import pytest
import yaml
from functional_aws import CONTENT, error_of, run

SHORT = """
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
  Role:
    Type: AWS::IAM::Role
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_diagram_is_the_only_output() -> None:
    done = run("graph", "--example")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("flowchart TB\n")
    assert '    DataStoreWriter -- "s3:PutObject<br/>payload.json" --> DataStore\n' in done.stdout


def test_json_and_yaml_templates_give_the_same_diagram() -> None:
    Path("t.json").write_text(json.dumps(CONTENT))
    Path("t.yaml").write_text(yaml.safe_dump(CONTENT, sort_keys=False))
    assert run("graph", "t.json").stdout == run("graph", "t.yaml").stdout == run("graph").stdout


def test_any_template_can_be_drawn() -> None:
    Path("t.yaml").write_text(SHORT)
    assert run("graph", "t.yaml").stdout == (
        "flowchart TB\n"
        '    subgraph other["Other resources"]\n'
        '        Function["Function<br/>Lambda Function"]\n'
        '        Role["Role<br/>IAM Role"]\n'
        "    end\n"
        "    Function -.-> Role\n"
    )


def test_config_and_article_can_be_drawn() -> None:
    Path("other.toml").write_text('[[routes]]\npath = "a/{b}"\nkey = "a/{b}.json"\n')
    assert "/a/{b}<br/>GET HEAD" in run("graph", "--config", "other.toml").stdout
    assert '-- "s3:*<br/>*" -->' in run("graph", "--article").stdout


@pytest.mark.parametrize("command", ["graph", "openapi"])
@pytest.mark.parametrize("content", [b"no template", b"\xff\xfe", b"{", b"[]"])
def test_invalid_template_is_a_one_line_error(command: str, content: bytes) -> None:
    Path("t").write_bytes(content)
    assert error_of(run(command, "t"), 2).startswith(("t: ", "t:1: "))
