"""Lint: any text in, findings out; no text makes it fail."""

import json
from pathlib import Path

import pytest

from readmodel_cfn import ReadModel, build_template, render
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import Finding, lint

BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {}}


def template(**resources: object) -> str:
    return json.dumps({"Resources": resources})


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .cfnlintrc of anybody's changes what is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_good_template_has_no_finding() -> None:
    assert lint(template(Store=BUCKET)) == []


def test_a_finding_says_rule_level_place_message_and_meaning() -> None:
    bad = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": 1, "Nope": 1}}
    found = {one.place: one for one in lint(template(Store=bad))}
    one = found["Resources/Store/Properties/Nope"]
    assert one == Finding(
        "E3002",
        "error",
        "Resources/Store/Properties/Nope",
        "Additional properties are not allowed ('Nope' was unexpected)",
        one.meaning,
    )
    assert one.meaning


def test_a_warning_is_a_finding_too() -> None:
    text = json.dumps({"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"A": BUCKET}})
    assert [(one.rule, one.level) for one in lint(text)] == [("W2001", "warning")]


def test_a_yaml_template_is_read_as_well() -> None:
    assert lint("Resources:\n  Store:\n    Type: AWS::S3::Bucket\n") == []
    assert [one.rule for one in lint("Resources:\n  A:\n    Type: AWS::S3::Bucke\n")] == ["E3006"]


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
def test_text_that_is_no_template_is_a_finding_and_never_an_exception(text: str) -> None:
    found = lint(text)
    assert found
    for one in found:
        assert one.rule
        assert one.place


def test_a_region_is_taken_into_account() -> None:
    old = {"Type": "AWS::OpsWorks::Stack", "Properties": {}}
    assert "E3006" in {one.rule for one in lint(template(A=old), ["eu-central-2"])}


def test_a_region_that_cfn_lint_does_not_know_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError) as refused:
        lint(template(Store=BUCKET), ["mars-north-1"])
    assert str(refused.value) == (
        "cfn-lint knows no region mars-north-1; check --region, or upgrade cfn-lint"
    )


def test_a_cfnlintrc_is_honoured() -> None:
    Path(".cfnlintrc").write_text("ignore_checks: [W2001]")
    text = json.dumps({"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"A": BUCKET}})
    assert lint(text) == []


def test_the_templates_that_a_cfnlintrc_names_are_another_matter() -> None:
    Path(".cfnlintrc").write_text("templates: [none/*.yaml]")
    assert lint(template(Store=BUCKET)) == []


def test_what_a_cfnlintrc_names_and_cannot_be_read_is_an_error_of_the_configuration() -> None:
    Path("schemas").mkdir()
    Path("schemas/gone.json").symlink_to("nowhere")
    Path(".cfnlintrc").write_text("registry_schemas: [schemas]")
    with pytest.raises(ConfigError, match=r"^\.cfnlintrc: cannot be used: .*gone\.json"):
        lint(template(Store=BUCKET))


@pytest.mark.parametrize("content", [b"nope: 1", b"regions: 5", b"[ a", b"\xff\xfe\x00"])
def test_a_cfnlintrc_that_cannot_be_read_is_an_error_of_the_configuration(content: bytes) -> None:
    Path(".cfnlintrc").write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be used: ") as refused:
        lint(render(build_template(ReadModel())))
    assert str(refused.value).startswith(".cfnlintrc: ")
    assert "\n" not in str(refused.value)
