"""The command `audit`: findings on stdout, the story on stderr, and the exit code."""

import json
from pathlib import Path

import pytest
import yaml
from audit_templates import drop, good
from click.testing import CliRunner, Result

from readmodel_cfn.analysis.audit import RULES
from readmodel_cfn.cli.analysis import audit
from readmodel_cfn.errors import ConfigError, FindingsError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(audit, arguments)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    template = good()
    drop(template, "Stage")
    drop(template, "StorePolicy")
    file = tmp_path / "broken.yaml"
    file.write_text(yaml.safe_dump(template), encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_good_template_is_said_to_be_good(tmp_path: Path) -> None:
    file = tmp_path / "good.json"
    file.write_text(json.dumps(good()), encoding="utf-8-sig")
    done = run(str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "No findings in 4 method(s) that read S3.\n"


def test_without_a_file_it_audits_what_the_description_describes(tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text('[api]\nmissing = "mask"\n', encoding="utf-8")
    assert run().exit_code == 0
    config = tmp_path / "other.toml"
    config.write_text('[writer]\nkey_in = "outputs"\n', encoding="utf-8")
    assert "R48 secret-in-outputs" in run("--config", str(config)).stdout


def test_findings_are_grouped_by_resource_and_fail(broken: Path) -> None:
    done = run(str(broken))
    assert [line for line in done.stdout.splitlines() if not line.startswith("      ")] == [
        "Api",
        "  R34 no-stage at Properties",
        "Store",
        "  R47 plain-http at Properties",
    ]
    assert "      no stage serves it\n" in done.stdout
    assert "      do: add an AWS::ApiGateway::Deployment" in done.stdout
    assert isinstance(done.exception, FindingsError)
    assert str(done.exception) == f"{broken}: 2 finding(s)"
    assert done.exception.exit_code == 3


def test_findings_as_json(broken: Path) -> None:
    found = json.loads(run(str(broken), "--json").stdout)
    assert [one["rule"] for one in found] == ["R34", "R47"]
    assert set(found[0]) == {"rule", "name", "resource", "path", "what", "meaning", "todo"}
    assert json.loads(run("--json").stdout) == []


def test_the_article_has_findings() -> None:
    done = run("--article")
    assert isinstance(done.exception, FindingsError)
    assert "R14 no-conditional-read" in done.stdout


def test_the_rules_can_be_listed() -> None:
    assert len(run("--rules").stdout.splitlines()) == len(RULES)
    assert [one["id"] for one in json.loads(run("--rules", "--json").stdout)] == [
        one.id for one in RULES
    ]


@pytest.mark.parametrize("content", [b"no template", b"\xff\xfe", b"{"])
def test_what_is_no_template_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "text"
    file.write_bytes(content)
    raised = run(str(file)).exception
    assert isinstance(raised, ConfigError)
    assert str(raised).startswith(str(file))


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    assert isinstance(run("nowhere.json").exception, ConfigError)
