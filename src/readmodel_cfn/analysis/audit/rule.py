"""Rules of the audit, violations, and the findings that report them."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from readmodel_cfn.analysis.view import View

Severity = Literal["error", "warning", "note"]
"""How bad a violation is, with SARIF's words for it:

- error: the deployment fails, clients get wrong responses, or data and permissions are open.
- warning: it works, but clients or security are worse off, or it fails in some cases.
- note: it works, and could be better.
"""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The severities, worst first."""


@dataclass(frozen=True)
class Violation:
    """One violation of a rule: where it is, what is wrong, and how to fix it.

    `resource` is a logical ID, or Outputs; `path` is a path in it, such as
    Properties/Integration/Uri.
    """

    resource: str
    path: str
    what: str
    todo: str


@dataclass(frozen=True)
class Finding:
    """A violation together with its rule.

    `line` is the line of a template that was given as text or file, from 1.
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

    def __str__(self) -> str:
        place = f"{self.resource}/{self.path}"
        return f"{self.severity} {self.rule} {place}: {self.what}; {self.todo}"

    def as_dict(self) -> dict[str, str | int | None]:
        """The finding as `audit --json` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """A rule; `meaning` says what a violation means for clients of the API."""

    id: str
    name: str
    severity: Severity
    title: str
    meaning: str
    check: Callable[[View], Iterator[Violation]]

    def finding(self, violation: Violation) -> Finding:
        """The finding for a violation of this rule."""
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
        )

    def as_dict(self) -> dict[str, str]:
        """The rule as `audit --rules --json` prints it."""
        names = ("id", "name", "severity", "title", "meaning")
        return {name: getattr(self, name) for name in names}
