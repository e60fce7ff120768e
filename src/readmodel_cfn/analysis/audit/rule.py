"""Rules of the audit, violations, and the findings that report them."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from readmodel_cfn.analysis.view import View


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
    """A violation together with its rule."""

    rule: str
    name: str
    resource: str
    path: str
    what: str
    meaning: str
    todo: str

    def __str__(self) -> str:
        return f"{self.rule} {self.resource}/{self.path}: {self.what}; {self.todo}"

    def as_dict(self) -> dict[str, str]:
        """The finding as `audit --json` prints it."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """A rule; `meaning` says what a violation means for clients of the API."""

    id: str
    name: str
    title: str
    meaning: str
    check: Callable[[View], Iterator[Violation]]

    def finding(self, violation: Violation) -> Finding:
        """The finding for a violation of this rule."""
        return Finding(
            rule=self.id,
            name=self.name,
            resource=violation.resource,
            path=violation.path,
            what=violation.what,
            meaning=self.meaning,
            todo=violation.todo,
        )

    def as_dict(self) -> dict[str, str]:
        """The rule as `audit --rules --json` prints it."""
        names = ("id", "name", "title", "meaning")
        return {name: getattr(self, name) for name in names}
