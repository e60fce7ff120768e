"""Cures: pasted into the template, they fix their finding and cause no other."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from audit_faults import Case
from audit_templates import Template, good
from test_audit_faults import CASES

from articles import article_template
from readmodel_cfn.analysis.audit import RULES, Edit, Finding, audit
from readmodel_cfn.analysis.audit.cures import CURES
from readmodel_cfn.cli.audit_text import snippet


def pasted(template: Template, finding: Finding) -> Template:
    """The template with the cure of a finding, as a person would paste it."""
    copy: Template = json.loads(json.dumps(template))
    for edit in finding.cure:
        *above, last = edit.path.split("/")
        holder: Any = copy
        for step in above:
            holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
        if isinstance(holder, list):
            holder[int(last) : int(last) + 1] = [edit.value]
        else:
            holder[last] = edit.value
    return copy


def places(findings: list[Finding]) -> set[tuple[str, str, str, str]]:
    return {(found.rule, found.resource, found.path, found.what) for found in findings}


@pytest.mark.parametrize("broken", CASES, ids=[case.name for case in CASES])
def test_cure_fixes_its_finding_and_causes_no_other(broken: Case) -> None:
    template = good(**broken.options)
    broken.make(template)
    before = audit(template)
    for finding in before:
        if finding.cure:
            after = places(audit(pasted(template, finding)))
            assert places([finding]) & after == set()
            assert after <= places(before)


def test_every_cure_is_shown_for_some_template_and_is_the_same_in_yaml_and_json() -> None:
    """One test, because the audits of all templates take seconds."""
    assert CURES.keys() <= {rule.id for rule in RULES}
    cured = set()
    for broken in CASES:
        template = good(**broken.options)
        broken.make(template)
        for finding in audit(template):
            cured |= {finding.rule} if finding.cure else set()
            for edit in finding.cure:
                assert_equal_in_yaml_and_json(edit)
    assert cured == CURES.keys()


def assert_equal_in_yaml_and_json(edit: Edit) -> None:
    name = edit.path.rpartition("/")[2]
    from_yaml = yaml.safe_load(snippet(name, edit.value, "yaml"))
    text = snippet(name, edit.value, "json")
    if name.isdecimal():
        assert from_yaml == [json.loads(text)] == [edit.value]
    else:
        assert from_yaml == json.loads(f"{{{text}}}") == {name: edit.value}


def test_article_can_be_cured_finding_by_finding() -> None:
    template: Mapping[str, Any] = article_template()
    uncured = set()
    while left := [found for found in audit(template) if found.rule not in uncured]:
        if left[0].cure:
            template = pasted(dict(template), left[0])
            assert places([left[0]]) & places(audit(template)) == set()
        else:
            uncured.add(left[0].rule)
    assert uncured <= {rule.id for rule in RULES} - CURES.keys()
