"""Audit: the invariants of an S3 proxy behind an API Gateway REST API, over any template.

A template is a value, parsed JSON or YAML, of whatever origin. Nothing is asked of AWS, nothing is
deployed, and what cannot be known from the template alone (an import, a condition) is passed over
in silence: a finding is always a fact about the template.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.analysis.audit.rule import Fault, Finding, Rule
from readmodel_cfn.analysis.audit.rules import RULES
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.cloudformation.reader import read_template

__all__ = ["RULES", "Fault", "Finding", "Rule", "View", "audit", "read_template"]


def audit(template: Mapping[str, Any]) -> list[Finding]:
    """Every breach of the rules in a template, in the order of the rules.

    An empty list means that no rule is broken, which is also so where there is nothing to judge.
    Odd templates give fewer findings, never an exception.
    """
    return list(_findings(View(template)))


def _findings(view: View) -> Iterator[Finding]:
    for rule in RULES:
        for fault in rule.check(view):
            yield Finding(
                rule=rule.id,
                name=rule.name,
                resource=fault.resource,
                path=fault.path,
                what=fault.what,
                meaning=rule.meaning,
                todo=fault.todo,
            )
