"""The results of publishing, and the values that it reports, as frozen values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Literal

from readmodel_cfn.errors import ConfigError, LostRace, Unfinished
from readmodel_cfn.plural import counted
from readmodel_cfn.printable import one_line, printable
from readmodel_cfn.target import Target

RUN_AGAIN = "run it again: only what is missing is sent"


@dataclass(frozen=True, slots=True)
class Sent:
    """A document that was sent; `etag` has its quotes, `bytes` is the size as stored.

    `version` is the ID of S3's version, if it is known.
    """

    kind: ClassVar[str] = "sent"
    key: str
    etag: str
    bytes: int
    version: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key, "etag": self.etag, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Lost:
    """A document that was not created, because another writer has created it."""

    kind: ClassVar[str] = "lost"
    key: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key}

    def __str__(self) -> str:
        return f"{printable(self.key)}: already exists"


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A document with a version that was not sent, because the bucket has it with this version."""

    kind: ClassVar[str] = "unchanged"
    key: str
    etag: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key, "etag": self.etag}


@dataclass(frozen=True, slots=True)
class StaleVersion:
    """A document that was not sent, because a newer version is stored.

    `version` is its own version, `stored` the newer one, `etag` that of the stored document.
    """

    kind: ClassVar[str] = "stale"
    key: str
    version: str
    stored: str
    etag: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key, "version": self.version, "stored": self.stored, "etag": self.etag}

    def __str__(self) -> str:
        stored = f"version {self.stored} is stored"
        return one_line(f"{self.key}: version {self.version} is stale: {stored}")


@dataclass(frozen=True, slots=True)
class VersionConflict:
    """A document that was not sent: its version is stored with another content, or not comparable.

    `what` is which of both, `hint` what to do.
    """

    kind: ClassVar[str] = "conflict"
    key: str
    what: str
    hint: str

    def as_dict(self) -> dict[str, Any]:
        """The key and what is wrong."""
        return {"key": self.key, "what": self.what}

    def __str__(self) -> str:
        return str(self.error)

    @property
    def error(self) -> LostRace:
        """The conflict as an error."""
        return LostRace(self.what, where=self.key, hint=self.hint)


@dataclass(frozen=True)
class Fault:
    """Why a document cannot be published; `source` is its file, or its key if it has no file.

    `pointer` is the JSON Pointer of the value that its route's schema does not allow, `/price`; the
    whole document is the empty text. `more` are further faults of the same document.
    """

    kind: ClassVar[str] = "invalid"
    source: str
    what: str
    hint: str
    pointer: str | None = None
    more: "tuple[Fault, ...]" = ()

    @property
    def each(self) -> "tuple[Fault, ...]":
        """All faults of the document, one by one."""
        return (replace(self, more=()), *self.more)

    def as_dict(self) -> dict[str, Any]:
        """The source, what is wrong, and the pointer."""
        return {"source": self.source, "what": self.what, "pointer": self.pointer}

    def __str__(self) -> str:
        return one_line(f"{self.source}: {self.what}; {self.hint}")


class InvalidDocuments(ConfigError):
    """Documents are invalid: the message names the `first` fault, `count` is their number."""

    def __init__(self, first: Fault, count: int = 1, hint: str | None = None) -> None:
        others = count - 1 or len(first.more)
        more = f" (and {others:,} more)" if others else ""
        super().__init__(f"{first.what}{more}", where=first.source, hint=hint or first.hint)
        self.args: tuple[Any, ...] = (first, count, hint)  # so that it can be pickled
        self.first: Fault = first
        self.count: int = count


@dataclass(frozen=True, slots=True)
class Deleted:
    """A document that was deleted, because it is not among the published documents."""

    kind: ClassVar[str] = "deleted"
    key: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key}


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that was not deleted, because it has changed since it was listed."""

    kind: ClassVar[str] = "kept"
    key: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key}

    def __str__(self) -> str:
        return f"{printable(self.key)}: not deleted: it was published meanwhile"


def named(bucket: str, target: Target) -> str:
    """The bucket with its stack, or with its region: `data-bucket of stack shop in eu-west-1`."""
    if target == Target():
        return bucket
    return f"{bucket} {'of' if target.stack else 'in'} {target}"


def flat(value: Any) -> dict[str, Any]:
    """The fields of a result, with those of its target instead of the target."""
    fields = asdict(value)
    del fields["target"]
    return {**fields, **value.target.as_dict()}


Outcome = Sent | Unchanged | StaleVersion | VersionConflict | Lost | Fault
"""The result for one document."""


@dataclass(frozen=True)
class Published:
    """One document as S3 stored it.

    `version` is None if the bucket keeps no versions, `etag` has its quotes, `bytes` is the size
    as stored. `url` is where clients read it; None if it was published to a bucket by its name.
    `invalidated` are the paths that were invalidated.
    `target` is the account, region and stack.

    `document_version` is the version of a document that was published with one, and
    `stored_version` that of the stored document. `outcome` is "sent", or for a document with a
    version "unchanged" if it was stored already, and "stale" if a newer one is stored: then nothing
    was sent, and the ETag is that of the stored document.
    """

    bucket: str
    key: str
    etag: str
    version: str | None
    bytes: int
    url: str | None = None
    target: Target = field(default_factory=Target)
    outcome: Literal["sent", "unchanged", "stale"] = "sent"
    document_version: str | None = None
    stored_version: str | None = None
    invalidated: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The fields, with those of `target`."""
        return flat(self) | {"invalidated": list(self.invalidated)}

    @property
    def where(self) -> str:
        """The bucket and its stack, with the account and region."""
        return named(self.bucket, self.target)

    def __str__(self) -> str:
        version = f", version {self.version}" if self.version else ""
        size = counted(self.bytes, "byte")
        return printable(f"{self.bucket}/{self.key}: {size}, ETag {self.etag}{version}")


@dataclass(frozen=True)
class PublishPlan:
    """What publishing would do; nothing was sent or deleted.

    `send` and `delete` are keys. The others are numbers of documents: not changed, invalid and
    skipped, and excluded (or with a name that begins with a dot).
    """

    kind: ClassVar[str] = "plan"
    send: tuple[str, ...]
    unchanged: int = 0
    delete: tuple[str, ...] = ()
    invalid: int = 0
    passed_over: int = 0

    @property
    def has_changes(self) -> bool:
        """Whether anything would be sent or deleted."""
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
    """The result of publishing.

    Args:
        sent: Number of documents that were sent.
        unchanged: Number of documents that were not sent, because the bucket has them.
        deleted: Number of documents that were deleted.
        invalid: Number of invalid documents, which were not sent.
        lost: Number of documents that were not created, because they already existed.
        passed_over: Number of documents, or whole directories, that are excluded, or whose name
            begins with a dot and is not part of a route's key.
        bytes: Bytes that were sent, as they are stored.
        seconds: Duration.
        notes: Why more was sent than has changed.
        became_invalid: Number of files that became invalid after they had been checked.
        first_fault: Why the first of them is invalid.
        urls: The URL of each route by its path, with parameters in braces; empty if a bucket was
            named.
        bucket: Name of the bucket.
        target: The account, region and stack.
        kept: Number of documents that were not deleted, because another publisher has changed them
            since they were listed.
        stale: Number of documents that were not sent, because a newer version is stored.
        conflicts: Number of documents that were not sent, because their version is stored with
            another content, or with another kind of version.
        invalidated: The paths that were invalidated.
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
    first_fault: Fault | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    bucket: str = ""
    target: Target = field(default_factory=Target)
    kept: int = 0
    stale: int = 0
    conflicts: int = 0
    invalidated: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The numbers, the URLs, the bucket, and the fields of `target`."""
        return {
            "sent": self.sent,
            "unchanged": self.unchanged,
            "stale": self.stale,
            "conflicts": self.conflicts,
            "deleted": self.deleted,
            "kept": self.kept,
            "invalid": self.invalid,
            "lost": self.lost,
            "passed_over": self.passed_over,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "urls": dict(self.urls),
            "invalidated": list(self.invalidated),
            "bucket": self.bucket,
            **self.target.as_dict(),
        }

    @property
    def where(self) -> str:
        """The bucket and its stack, with the account and region."""
        return named(self.bucket, self.target)

    def __str__(self) -> str:
        counts = {"sent": self.sent, "unchanged": self.unchanged}
        optional = {
            "stale": self.stale,
            "conflicts": self.conflicts,
            "deleted": self.deleted,
            "kept": self.kept,
            "invalid": self.invalid,
            "lost": self.lost,
            "passed over": self.passed_over,
        }
        rate = (self.sent + self.unchanged) / max(self.seconds, 0.001)
        return f"{_counts(counts, optional)}, in {self.seconds:.1f} s ({rate:,.0f} per second)."

    @property
    def done(self) -> str:
        """How many documents were sent and deleted, for errors that come later."""
        deleted = f", {self.deleted:,} deleted" if self.deleted else ""
        return f"{self.sent:,} sent{deleted}"

    def raise_for_status(self) -> None:
        """Raise an error if a document that should have been sent was not.

        Raises:
            Unfinished: files became invalid while documents were sent.
            LostRace: documents to create already exist, or a version has another content.
        """
        if self.became_invalid:
            what = (
                f"{counted(self.became_invalid, 'file')} became invalid while documents were sent"
            )
            where, hint = "publish", "correct them and run it again"
            if first := self.first_fault:
                what, hint = (
                    f"{what}; {first.source}: {first.what}",
                    f"{first.hint}, then {RUN_AGAIN}",
                )
            raise Unfinished(what, where=where, hint=hint)
        if self.conflicts:
            what = f"{counted(self.conflicts, 'document')} not sent: their versions are conflicts"
            hint = "give each change a version of its own; they are listed above"
            raise LostRace(what, where="publish", hint=hint)
        if self.lost:
            exist = "exists" if self.lost == 1 else "exist"
            what = f"{counted(self.lost, 'document')} {exist} already, so nothing was replaced"
            raise LostRace(what, where="--create-only", hint="read those that are listed above")


def _counts(always: dict[str, int], optional: dict[str, int]) -> str:
    """Such as `Sent 2, unchanged 5, deleted 1`."""
    counts = always | {name: count for name, count in optional.items() if count}
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()).capitalize()
