"""The results of partitions and of their commit, as frozen values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from readmodel_cfn.plural import counted
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.results import Fault, flat, named
from readmodel_cfn.target import Target


@dataclass(frozen=True)
class PartitionResult:
    """What a worker has published. It can be pickled, and is small whatever the number.

    Args:
        part: Number of the partition, from 0.
        parts: Number of all partitions.
        release: ID of the release; None if there are no releases.
        documents: Number of its documents.
        sent: Number of documents that this run has uploaded; 0 if the release was complete already.
        bytes: Size of its documents, as they are stored.
        digest: The digest of its keys, MD5s and sizes.
        invalid: Number of invalid documents, with which `commit` refuses the result.
        passed_over: Number of documents that are excluded.
        faults: What is wrong with the first 100 invalid documents, each with its key.
        seconds: Duration.
        bucket: Name of the bucket.
        settings: How the documents are stored.
    """

    kind: ClassVar[str] = "partition"
    part: int
    parts: int
    release: str | None
    documents: int
    sent: int
    bytes: int
    digest: str
    invalid: int = 0
    passed_over: int = 0
    faults: tuple[Fault, ...] = ()
    seconds: float = 0.0
    bucket: str = ""
    settings: Settings = field(default_factory=Settings)

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        faults = [each.as_dict() for each in self.faults]
        return {**asdict(self), "faults": faults, "seconds": round(self.seconds, 3)}

    @property
    def name(self) -> str:
        """The partition in messages."""
        return partition_name(self.part, self.parts)

    def __str__(self) -> str:
        invalid = f", invalid {self.invalid:,}" if self.invalid else ""
        counts = f"{counted(self.documents, 'document')}, sent {self.sent:,}{invalid}"
        return f"{self.name.capitalize()}: {counts}, in {self.seconds:.1f} s."


def partition_name(part: int, parts: int) -> str:
    """The name of a partition in messages."""
    return f"partition {part} of {parts}"


@dataclass(frozen=True, slots=True)
class Removed:
    """A document of the live release that the new release does not have."""

    kind: ClassVar[str] = "removed"
    key: str

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key}


@dataclass(frozen=True)
class CommitResult:
    """The result of committing partitions.

    The documents are compared with those of the release that was live, if it can be read.

    Args:
        release: ID of the release; None if there are no releases.
        parts: Number of partitions.
        documents: Number of documents.
        bytes: Their size, as they are stored.
        added: Number of documents that the live release does not have.
        changed: Number of documents that are different in the live release.
        unchanged: Number of documents that are the same in the live release.
        removed: Number of documents of the live release that this one does not have.
        removed_keys: The first 100 of their keys.
        compared_with: The release that was live; None if there was none, or it cannot be read.
        seconds: Duration.
        stage: The stage that serves it; None if it was not activated.
        previous: The release that the stage served before; None for none.
        notes: Why it was not compared.
        urls: The URL of each route by its path, if it is live.
        bucket: Name of the bucket.
        target: The account, region and stack.
    """

    kind: ClassVar[str] = "result"
    release: str | None
    parts: int
    documents: int
    bytes: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    removed_keys: tuple[str, ...] = ()
    compared_with: str | None = None
    seconds: float = 0.0
    stage: str | None = None
    previous: str | None = None
    notes: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    bucket: str = ""
    target: Target = field(default_factory=Target)

    def as_dict(self) -> dict[str, Any]:
        """The fields, with those of `target`."""
        found = flat(self)
        found |= {
            "removed_keys": list(self.removed_keys),
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
            "urls": dict(self.urls),
        }
        return found

    @property
    def where(self) -> str:
        """The bucket and its stack, with the account and region."""
        return named(self.bucket, self.target)

    def __str__(self) -> str:
        counts = f"{counted(self.documents, 'document')} of {counted(self.parts, 'partition')}"
        if self.release is None:
            return f"{counts}, published to their keys."
        names = ("added", "changed", "unchanged", "removed")
        found = [f"{name} {getattr(self, name):,}" for name in names] if self.compared_with else []
        live = f"live on stage {self.stage}" if self.stage else "not live"
        return f"Release {self.release}: {', '.join([counts, *found])}; {live}."
