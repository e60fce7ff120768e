"""Audit: rules for an S3 proxy behind an API Gateway REST API, checked on any template.

Nothing is deployed and AWS is not called. What the template alone does not decide, such as an
import or a condition, is not checked: a finding is always a fact about the template. What may read
S3 and was not looked at is listed: see `AuditReport.unchecked`.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Literal

from readmodel_cfn.analysis.audit.cures import Edit
from readmodel_cfn.analysis.audit.groups import Group, group
from readmodel_cfn.analysis.audit.lines import with_lines
from readmodel_cfn.analysis.audit.not_evaluated import not_evaluated
from readmodel_cfn.analysis.audit.public import PublicMethod, public_methods
from readmodel_cfn.analysis.audit.public_distributions import (
    PublicDistribution,
    public_distributions,
)
from readmodel_cfn.analysis.audit.rule import (
    SEVERITIES,
    Finding,
    Rule,
    Severity,
    Violation,
    at_least,
)
from readmodel_cfn.analysis.audit.rules import RULES
from readmodel_cfn.analysis.audit.sarif import to_sarif
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.reader import TemplateSource, content_and_text
from readmodel_cfn.errors import FindingsError
from readmodel_cfn.plural import counted

__all__ = [
    "RULES",
    "SEVERITIES",
    "AuditReport",
    "Edit",
    "Finding",
    "Group",
    "PublicDistribution",
    "PublicMethod",
    "Rule",
    "Severity",
    "Unchecked",
    "Violation",
    "at_least",
    "audit",
    "audit_report",
    "group",
    "to_sarif",
]


@dataclass(frozen=True)
class AuditReport:
    """The findings of an audit, and what it looked at.

    `reads`, `lists` and `writes` are the numbers of methods that read objects of S3, that list
    buckets or keys, and that write to S3. A method of two kinds counts as both. `public` are those
    that need neither authorization nor an API key, and `distributions` the paths of CloudFront
    distributions that need no signature. `unchecked` is what may read S3, and was not looked at:
    without it, no findings means that all is well. `form` is that of the template's text, in which
    a cure can be written.
    """

    findings: tuple[Finding, ...]
    reads: int
    lists: int
    writes: int
    unchecked: tuple[Unchecked, ...]
    public: tuple[PublicMethod, ...] = ()
    form: Literal["json", "yaml"] = "json"
    distributions: tuple[PublicDistribution, ...] = ()

    def __str__(self) -> str:
        return f"{self.summary}; {self.counts}"

    @property
    def summary(self) -> str:
        """What was looked at, in one line, such as 3 methods read S3, 1 lists, 2 write."""
        return _summary(self.reads, self.lists, self.writes, len(self.unchecked))

    @property
    def counts(self) -> str:
        """How many findings there are, in all and of each severity, and how much is unchecked."""
        numbers = Counter(finding.severity for finding in self.findings)
        found = counted(len(self.findings), "finding")
        found += ": " if numbers else ""
        found += ", ".join(f"{numbers[name]:,} {name}" for name in SEVERITIES if numbers[name])
        unchecked = f"{counted(len(self.unchecked), 'part')} not looked at"
        return f"{found}; {unchecked}" if self.unchecked else found

    def require_none(self, where: str, severity: Severity = "low") -> None:
        """Raise an error if there is a finding of this severity or a worse one.

        What was not looked at is always an error: the worst finding may be in it. `where` names
        the template.

        Raises:
            FindingsError: there is such a finding, or something was not looked at.
        """
        if self.unchecked or at_least(self.findings, severity):
            raise FindingsError(self.counts, where=where)

    def as_dict(self) -> dict[str, Any]:
        """The report as `audit --json` prints it."""
        return {
            "findings": [finding.as_dict() for finding in self.findings],
            "reads": self.reads,
            "lists": self.lists,
            "writes": self.writes,
            "public": [method.as_dict() for method in self.public],
            "distributions": [paths.as_dict() for paths in self.distributions],
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
    is_json = text is None or text.lstrip("\ufeff \t\r\n").startswith("{")
    view = View(content)
    rules = sorted(RULES, key=lambda rule: SEVERITIES.index(rule.severity))
    findings = {
        (rule.id, violation): _at_its_place(rule.finding(violation, view), view)
        for rule in rules
        for violation in rule.check(view)
    }
    unchecked = dict.fromkeys((*view.unchecked, *not_evaluated(view)))
    return AuditReport(
        findings=tuple(with_lines(findings.values(), text) if text else findings.values()),
        reads=len({method.id for method in view.methods if method.reads or method.reads_url}),
        lists=len({method.id for method in view.methods if method.lists}),
        writes=len({method.id for method in view.methods if method.writes}),
        public=tuple(public_methods(view)),
        distributions=tuple(public_distributions(view)),
        unchecked=tuple(with_lines(unchecked, text) if text else unchecked),
        form="json" if is_json else "yaml",
    )


def _at_its_place(finding: Finding, view: View) -> Finding:
    """A finding in a method of an OpenAPI document, at its place in that document."""
    place = view.places.get(finding.resource)
    if place is None:
        return finding
    return replace(
        finding,
        resource=place.resource,
        path=place.of(finding.path),
        cdk_path=view.cdk_path(place.resource),
    )


def audit(template: TemplateSource) -> list[Finding]:
    """The findings of `audit_report`.

    An empty list is not yet an all-clear: see `AuditReport`.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    return list(audit_report(template).findings)


def _summary(reads: int, lists: int, writes: int, unchecked: int) -> str:
    parts = [f"{counted(reads, 'method')} {'reads' if reads == 1 else 'read'} S3"]
    parts += [f"{lists} {'lists' if lists == 1 else 'list'}"] if lists else []
    parts += [f"{writes} {'writes' if writes == 1 else 'write'}"] if writes else []
    parts += [f"{counted(unchecked, 'part')} not looked at"] if unchecked else []
    return ", ".join(parts)
