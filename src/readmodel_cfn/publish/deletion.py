"""Deletion of documents or their versions, page by page, with what S3 refuses to delete."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, ClassVar

from readmodel_cfn.aws.deletion import BATCH, KeyVersion, delete_batch
from readmodel_cfn.aws.errors import readable_error
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished
from readmodel_cfn.plural import counted
from readmodel_cfn.printable import one_line
from readmodel_cfn.progress import Count, OnProgress
from readmodel_cfn.publish.history import permitted
from readmodel_cfn.threads import Watch

_RUN_AGAIN = "run it again to continue"


@dataclass(frozen=True, slots=True)
class Refused:
    """A key of which S3 refused to delete `versions` versions, with the error of the first."""

    kind: ClassVar[str] = "refused"
    key: str
    what: str
    versions: int = 1

    @property
    def is_locked(self) -> bool:
        """Whether Object Lock protects it: the message of AccessDenied says so *(assumed)*."""
        return "object lock" in self.what.lower()

    def as_dict(self) -> dict[str, Any]:
        """The fields."""
        return {"key": self.key, "what": self.what, "versions": self.versions}

    def __str__(self) -> str:
        return one_line(f"{self.key}: not deleted: {self.what}")


class Deletion:
    """One deletion: `deleted` counts the versions by key, `refused` has what S3 did not delete.

    `action` is the permission that it needs.
    """

    def __init__(self, s3: Any, bucket: str, action: str, on_progress: OnProgress) -> None:
        self._s3, self._bucket, self._action = s3, bucket, action
        self._on_progress = on_progress
        self.deleted, self.refused = Counter[str](), dict[str, Refused]()
        self._in_progress = 0
        self._interruption: KeyboardInterrupt | None = None

    def delete(self, entries: Iterable[KeyVersion]) -> None:
        """Delete them in batches of 1,000.

        After an interruption no batch is started, and the caller calls `raise_interruption`.
        """
        rest = iter(entries)
        while not self._interruption and (batch := list(islice(rest, BATCH))):
            self._in_progress = len(batch)
            call = partial(delete_batch, self._s3, self._bucket, batch)
            with permitted(self._bucket, self._action):
                errors, self._interruption = Watch(float("inf")).call_to_end(call)
            self._in_progress = 0
            for error in errors:
                self._refuse(error)
            kept = {(error.get("Key"), error.get("VersionId")) for error in errors}
            self.deleted.update(
                entry["Key"]
                for entry in batch
                if (entry["Key"], entry.get("VersionId")) not in kept
            )
            self._on_progress(Count(self._bucket, self.deleted.total(), "versions"))

    def raise_interruption(self) -> None:
        """Raise the interruption of a call whose result is counted.

        Raises:
            KeyboardInterrupt: there was one.
        """
        if self._interruption:
            raise self._interruption

    def _refuse(self, error: Mapping[str, Any]) -> None:
        key, before = str(error.get("Key")), self.refused.get(str(error.get("Key")))
        what = " ".join(f"{error.get('Code')}: {error.get('Message') or ''}".rstrip(": ").split())
        self.refused[key] = Refused(
            key, before.what if before else what, before.versions + 1 if before else 1
        )

    def check_refused(self) -> None:
        """Report each key that S3 refused.

        Raises:
            Stuck: a document is locked, or others were deleted.
            ReadModelError: nothing was deleted.
        """
        if not self.refused:
            return
        for refused in self.refused.values():
            self._on_progress(refused)
        locked = [refused for refused in self.refused.values() if refused.is_locked]
        first = next(iter([*locked, *self.refused.values()]))
        others = f" (and {len(self.refused) - 1:,} more)" if len(self.refused) > 1 else ""
        what = f"not deleted{others}: {first.what}; {self._so_far()}"
        hint = f"ask for {self._action}, or choose another profile with --profile"
        if locked:
            hint = "remove its object lock, or wait for the end of its retention, then run it again"
        kind = Stuck if locked or self.deleted else ReadModelError
        raise kind(what, where=f"{self._bucket}/{first.key}", hint=hint)

    @contextmanager
    def unfinished_if_interrupted(self) -> Iterator[None]:
        """Turn an interruption or an error of the block into Unfinished, if anything was deleted.

        Raises:
            Unfinished: the line says how much was deleted.
        """
        try:
            yield
        except KeyboardInterrupt:
            if not self.deleted and not self._in_progress:
                raise
            raise self._unfinished("interrupted: {}") from None
        except (Stuck, Unfinished):
            raise
        except Exception as error:
            found = readable_error(error)
            what = found or (
                getattr(error, "strerror", None) if isinstance(error, OSError) else None
            )
            if what is None or not self.deleted:
                raise
            raise self._unfinished(f"{{}}, then {what}") from error

    def _unfinished(self, what: str) -> Unfinished:
        so_far = self._so_far()
        if self._in_progress:
            so_far += f", up to {self._in_progress:,} more deleted"
        return Unfinished(what.format(so_far), where=self._bucket, hint=_RUN_AGAIN)

    def _so_far(self) -> str:
        if not self.deleted:
            return "nothing was deleted"
        deleted = f"{self.deleted.total():,} deleted"
        return f"{deleted} of {counted(len(self.deleted), 'key')}"
