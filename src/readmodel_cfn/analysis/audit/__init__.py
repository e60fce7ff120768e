"""Audit: rules for an S3 proxy behind an API Gateway REST API, checked on any template.

Nothing is deployed and AWS is not called. What the template alone does not decide, such as an
import or a condition, is not checked: a finding is always a fact about the template.
"""

from readmodel_cfn.analysis.audit.rule import Finding, Rule, Violation
from readmodel_cfn.analysis.audit.rules import RULES
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.reader import TemplateSource, template_content

__all__ = ["RULES", "Finding", "Rule", "Violation", "audit", "methods_reading_s3"]


def audit(template: TemplateSource) -> list[Finding]:
    """The template's violations of the rules, in the order of the rules.

    The list is also empty if no method reads S3: see `methods_reading_s3`.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    view = View(template_content(template))
    return [rule.finding(violation) for rule in RULES for violation in rule.check(view)]


def methods_reading_s3(template: TemplateSource) -> list[str]:
    """The logical IDs of the methods that read S3, which the audit checks.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    return [method.id for method in View(template_content(template)).reads]
