"""Audit: rules for an S3 proxy behind an API Gateway REST API, checked on any template.

Nothing is deployed and AWS is not called. What the template alone does not decide, such as an
import or a condition, is not checked: a finding is always a fact about the template.
"""

from readmodel_cfn.analysis.audit.lines import with_lines
from readmodel_cfn.analysis.audit.rule import SEVERITIES, Finding, Rule, Severity, Violation
from readmodel_cfn.analysis.audit.rules import RULES
from readmodel_cfn.analysis.audit.sarif import to_sarif
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.reader import (
    TemplateSource,
    content_and_text,
    template_content,
)

__all__ = [
    "RULES",
    "SEVERITIES",
    "Finding",
    "Rule",
    "Severity",
    "Violation",
    "audit",
    "methods_reading_s3",
    "to_sarif",
]


def audit(template: TemplateSource) -> list[Finding]:
    """The template's violations of the rules, the worst first, then in the order of the rules.

    The list is also empty if no method reads S3: see `methods_reading_s3`.

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
    return with_lines(findings, text) if text else findings


def methods_reading_s3(template: TemplateSource) -> list[str]:
    """The logical IDs of the methods that read S3, which the audit checks.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    return [method.id for method in View(template_content(template)).reads]
