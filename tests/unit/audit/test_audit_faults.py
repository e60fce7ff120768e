"""Each template has one fault, and the audit names exactly that."""

import audit_faults_access
import audit_faults_answers
import audit_faults_content
import audit_faults_headers
import pytest
from audit_faults import Case
from audit_templates import good

from readmodel_cfn.analysis.audit import RULES, audit

CASES = [
    *audit_faults_answers.CASES,
    *audit_faults_headers.CASES,
    *audit_faults_content.CASES,
    *audit_faults_access.CASES,
]


@pytest.mark.parametrize("broken", CASES, ids=[one.name for one in CASES])
def test_the_audit_names_exactly_the_fault(broken: Case) -> None:
    template = good(**broken.options)
    assert audit(template) == []
    broken.make(template)
    found = audit(template)
    assert tuple((one.rule, f"{one.resource}/{one.path}") for one in found) == broken.found
    assert broken.says in ", ".join(one.what for one in found)
    assert all(one.meaning and one.todo for one in found)


def test_every_rule_has_a_template_that_breaks_it() -> None:
    assert {rule for one in CASES for rule, _ in one.found} == {rule.id for rule in RULES}


def test_the_rules_are_numbered_and_named_once() -> None:
    assert [rule.id for rule in RULES] == [f"R{number:02}" for number in range(1, len(RULES) + 1)]
    assert len({rule.name for rule in RULES}) == len(RULES)
