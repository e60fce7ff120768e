"""Lint: any text gives findings and no exception."""

import gc
import json
import time
from pathlib import Path
from typing import Any

import pytest

from facts import missing
from readmodel_cfn import ReadModel, build_template, render
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import MAX_FINDINGS, Finding, lint, lint_once

BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {}}


# pytest warns of an exception that is lost in a callback of the garbage collector, which Hypothesis
# has.
LOST_IN_A_CALLBACK = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def template(**resources: object) -> str:
    return json.dumps({"Resources": resources})


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .cfnlintrc outside the test is read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_valid_template_has_no_findings() -> None:
    assert lint(template(Store=BUCKET)) == []


def test_finding_has_rule_level_place_message_and_meaning() -> None:
    bad = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": 1, "Nope": 1}}
    found = {finding.place: finding for finding in lint(template(Store=bad))}
    finding = found["Resources/Store/Properties/Nope"]
    assert finding == Finding(
        "E3002",
        "error",
        "Resources/Store/Properties/Nope",
        "Additional properties are not allowed ('Nope' was unexpected)",
        finding.meaning,
    )
    assert finding.meaning


def test_warning_is_a_finding() -> None:
    text = json.dumps({"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"A": BUCKET}})
    assert [(finding.rule, finding.level) for finding in lint(text)] == [("W2001", "warning")]


def test_yaml_template_is_linted() -> None:
    assert lint("Resources:\n  Store:\n    Type: AWS::S3::Bucket\n") == []
    assert [finding.rule for finding in lint("Resources:\n  A:\n    Type: AWS::S3::Bucke\n")] == [
        "E3006"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "5",
        '"text"',
        "[]",
        "{}",
        "{",
        "a: [",
        "a:\n\tb: 1",
        "\x00",
        "- 1\n- 2",
        '{"Resources": []}',
        '{"Resources": {"A": 1}}',
        '{"Resources": {"A": {"Type": 1}}}',
        '{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": 1}}}',
        "a: !Foo b",
        "a: &x [*x]",
        "[" * 3000 + "]" * 3000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_invalid_template_text_is_a_finding(text: str) -> None:
    found = lint(text)
    assert found
    for finding in found:
        assert finding.rule
        assert finding.place


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Resources": {f"A{i}": BUCKET for i in range(501)}}),
        template(A={"Type": "AWS::S3::Bucket", "Properties": ["x"] * 100_000}),
    ],
    ids=["resources", "values"],
)
def test_template_beyond_a_limit_has_one_finding_that_names_it(text: str) -> None:
    (finding,) = lint(text)
    assert finding.level == "error"
    assert any(limit in finding.message for limit in ("500", "100,000"))


def test_lint_stops_after_many_findings() -> None:
    many = {"Type": "AWS::S3::Bucket", "Properties": {f"K{i}": 1 for i in range(MAX_FINDINGS + 9)}}
    found = lint(template(A=many))
    assert len(found) == MAX_FINDINGS + 1
    assert "stopped" in found[-1].message


@LOST_IN_A_CALLBACK
def test_lint_stops_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel_cfn.lint._MAX_SECONDS", 0.2)
    name = {"Fn::Sub": "${" * 50_000}
    found = lint(template(A={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}))
    assert "0.2 s" in found[-1].message


@LOST_IN_A_CALLBACK
def test_time_that_is_up_in_a_callback_of_the_garbage_collector_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python ignores an exception there."""
    monkeypatch.setattr("readmodel_cfn.lint._MAX_SECONDS", 0.1)
    monkeypatch.setattr("readmodel_cfn.lint._REPEATED_SECONDS", 0.1)

    lost: list[bool] = []

    def busy(*_: object) -> None:
        if not lost:
            lost.append(True)
            end = time.process_time() + 5  # the time is up before, which ends the loop
            while time.process_time() < end:
                pass

    name = {"Fn::Sub": "${" * 50_000}
    text = template(A={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}})
    gc.callbacks.append(busy)
    try:
        found = lint(text)
    finally:
        gc.callbacks.remove(busy)
    assert "0.1 s" in found[-1].message


@LOST_IN_A_CALLBACK
def test_findings_of_a_check_that_ran_out_of_time_are_not_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READMODEL_CFN_HOME", str(tmp_path))
    name = {"Fn::Sub": "${" * 50_000}
    text = template(A={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}})
    with monkeypatch.context() as patch:
        patch.setattr("readmodel_cfn.lint._MAX_SECONDS", 0.2)
        lint_once(text)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    ("conditions", "limit"),
    [
        ({f"C{n}": {"Fn::Or": [{"Condition": f"C{n + 1}"}] * 10} for n in range(9)}, "1,000 parts"),
        ({f"C{n}": {"Fn::Not": [{"Condition": f"C{n + 1}"}]} for n in range(999)}, "100 levels"),
        ({"C0": {"Fn::Or": [{"Condition": "C0"}] * 2}}, "100 levels"),
    ],
)
def test_conditions_that_cfn_lint_expands_without_end_are_one_finding(
    conditions: dict[str, Any], limit: str
) -> None:
    text = json.dumps({"Conditions": conditions, "Resources": {"A": BUCKET}})
    (finding,) = lint(text)
    assert limit in finding.message


def test_findings_depend_on_the_region() -> None:
    old = {"Type": "AWS::OpsWorks::Stack", "Properties": {}}
    assert "E3006" in {finding.rule for finding in lint(template(A=old), ["eu-central-2"])}


def test_unknown_region_is_a_config_error() -> None:
    with pytest.raises(ConfigError) as refused:
        lint(template(Store=BUCKET), ["mars-north-1"])
    assert missing(["mars-north-1", "region"], refused.value) == []


def test_cfnlintrc_is_used() -> None:
    Path(".cfnlintrc").write_text("ignore_checks: [W2001]")
    text = json.dumps({"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"A": BUCKET}})
    assert lint(text) == []


def test_templates_option_of_cfnlintrc_is_ignored() -> None:
    Path(".cfnlintrc").write_text("templates: [none/*.yaml]")
    assert lint(template(Store=BUCKET)) == []


def test_unreadable_file_named_in_cfnlintrc_is_a_config_error() -> None:
    Path("schemas").mkdir()
    Path("schemas/gone.json").symlink_to("nowhere")
    Path(".cfnlintrc").write_text("registry_schemas: [schemas]")
    with pytest.raises(ConfigError, match=r"^\.cfnlintrc: .*gone\.json"):
        lint(template(Store=BUCKET))


@pytest.mark.parametrize("content", [b"nope: 1", b"regions: 5", b"[ a", b"\xff\xfe\x00"])
def test_invalid_cfnlintrc_is_a_config_error(content: bytes) -> None:
    Path(".cfnlintrc").write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        lint(render(build_template(ReadModel())))
    assert str(refused.value).startswith(".cfnlintrc: ")
    assert "\n" not in str(refused.value)
