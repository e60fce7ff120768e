"""The forms of a template that the audit takes, and the page about the rules."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from audit_templates import drop, good
from troposphere import Template

from readmodel_cfn import ReadModel, build_article, build_template, render
from readmodel_cfn.analysis.audit import RULES, audit, audit_report
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.analysis.openapi import openapi
from readmodel_cfn.errors import ConfigError

PAGE = Path(__file__).parents[3] / "docs" / "audit.md"


def test_short_sub_of_a_number_is_audited_as_text() -> None:
    text = yaml.safe_dump(good()).replace("StatusCode: '", "StatusCode: !Sub '")
    assert "!Sub '200'" in text
    assert audit(text) == []


@pytest.mark.parametrize("form", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_text_and_file_have_the_findings_of_the_mapping(
    form: Callable[[Any], str], tmp_path: Path
) -> None:
    template = good()
    drop(template, "Stage")
    file = tmp_path / "template"
    file.write_text(form(template), encoding="utf-8-sig")
    findings = audit(template)
    assert findings
    assert audit(form(template)) == audit(file)
    assert [replace(finding, line=None) for finding in audit(file)] == findings


def test_troposphere_template_and_read_model_are_templates() -> None:
    model, template = ReadModel(), build_template(ReadModel())
    text = render(template)
    for analyse in (audit, audit_report, flowchart, openapi):
        assert analyse(model) == analyse(template) == analyse(text)
    assert audit(build_article())
    assert audit(Template()) == []


@pytest.mark.parametrize("analyse", [audit, audit_report, flowchart, openapi])
def test_other_value_is_a_type_error(analyse: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="int"):
        analyse(1)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"{}"])
def test_invalid_file_is_a_config_error_that_names_it(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        audit(file)
    assert raised.value.where == str(file)


def test_page_has_a_row_with_the_severity_of_each_rule() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines if "| R" in line]
    assert [row[1:4] for row in rows] == [[rule.id, rule.severity, rule.name] for rule in RULES]
    assert all(len(row) == 7 for row in rows)
