"""What publishing reports and returns, as values."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from readmodel_cfn.errors import ConfigError, LostRace, Unfinished

RUN_AGAIN = "run it again: only what is missing is sent"


@dataclass(frozen=True, slots=True)
class Sent:
    """A document that was sent; `etag` has its quotes, `bytes` is the size as stored."""

    kind: ClassVar[str] = "sent"
    key: str
    etag: str
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key, "etag": self.etag, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Lost:
    """A document that was to be created and exists already: another writer created it."""

    kind: ClassVar[str] = "lost"
    key: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key}

    def __str__(self) -> str:
        return f"{self.key}: exists already"


@dataclass(frozen=True)
class Fault:
    """Why a document cannot be published; `source` is its file, or its key if it has no file."""

    kind: ClassVar[str] = "invalid"
    source: str
    what: str
    hint: str

    def as_dict(self) -> dict[str, Any]:
        """The fields without the hint."""
        return {"source": self.source, "what": self.what}

    def __str__(self) -> str:
        return " ".join(f"{self.source}: {self.what}; {self.hint}".splitlines())


class InvalidDocuments(ConfigError):
    """Documents are invalid: the message names the `first`, `count` is the number of all."""

    def __init__(self, first: Fault, count: int = 1, hint: str | None = None) -> None:
        more = f" (and {count - 1:,} more)" if count > 1 else ""
        super().__init__(f"{first.what}{more}", where=first.source, hint=hint or first.hint)
        self.args = first, count, hint  # so that it can be pickled
        self.first = first
        self.count = count


@dataclass(frozen=True, slots=True)
class Deleted:
    """A document that was deleted, because it was not among those that were published."""

    kind: ClassVar[str] = "deleted"
    key: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key}


Outcome = Sent | Lost | Fault
"""What publishing did with one document."""


@dataclass(frozen=True)
class Published:
    """One document as S3 stored it.

    `version` is None if the bucket keeps no versions, `etag` has its quotes, `bytes` is the size
    as stored.
    """

    bucket: str
    key: str
    etag: str
    version: str | None
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


@dataclass(frozen=True)
class PublishPlan:
    """What publishing would do; nothing was sent or deleted.

    `send` and `delete` are keys, the others are numbers: of documents that have not changed, that
    are invalid and would be skipped, and that are excluded or have a name that begins with a dot.
    """

    kind: ClassVar[str] = "plan"
    send: tuple[str, ...]
    unchanged: int = 0
    delete: tuple[str, ...] = ()
    invalid: int = 0
    passed_over: int = 0

    @property
    def has_changes(self) -> bool:
        """Would anything be sent or deleted?"""
        return bool(self.send or self.delete)

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {**asdict(self), "send": list(self.send), "delete": list(self.delete)}

    def __str__(self) -> str:
        counts = {"to send": len(self.send), "unchanged": self.unchanged}
        optional = {
            "to delete": len(self.delete),
            "invalid": self.invalid,
            "passed over": self.passed_over,
        }
        return f"{_counts(counts, optional)}."


@dataclass(frozen=True)
class PublishResult:
    """What publishing did.

    Args:
        sent: Number of documents that were sent.
        unchanged: Number of documents that the bucket had already, and that were not sent.
        deleted: Number of documents that were deleted.
        invalid: Number of invalid documents, which were not sent.
        lost: Number of documents that were to be created and existed already.
        passed_over: Number of documents, or whole directories, that are excluded or have a name
            that begins with a dot and that no route's key spells.
        bytes: Bytes that were sent, as they are stored.
        seconds: Duration.
        notes: Why more was sent than has changed.
        became_invalid: Number of files that became invalid after they had been checked.
    """

    kind: ClassVar[str] = "result"
    sent: int
    unchanged: int
    deleted: int
    invalid: int
    lost: int
    passed_over: int
    bytes: int
    seconds: float
    notes: tuple[str, ...] = ()
    became_invalid: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The numbers."""
        return {
            "sent": self.sent,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
            "invalid": self.invalid,
            "lost": self.lost,
            "passed_over": self.passed_over,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        counts = {"sent": self.sent, "unchanged": self.unchanged}
        optional = {
            "deleted": self.deleted,
            "invalid": self.invalid,
            "lost": self.lost,
            "passed over": self.passed_over,
        }
        rate = (self.sent + self.unchanged) / max(self.seconds, 0.001)
        return f"{_counts(counts, optional)}, in {self.seconds:.1f} s ({rate:,.0f} per second)."

    def raise_for_status(self) -> None:
        """Raise an error if a document that should have been sent was not.

        Raises:
            Unfinished: files became invalid while documents were sent.
            LostRace: documents that were to be created exist already.
        """
        if self.became_invalid:
            what = f"{self.became_invalid:,} files became invalid while documents were sent"
            raise Unfinished(what, where="publish", hint="correct them and run it again")
        if self.lost:
            what = f"{self.lost:,} documents exist already and were not replaced"
            raise LostRace(what, where="--create-only", hint="read them before you replace them")


def _counts(always: dict[str, int], optional: dict[str, int]) -> str:
    """Such as `Sent 2, unchanged 5, deleted 1`."""
    counts = always | {name: count for name, count in optional.items() if count}
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()).capitalize()
