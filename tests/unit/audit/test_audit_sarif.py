"""SARIF: the log of the audit is valid, and has what code scanning services need.

The schema beside this file is the published one; the file .license beside it has its origin.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from audit_bodies import INTEGRATION, with_body
from audit_templates import drop, find, good
from click.testing import CliRunner
from jsonschema import Draft7Validator

from articles import article_template
from readmodel_cfn.analysis.audit import RULES, Unchecked, audit, to_sarif
from readmodel_cfn.cli.analysis import audit as command

LEVELS = {"high": "error", "medium": "warning", "low": "note"}
SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def broken() -> dict[str, Any]:
    template = good()
    drop(template, "Stage")
    return template


def printed(*arguments: str) -> Any:
    log = json.loads(CliRunner().invoke(command, [*arguments, "--format", "sarif"]).stdout)
    Draft7Validator(SCHEMA).validate(log)
    return log


def location(log: Any) -> Any:
    """The only location of the only result."""
    ((result,),) = (run["results"] for run in log["runs"])
    (found,) = result["locations"]
    return found


def test_the_schema_refuses_what_is_not_sarif() -> None:
    log = to_sarif(audit(broken()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not Draft7Validator(SCHEMA).is_valid(log)


def test_log_of_the_article_is_valid_and_has_every_rule_and_finding() -> None:
    findings = audit(article_template())
    log = to_sarif(findings, "article.json")
    Draft7Validator(SCHEMA).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        (rule.id, LEVELS[rule.severity]) for rule in RULES
    ]
    assert all(rule["help"]["text"] for rule in rules)
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        (finding.rule, LEVELS[finding.severity]) for finding in findings
    ]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    for result, finding in zip(run["results"], findings, strict=True):
        assert {finding.what, finding.todo} <= set(
            result["message"]["text"].removeprefix(f"{finding.resource}: ")[:-1].split(". Fix: ")
        )


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_command_prints_a_valid_log_with_the_line_of_the_file(tmp_path: Path, suffix: str) -> None:
    text = json.dumps(broken(), indent=1) if suffix == "json" else yaml.safe_dump(broken())
    file = tmp_path / f"broken.{suffix}"
    file.write_text(text, encoding="utf-8")
    found = location(printed(file.name))
    line = found["physicalLocation"]["region"]["startLine"]
    api = next(
        number for number, text in enumerate(text.splitlines(), 1) if text.strip(' "{:') == "Api"
    )
    assert "Properties" in text.splitlines()[line - 1]
    assert api < line <= api + 2
    (logical,) = found["logicalLocations"]
    assert (logical["name"], logical["fullyQualifiedName"]) == ("Api", "/Resources/Api/Properties")


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("stack.json", "stack.json"),
        ("./infra/../infra/stack.json", "infra/stack.json"),
        ("infra/my stack é%.json", "infra/my%20stack%20%C3%A9%25.json"),
        ("a:b.json", "a%3Ab.json"),
    ],
)
def test_uri_of_a_file_is_relative_and_percent_encoded(tmp_path: Path, name: str, uri: str) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / name).write_text(json.dumps(broken()), encoding="utf-8")
    for given in (name, str(tmp_path / name)):
        assert location(printed(given))["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_uri_of_a_file_elsewhere_is_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    (tmp_path / "stack.json").write_text(json.dumps(broken()), encoding="utf-8")
    uri = location(printed("../stack.json"))["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path / "stack.json").as_uri()


def test_findings_of_readmodel_toml_are_located_in_it(tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text('[writer]\nkey_in = "outputs"\n', encoding="utf-8")
    found = location(printed())
    assert found["physicalLocation"]["artifactLocation"]["uri"] == "readmodel.toml"
    (logical,) = found["logicalLocations"]
    assert logical["fullyQualifiedName"] == "/Outputs/DataStoreSecretAccessKey/Value"


def test_place_in_an_openapi_document_is_a_json_pointer() -> None:
    template = with_body(good())
    path = "Properties/Body/paths"
    del find(template, f"Api/{path}")["/samples"]["get"][INTEGRATION]["credentials"]
    (logical,) = location(to_sarif(audit(template)))["logicalLocations"]
    pointer = f"/Resources/Api/{path}/~1samples/get/{INTEGRATION}/credentials"
    assert logical["fullyQualifiedName"] == pointer


def test_findings_without_a_file_have_the_logical_location_only() -> None:
    log = to_sarif(audit(broken()))
    Draft7Validator(SCHEMA).validate(log)
    assert set(location(log)) == {"logicalLocations"}


def test_what_was_not_looked_at_is_a_notification() -> None:
    log = to_sarif([], unchecked=[Unchecked("Api", "Properties/Body", "it is in S3")])
    Draft7Validator(SCHEMA).validate(log)
    ((run,),) = (log["runs"],)
    ((notification,),) = (part["toolExecutionNotifications"] for part in run["invocations"])
    assert "Api/Properties/Body" in notification["message"]["text"]


def test_log_without_findings_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "good.json"
    file.write_text(json.dumps(good()), encoding="utf-8")
    ((run,),) = (printed(file.name)["runs"],)
    assert run["results"] == []
