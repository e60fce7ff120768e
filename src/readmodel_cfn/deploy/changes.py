"""A change set as a value: what CloudFormation says that an update would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

# With these words a change set fails that has nothing to change.
_NOTHING = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Detail:
    """One changed property; `path` and the values are "" where this AWS does not tell them.

    `cause` names what makes a value known only while it is carried out.
    """

    path: str
    before: str
    after: str
    cause: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From one detail of a resource's change."""
        target = found.get("Target", {})
        attribute, name = target.get("Attribute", ""), target.get("Name", "")
        return cls(
            path=target.get("Path") or "/".join(["", attribute, *([name] if name else [])]),
            before=target.get("BeforeValue", ""),
            after=target.get("AfterValue", ""),
            cause=found.get("CausingEntity", ""),
        )


@dataclass(frozen=True)
class ResourceChange:
    """What becomes of one resource; `action` and `replacement` are CloudFormation's own words."""

    action: str
    logical_id: str
    physical_id: str
    type: str
    replacement: str
    details: tuple[Detail, ...]

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From one change of a change set."""
        return cls(
            action=found.get("Action", ""),
            logical_id=found.get("LogicalResourceId", ""),
            physical_id=found.get("PhysicalResourceId", ""),
            type=found.get("ResourceType", ""),
            replacement=found.get("Replacement", ""),
            details=tuple(Detail.of(one) for one in found.get("Details", [])),
        )


@dataclass(frozen=True)
class ChangeSet:
    """A change set: how far it is, and what it would change."""

    id: str
    stack_id: str
    status: str
    reason: str
    changes: tuple[ResourceChange, ...]

    @property
    def ready(self) -> bool:
        """Has CloudFormation ended making it, well or not?"""
        return self.status not in ("CREATE_PENDING", "CREATE_IN_PROGRESS")

    @property
    def failed(self) -> bool:
        """Did it fail, other than for want of a change?"""
        return self.status == "FAILED" and not any(words in self.reason for words in _NOTHING)

    @classmethod
    def of(cls, pages: Sequence[Mapping[str, Any]]) -> Self:
        """From all pages of DescribeChangeSet."""
        first = pages[0]
        found = [change for page in pages for change in page.get("Changes", [])]
        return cls(
            id=first["ChangeSetId"],
            stack_id=first["StackId"],
            status=first["Status"],
            reason=first.get("StatusReason", ""),
            changes=tuple(
                ResourceChange.of(one["ResourceChange"]) for one in found if "ResourceChange" in one
            ),
        )
