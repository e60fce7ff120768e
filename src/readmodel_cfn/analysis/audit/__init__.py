"""Audit: rules for an S3 proxy behind an API Gateway REST API, checked on any template.

Nothing is deployed and AWS is not called. What the template alone does not decide, such as an
import or a condition, is not checked: a finding is always a fact about the template. What may read
S3 and was not looked at is listed: see `AuditReport.unchecked`.
"""

from dataclasses import dataclass
from typing import Any

from readmodel_cfn.analysis.audit.lines import with_lines
from readmodel_cfn.analysis.audit.rule import SEVERITIES, Finding, Rule, Severity, Violation
from readmodel_cfn.analysis.audit.rules import RULES
from readmodel_cfn.analysis.audit.sarif import to_sarif
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.reader import TemplateSource, content_and_text

__all__ = [
    "RULES",
    "SEVERITIES",
    "AuditReport",
    "Finding",
    "Rule",
    "Severity",
    "Unchecked",
    "Violation",
    "audit",
    "audit_report",
    "to_sarif",
]


@dataclass(frozen=True)
class AuditReport:
    """The findings of an audit, and what it looked at.

    `reads`, `lists` and `writes` are the numbers of methods that read objects of S3, that list
    buckets or keys, and that write to S3. A method of two kinds counts as both. `unchecked` is
    what may read S3, and was not looked at: without it, no findings means that all is well.
    """

    findings: tuple[Finding, ...]
    reads: int
    lists: int
    writes: int
    unchecked: tuple[Unchecked, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as `audit --json` prints it."""
        return {
            "findings": [finding.as_dict() for finding in self.findings],
            "reads": self.reads,
            "lists": self.lists,
            "writes": self.writes,
            "unchecked": [unchecked.as_dict() for unchecked in self.unchecked],
        }


def audit_report(template: TemplateSource) -> AuditReport:
    """The template's violations of the rules, and what was looked at.

    The findings are sorted: the worst first, then in the order of the rules.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    content, text = content_and_text(template)
    view = View(content)
    rules = sorted(RULES, key=lambda rule: SEVERITIES.index(rule.severity))
    findings = [rule.finding(violation) for rule in rules for violation in rule.check(view)]
    return AuditReport(
        findings=tuple(with_lines(findings, text) if text else findings),
        reads=len(view.reads),
        lists=0,
        writes=0,
        unchecked=(),
    )


def audit(template: TemplateSource) -> list[Finding]:
    """The findings of `audit_report`.

    An empty list is not yet an all-clear: `audit_report` tells what was looked at.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    return list(audit_report(template).findings)
