"""The probe document, which is written to the data store and always removed.

In a bucket with versioning the probe's own versions are deleted permanently, so that the previous
document is current again with its headers, date and ETag, and a document that was published
meanwhile stays. In a bucket without versioning the overwritten document is restored, unless a newer
one was published: S3 compares the ETag (If-Match), so that no publisher's document is overwritten.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from types import FrameType
from typing import Any, Self, TypeVar

from readmodel_cfn.aws.errors import (
    UnreadableResponse,
    aws_errors,
    error_code,
    readable_error,
    readable_responses,
)
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress
from readmodel_cfn.publish.documents import Settings

Result = TypeVar("Result")

_MARK = "readmodel-cfn-probe"  # metadata key; its value is the token of the run
_NOT_FOUND = {"NoSuchKey", "NoSuchVersion", "NotFound", "404"}  # an error of HEAD has no body: 404
_CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", *_NOT_FOUND}
_NO_VERSION = (None, "null")  # without versioning, or with versioning suspended
_DENIED = {"AccessDenied", "403"}
REMOVE_IT = "remove it with credentials that have the permission, or publish the document again"
_BATCH = 1000  # keys of one DeleteObjects call, S3's limit
# Arguments of PutObject that GetObject returns: all that readers or cost reports can see.
_RESTORED = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Metadata",
    "StorageClass",
    "WebsiteRedirectLocation",
)


@dataclass(frozen=True)
class Saved:
    """The document before the check: ETag, version, and the arguments that restore it."""

    etag: str
    version: str | None
    arguments: Mapping[str, Any]


class ProbeDocument:
    """The probe at one key of a bucket; `s3` is boto3's client, `token` identifies the run.

    Raises:
        ReadModelError: the key already has the probe of another run.
    """

    def __init__(self, s3: Any, bucket: str, key: str, settings: Settings, token: str) -> None:
        self._s3, self._at, self._token = s3, {"Bucket": bucket, "Key": key}, token
        self._settings = settings
        self._etag: str | None = None
        self._written: set[str] = set()
        self._touched = False
        self.uninterrupted: Callable[[], AbstractContextManager[None]] = nullcontext
        """The context of each write of the probe."""
        self.saved = self._save()

    @property
    def where(self) -> str:
        """Bucket and key."""
        return f"{self._at['Bucket']}/{self._at['Key']}"

    def put(self, body: bytes) -> str:
        """Write the probe in place of the last known document; returns the ETag.

        Raises:
            Unfinished: another document was published to the key meanwhile.
        """
        known = self._etag or (self.saved.etag if self.saved else None)
        self._touched = True
        arguments = {
            "Body": self._settings.stored(body),
            "Metadata": {_MARK: self._token},
            **self._settings.headers,
        }
        # S3 may refuse a retry of botocore because the first attempt succeeded.
        with self.uninterrupted():
            done = self._put(known, arguments)
        if not done and not (self._is_current() and self._etag != known):
            what = "another document was published to this key during the check"
            raise Unfinished(what, where=self.where, hint="run it again")
        return self._etag or ""

    def local_copy(self) -> Path | None:
        """A local copy of the document, in case this process is killed before it restores it.

        None if the bucket has versioning, which keeps the document, or there is no document.
        """
        if self.saved is None or self.saved.version not in _NO_VERSION:
            return None
        handle, name = mkstemp(prefix="readmodel-cfn-", suffix=".json")
        with os.fdopen(handle, "wb") as file:
            file.write(self.saved.arguments["Body"])
        return Path(name)

    def check_undisturbed(self) -> None:
        """Check that the probe is still the current document.

        Raises:
            Unfinished: another document was published meanwhile, so the observations are invalid.
        """
        if not self._is_current():
            raise Unfinished(
                "another document was published to this key during the check, and is kept",
                where=self.where,
                hint="run it again, or choose another route with --route",
            )

    def remove(self) -> tuple[str, ...]:
        """Remove the probe; return the parts that could not be removed, one line each.

        Errors of S3 are returned, not raised, because this also runs after another error.
        """
        if not self._touched:
            return ()
        try:
            return self._remove()
        except aws_errors() as error:
            return (f"{self.where}: the probe may still exist: {' '.join(str(error).split())}",)

    def _remove(self) -> tuple[str, ...]:
        own = self._own_versions()
        if "null" in own:  # the probe overwrote the document
            return self._restore()
        refused = [error for batch in _batches(own) for error in self._errors(batch)]
        if not refused:
            return ()
        self._restore()  # in front of the versions that are left
        why = f"{refused[0].get('Code')} {refused[0].get('Message', '')}".strip()
        versions = counted(len(refused), "version")
        return (f"{self.where}: {versions} of the probe cannot be deleted: {why}",)

    def _errors(self, versions: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Delete the versions permanently; return S3's errors."""
        objects = [{"Key": self._at["Key"], "VersionId": version} for version in versions]
        try:
            with readable_responses("delete_objects"):
                answer = self._s3.delete_objects(
                    Bucket=self._at["Bucket"], Delete={"Objects": objects}
                )
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in _DENIED:
                raise
            return [error.response["Error"]] * len(objects)  # an emulator refuses the whole call
        errors: Sequence[Mapping[str, Any]] = answer.get("Errors", [])
        if len(errors) + len(answer.get("Deleted", [])) < len(objects):
            raise UnreadableResponse("delete_objects")
        return errors

    def _restore(self) -> tuple[str, ...]:
        """Restore the previous state, unless the probe is no longer the current document.

        Returns a line if the probe is still there.
        """
        if not self._is_current():
            return ()
        if self.saved:
            done = self._put(self._etag, self.saved.arguments)
        else:
            answer = self._unless_conflict(self._s3.delete_object, IfMatch=self._etag)
            done = answer is not None
        if done or not self._is_current():
            return ()
        return (f"{self.where}: the probe is still there: its ETag is not the one that S3 returns",)

    def _own_versions(self) -> list[str]:
        """The versions that this run wrote, including writes whose response was lost."""
        try:
            return [version for version in self._new_versions() if self._is_own(version)]
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in _DENIED:
                raise
            return list(self._written)

    def _new_versions(self) -> Iterator[str]:
        """The versions of the key, newest first, up to the saved one."""
        bucket, key = self._at["Bucket"], self._at["Key"]
        # Without versioning the only version is overwritten, so it may now be the probe.
        last = self.saved.version if self.saved and self.saved.version not in _NO_VERSION else None
        listing = self._s3.get_paginator("list_object_versions")
        with readable_responses("list_object_versions"):
            for page in listing.paginate(Bucket=bucket, Prefix=key):
                page["IsTruncated"]  # every response of S3 has it; another server may not
                for version in page.get("Versions", []):
                    if version["Key"] != key:
                        continue
                    if version["VersionId"] == last:
                        return
                    yield version["VersionId"]

    def _is_current(self) -> bool:
        found = self._head()
        self._etag = found.get("ETag")
        return _mark(found) == self._token

    def _head(self, **version: str) -> Mapping[str, Any]:
        """The response of HeadObject; empty if there is no object."""
        try:
            found: Mapping[str, Any] = self._s3.head_object(**self._at, **version)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) in _NOT_FOUND:
                return {}
            raise
        return found

    def _is_own(self, version: str) -> bool:
        """Whether this run wrote the version, according to S3's response or the metadata."""
        return version in self._written or _mark(self._head(VersionId=version)) == self._token

    def _put(self, known: str | None, arguments: Mapping[str, Any]) -> bool:
        """Replace the object with the known ETag, or create it; False on a conflict."""
        condition = {"IfMatch": known} if known else {"IfNoneMatch": "*"}
        answer = self._unless_conflict(self._s3.put_object, **condition, **arguments)
        if answer is not None:
            with readable_responses("put_object"):
                self._etag = answer["ETag"]
            self._written.add(answer.get("VersionId", "null"))
        return answer is not None

    def _unless_conflict(self, call: Any, **arguments: Any) -> Mapping[str, Any] | None:
        """The response of a conditional call; None on a conflict."""
        try:
            answer: Mapping[str, Any] = call(**self._at, **arguments)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in _CONFLICT:
                raise
            return None
        return answer

    def _save(self) -> Saved | None:
        """The current document; None if the key has no object."""
        try:
            found = self._s3.get_object(**self._at)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) in _NOT_FOUND:
                return None
            raise
        if _mark(found):
            hint = "wait for that run; if it was killed, publish the document again"
            raise ReadModelError(
                "the key already has the probe of another run", where=self.where, hint=hint
            )
        arguments = {name: found[name] for name in _RESTORED if found.get(name)}
        with readable_responses("get_object"):
            etag = found["ETag"]
        return Saved(etag, found.get("VersionId"), {"Body": found["Body"].read(), **arguments})


def _batches(versions: Sequence[str]) -> Iterator[Sequence[str]]:
    return (versions[at : at + _BATCH] for at in range(0, len(versions), _BATCH))


def _mark(found: Mapping[str, Any]) -> str | None:
    """The token of the run that wrote the object; None if it is not a probe."""
    mark: str | None = found.get("Metadata", {}).get(_MARK)
    return mark


def while_probes_exist(
    documents: Sequence[ProbeDocument], work: Callable[[], Result], on_progress: OnProgress
) -> tuple[Result, tuple[str, ...]]:
    """Do work that writes probes, and remove them, even after an error or an interruption.

    Returns the result of the work, and the parts that could not be removed, one line each. These
    are also reported to `on_progress`.

    Raises:
        Stuck: parts could not be removed after an error, which is in its text.
    """
    with InterruptGuard() as guard:
        for document in documents:
            document.uninterrupted = guard.uninterrupted
        remove = partial(_removed, documents, _copies(documents, on_progress), on_progress)
        try:
            try:
                result = work()
            finally:
                guard.hold()  # an interruption does not skip the removal
        except Exception as error:
            if left := remove():
                what = f"{readable_error(error) or error}; the probe is left there"
                raise Stuck(what, where=left[0].partition(": ")[0], hint=REMOVE_IT) from error
            raise
        except BaseException:
            remove()
            raise
        return result, remove()


def _copies(documents: Sequence[ProbeDocument], on_progress: OnProgress) -> Sequence[Path]:
    copies = [copy for document in documents if (copy := document.local_copy())]
    for copy in copies:
        on_progress(
            Note(f"The bucket has no versioning: a copy is kept in {copy} during the check")
        )
    return copies


def _removed(
    documents: Sequence[ProbeDocument], copies: Sequence[Path], on_progress: OnProgress
) -> tuple[str, ...]:
    """Remove the probes, and the local copies if none is left; return what is left."""
    left = tuple(line for document in documents for line in document.remove())
    if not left:
        for copy in copies:
            copy.unlink()
    for line in left:
        on_progress(Note(f"Left: {line}"))
    return left


# The signals that end a process, Ctrl-C first; Windows has no SIGHUP.
_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class InterruptGuard:
    """A context in which only the first signal raises KeyboardInterrupt, so that `finally` runs.

    After `hold` no signal interrupts; KeyboardInterrupt is then raised at the end of the context.
    """

    def __enter__(self) -> Self:
        self._received = self._held = False
        self._previous: dict[Any, Any] = {}
        if threading.current_thread() is threading.main_thread():
            self._previous = {each: signal.signal(each, self._receive) for each in _SIGNALS}
        return self

    def hold(self) -> None:
        """From now on, let no signal interrupt."""
        self._held = True

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """A block that no signal interrupts; KeyboardInterrupt is raised right after it.

        Used for writes: S3 may complete an interrupted write after the probe was removed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        received, held, self._held = self._received, self._held, True
        try:
            yield
        finally:
            self._held = held
        if self._received and not received and not held:
            raise KeyboardInterrupt

    def __exit__(self, kind: object, *_: object) -> None:
        for each, handler in self._previous.items():
            signal.signal(each, handler)
        if self._received and kind is None:
            raise KeyboardInterrupt

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        first, self._received = not self._received, True
        if first and not self._held:
            raise KeyboardInterrupt
