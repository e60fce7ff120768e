"""The results of building, listing, activating and pruning releases, as frozen values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from readmodel_cfn.plural import counted, sized
from readmodel_cfn.publish.results import flat, named
from readmodel_cfn.target import Target


@dataclass(frozen=True)
class ReleaseStarted:
    """The release that is published, before its first document is stored.

    `continued` is whether an earlier run has started it, or has even completed it.
    """

    kind: ClassVar[str] = "release"
    release: str
    documents: int
    continued: bool

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)

    def __str__(self) -> str:
        return f"Release {self.release}{' (continued)' if self.continued else ''}"


@dataclass(frozen=True)
class ReleaseResult:
    """The result of publishing a release.

    Args:
        release: Its ID.
        documents: Number of its documents.
        sent: Number of documents that this run has uploaded.
        copied: Number of documents that this run has copied from another release.
        unchanged: Number of documents that the release already had.
        invalid: Number of invalid documents, which were skipped.
        passed_over: Number of documents, or whole directories, that are excluded.
        bytes: Size of all its documents, as they are stored.
        seconds: Duration.
        stage: The stage that serves it; None if it was not activated.
        previous: The release that the stage served before; None for none.
        based_on: The release that documents were copied from; None for none.
        watched: Minutes that the alarms were watched after it went live; none of them fired.
        notes: Why more was sent than has changed.
        urls: The URL of each route by its path, if it is live.
        bucket: Name of the bucket.
        target: The account, region and stack.
    """

    kind: ClassVar[str] = "result"
    release: str
    documents: int
    sent: int
    copied: int
    unchanged: int
    invalid: int
    passed_over: int
    bytes: int
    seconds: float
    stage: str | None = None
    previous: str | None = None
    based_on: str | None = None
    watched: int = 0
    notes: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    bucket: str = ""
    target: Target = field(default_factory=Target)

    def as_dict(self) -> dict[str, Any]:
        """The fields, with those of `target`."""
        found = flat(self)
        found |= {
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
        counts = [f"sent {self.sent:,}", f"copied {self.copied:,}"]
        optional = {
            "already there": self.unchanged,
            "invalid": self.invalid,
            "passed over": self.passed_over,
        }
        counts += [f"{name} {count:,}" for name, count in optional.items() if count]
        live = f"live on stage {self.stage}" if self.stage else "not live"
        return (
            f"Release {self.release}: {counted(self.documents, 'document')}, "
            f"{', '.join(counts)}, in {self.seconds:.1f} s; {live}."
        )


@dataclass(frozen=True)
class Release:
    """A release in the bucket.

    Args:
        release: Its ID.
        complete: Whether all its documents are stored, so that it can be activated.
        time: When it was completed, or else started; None if neither is known.
        documents: Number of its documents; None if it is not complete.
        bytes: Their size, as they are stored; None if it is not complete.
        digest: The digest of its documents; None if it is not complete.
        live: Whether the pointer names it.
        previous: Whether it was live before, so that a rollback activates it.
        stages: The stages that serve it.
    """

    release: str
    complete: bool
    time: datetime | None
    documents: int | None = None
    bytes: int | None = None
    digest: str | None = None
    live: bool = False
    previous: bool = False
    stages: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The fields; the time is text."""
        time = self.time.isoformat() if self.time else None
        return {**asdict(self), "time": time, "stages": list(self.stages)}

    @property
    def marks(self) -> list[str]:
        """What the release is: live, the previous one, served by stages, or not complete."""
        found = ["live"] * self.live + ["previous"] * self.previous
        found += [f"stage {stage}" for stage in self.stages]
        return found if self.complete else [*found, "not complete"]

    def __str__(self) -> str:
        size = f"{counted(self.documents or 0, 'document')}, {sized(self.bytes or 0)}"
        parts = [size] * self.complete + self.marks
        return f"Release {self.release}: {', '.join(parts)}"


@dataclass(frozen=True)
class Activated:
    """A release that was activated on a stage.

    `previous` is the release that the stage served before, None for none. `unchanged` is whether it
    was this one already. `watched` is the number of minutes that the alarms were watched
    afterwards.
    """

    release: str
    stage: str
    previous: str | None
    documents: int
    bucket: str
    target: Target = field(default_factory=Target)
    watched: int = 0

    @property
    def unchanged(self) -> bool:
        """Whether the stage served the release already."""
        return self.release == self.previous

    def as_dict(self) -> dict[str, Any]:
        """The fields, with those of `target`."""
        return {**flat(self), "unchanged": self.unchanged}

    def __str__(self) -> str:
        if self.unchanged:
            return f"Release {self.release} is live on stage {self.stage} already."
        before = f"; before it: {self.previous}" if self.previous else ""
        return f"Release {self.release} is live on stage {self.stage}{before}."


@dataclass(frozen=True)
class Pruned:
    """The releases that were deleted, and those that were kept although they are old.

    `deleted` has IDs, newest first, `documents` is the number of deleted objects, `kept` has the
    reason for each ID.
    """

    deleted: tuple[str, ...]
    documents: int
    kept: Mapping[str, str]
    bucket: str
    target: Target = field(default_factory=Target)

    def as_dict(self) -> dict[str, Any]:
        """The fields, with those of `target`."""
        return {**flat(self), "deleted": list(self.deleted), "kept": dict(self.kept)}

    @property
    def where(self) -> str:
        """The bucket and its stack, with the account and region."""
        return named(self.bucket, self.target)

    def __str__(self) -> str:
        if not self.deleted:
            return "No release is old enough to delete."
        objects = counted(self.documents, "document")
        return f"Deleted {counted(len(self.deleted), 'release')} with {objects}."
