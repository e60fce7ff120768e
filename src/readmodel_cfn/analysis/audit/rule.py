"""Rules of the audit, violations, and the findings that report them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from readmodel_cfn.analysis.audit.cures import Edit, cure
from readmodel_cfn.analysis.view import View

Severity = Literal["high", "medium", "low"]
"""How bad a violation is:

- high: the deployment fails, clients get wrong responses, or data and permissions are open.
- medium: it works, but clients or security are worse off, or it fails in some cases.
- low: it works, and could be better.
"""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The severities, worst first."""


@dataclass(frozen=True)
class Violation:
    """One violation of a rule: where it is, what is wrong, and how to fix it.

    `resource` is a logical ID, or Outputs; `path` is a path in it, such as
    Properties/Integration/Uri. A `/` in a key is written `~1`, as in a JSON pointer.
    """

    resource: str
    path: str
    what: str
    todo: str


@dataclass(frozen=True)
class Finding:
    """A violation together with its rule.

    `line` is the line of a template that was given as text or file, from 1. `type` is the type of
    the resource, and `cdk_path` the path of its construct if the CDK wrote the template. `cure` is
    what to paste into the template; it is empty if the template does not decide that.
    """

    rule: str
    name: str
    severity: Severity
    resource: str
    path: str
    line: int | None
    what: str
    meaning: str
    todo: str
    type: str = ""
    cdk_path: str | None = None
    cure: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        return f"{self.severity} {self.rule} {self.place}: {self.what}; {self.todo}"

    @property
    def place(self) -> str:
        """Where it is: logical ID and path, and the construct's path if there is one."""
        construct = f" ({self.cdk_path})" if self.cdk_path else ""
        return f"{self.resource}/{self.path}{construct}"

    def as_dict(self) -> dict[str, Any]:
        """The finding as `audit --json` prints it."""
        return {**asdict(self), "cure": [asdict(edit) for edit in self.cure]}


@dataclass(frozen=True)
class Rule:
    """A rule; `meaning` says what a violation means for clients of the API."""

    id: str
    name: str
    severity: Severity
    title: str
    meaning: str
    check: Callable[[View], Iterator[Violation]]

    def finding(self, violation: Violation, view: View) -> Finding:
        """The finding for a violation of this rule in the view's template."""
        resource = view.resources.get(violation.resource)
        return Finding(
            rule=self.id,
            name=self.name,
            severity=self.severity,
            resource=violation.resource,
            path=violation.path,
            line=None,
            what=violation.what,
            meaning=self.meaning,
            todo=violation.todo,
            type=resource.type if resource else "",
            cdk_path=view.cdk_path(violation.resource),
            cure=cure(self.id, view, violation.resource, violation.path),
        )

    def as_dict(self) -> dict[str, str]:
        """The rule as `audit --rules --json` prints it."""
        names = ("id", "name", "severity", "title", "meaning")
        return {name: getattr(self, name) for name in names}


def at_least(findings: Iterable[Finding], severity: Severity) -> list[Finding]:
    """The findings of this severity or a worse one."""
    severities = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return [finding for finding in findings if finding.severity in severities]
