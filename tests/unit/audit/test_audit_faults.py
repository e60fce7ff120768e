"""Each template has one fault, and the audit reports only that fault."""

import audit_faults_access
import audit_faults_answers
import audit_faults_content
import audit_faults_headers
import audit_faults_s3
import pytest
from audit_faults import Case
from audit_templates import good

from readmodel_cfn.analysis.audit import RULES, SEVERITIES, audit

SEVERITY = {rule.id: rule.severity for rule in RULES}
CASES = [
    *audit_faults_answers.CASES,
    *audit_faults_headers.CASES,
    *audit_faults_content.CASES,
    *audit_faults_access.CASES,
    *audit_faults_s3.CASES,
]


def test_templates_without_their_fault_have_no_findings() -> None:
    for options in {tuple(case.options.items()) for case in CASES}:
        assert audit(good(**dict(options))) == []


@pytest.mark.parametrize("broken", CASES, ids=[case.name for case in CASES])
def test_audit_reports_only_the_fault_of_a_template(broken: Case) -> None:
    template = good(**broken.options)
    broken.make(template)
    found = audit(template)
    assert (
        tuple((finding.rule, f"{finding.resource}/{finding.path}") for finding in found)
        == broken.found
    )
    said = ", ".join(finding.what for finding in found)
    assert [fact for fact in broken.facts.split() if fact not in said] == []
    assert all(finding.meaning and finding.todo for finding in found)
    assert all(finding.severity == SEVERITY[finding.rule] for finding in found)


def test_every_rule_is_broken_by_some_template() -> None:
    assert {rule for case in CASES for rule, _ in case.found} == {rule.id for rule in RULES}


def test_rule_ids_are_consecutive_and_rule_names_unique() -> None:
    ids = sorted(rule.id for rule in RULES)
    assert ids == [f"R{number:02}" for number in range(1, len(RULES) + 1)]
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_every_severity_is_used() -> None:
    assert {rule.severity for rule in RULES} == set(SEVERITIES) == {"high", "medium", "low"}
