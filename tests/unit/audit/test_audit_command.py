"""The command `audit`: findings on stdout, messages on stderr, and the exit code."""

import json
import re
import textwrap
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
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_audit_of_a_good_template_counts_its_methods_and_exits_0(tmp_path: Path) -> None:
    file = tmp_path / "good.json"
    file.write_text(json.dumps(good()), encoding="utf-8-sig")
    done = run(str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("4 methods read S3")


def test_audit_without_a_file_audits_the_template_of_readmodel_toml(tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text('[api]\nmissing = "mask"\n', encoding="utf-8")
    assert run().exit_code == 0
    config = tmp_path / "other.toml"
    config.write_text('[writer]\nkey_in = "outputs"\n', encoding="utf-8")
    assert "R48" in run("--config", str(config)).stdout


def test_findings_are_printed_the_worst_first_and_exit_code_is_3(broken: Path) -> None:
    done = run(str(broken))
    lines = [line.split() for line in done.stdout.splitlines()]
    at = [lines.index([severity]) for severity in ("high", "medium")]
    assert [lines[line + 1][:2] for line in at] == [["R34", "no-stage"], ["R47", "plain-http"]]
    assert re.findall("(?m)^  (R[0-9]+)", done.stdout) == ["R34", "R47"]
    assert "AWS::ApiGateway::Deployment" in done.stdout
    assert isinstance(done.exception, FindingsError)
    assert str(done.exception).startswith(f"{broken}: 2 ")
    assert done.exception.exit_code == 3


def test_findings_name_the_file_and_the_line(broken: Path) -> None:
    lines = broken.read_text(encoding="utf-8").splitlines()
    (store,) = (number for number, line in enumerate(lines, 1) if line == "  Store:")
    words = run("broken.yaml").stdout.split()
    assert f"broken.yaml:{store + 1}:" in words


@pytest.mark.parametrize(("severity", "code"), [("high", 0), ("medium", 3), ("low", 3), (None, 3)])
def test_fail_on_is_the_lowest_severity_that_fails(
    severity: str | None, code: int, broken: Path
) -> None:
    template = good()
    drop(template, "StorePolicy")
    drop(template, "SampleGet/Properties/Integration/RequestParameters")
    broken.write_text(json.dumps(template), encoding="utf-8")
    done = run(str(broken), "--json", *(["--fail-on", severity] if severity else []))
    found = json.loads(done.stdout)["findings"]
    assert [finding["severity"] for finding in found] == ["medium", "low"]
    assert getattr(done.exception, "exit_code", 0) == code


def test_a_low_finding_alone_is_a_finding_too(tmp_path: Path) -> None:
    template = good()
    drop(template, "SampleGet/Properties/Integration/RequestParameters")
    file = tmp_path / "low.json"
    file.write_text(json.dumps(template), encoding="utf-8")
    assert isinstance(run(str(file)).exception, FindingsError)
    assert run(str(file), "--fail-on", "medium").exit_code == 0


def test_one_mistake_in_several_methods_is_one_line_of_the_text(broken: Path) -> None:
    template = good()
    for name in ("SampleHead", "ProductHead"):
        drop(template, name)
        template["Resources"]["Deployment1a2b"]["DependsOn"].remove(name)
    broken.write_text(json.dumps(template), encoding="utf-8")
    text = run(str(broken)).stdout
    assert re.findall("(?m)^  R20 .* in (2 methods)", text) == ["2 methods"]
    assert {"SampleGet", "ProductGet"} <= set(re.findall(r"\w+", text))
    found = json.loads(run(str(broken), "--json").stdout)["findings"]
    assert [finding["resource"] for finding in found] == ["SampleGet", "ProductGet"]


def test_public_methods_are_listed_before_the_findings(broken: Path) -> None:
    lines = run(str(broken)).stdout.splitlines()
    public = [line.split() for line in lines[: lines.index("high")]]
    assert ["GET,", "HEAD", "/products/{id}", "reads", "${Store}/products/{id}.json"] in public


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_cure_is_printed_in_the_format_of_the_template(form: str, broken: Path) -> None:
    template = good()
    drop(template, "Store/Properties/PublicAccessBlockConfiguration")
    text = json.dumps(template) if form == "json" else yaml.safe_dump(template)
    broken.write_text(text, encoding="utf-8")
    _, _, pasted = run(str(broken)).stdout.partition("paste into Resources/Store/Properties:\n")
    lines = [line for line in pasted.splitlines() if line.startswith(" " * 8)]
    content = textwrap.dedent("\n".join(lines))
    found = json.loads(f"{{{content}}}") if form == "json" else yaml.safe_load(content)
    assert set(found["PublicAccessBlockConfiguration"].values()) == {True}


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_findings_fit_the_terminal(columns: int) -> None:
    done = CliRunner(env={"COLUMNS": str(columns)}).invoke(audit, ["--article"])
    long = [line.strip() for line in done.stdout.splitlines() if len(line) > columns]
    assert all(line.startswith(("arn:", "https:")) and " " not in line for line in long)


def test_json_is_a_format(broken: Path) -> None:
    assert run(str(broken), "--format", "json").stdout == run(str(broken), "--json").stdout
    assert run(str(broken), "--format", "text").stdout == run(str(broken)).stdout


@pytest.mark.parametrize(
    "options", [("--json", "--format", "sarif"), ("--rules", "--format=sarif")]
)
def test_options_that_exclude_each_other_are_a_usage_error(options: tuple[str, ...]) -> None:
    done = run(*options)
    assert (done.exit_code, done.stdout) == (2, "")


def test_json_prints_findings_with_all_fields(broken: Path) -> None:
    report = json.loads(run(str(broken), "--json").stdout)
    found = report["findings"]
    assert (report["reads"], report["lists"], report["writes"], report["unchecked"]) == (
        4,
        0,
        0,
        [],
    )
    assert [finding["rule"] for finding in found] == ["R34", "R47"]
    assert set(found[0]) == {
        *("rule", "name", "severity", "resource", "path", "line", "what", "meaning", "todo"),
        *("type", "cdk_path", "cure"),
    }
    public = {(method["resource"], method["access"]) for method in report["public"]}
    assert ("SampleGet", "reads") in public
    assert json.loads(run("--json").stdout)["findings"] == []


def test_audit_of_the_article_template_fails() -> None:
    done = run("--article")
    assert isinstance(done.exception, FindingsError)
    assert "R14" in done.stdout


def test_rules_option_lists_every_rule() -> None:
    assert len(run("--rules").stdout.splitlines()) == len(RULES)
    assert [rule["id"] for rule in json.loads(run("--rules", "--json").stdout)] == [
        rule.id for rule in RULES
    ]


@pytest.mark.parametrize("content", [b"no template", b"\xff\xfe", b"{"])
def test_file_that_is_not_a_template_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "text"
    file.write_bytes(content)
    raised = run(str(file)).exception
    assert isinstance(raised, ConfigError)
    assert str(raised).startswith(str(file))


def test_missing_file_is_a_usage_error() -> None:
    assert isinstance(run("nowhere.json").exception, ConfigError)
