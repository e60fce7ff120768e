"""A probe document in the data store: written, and taken away again whatever happens.

Where the bucket keeps versions, the probe's own are deleted for good, so that what was there before
is there again, byte for byte, with its headers, its date and its ETag, and what somebody published
meanwhile stays. Where it keeps none, the document that was overwritten is put back, unless somebody
published a newer one: S3 compares the ETag (If-Match), so that no publisher is ever overtaken.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from readmodel_cfn.aws.errors import UnreadableAnswer, aws_errors, error_code, readable_answers
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.publish.documents import Settings

_MARK = "readmodel-cfn-probe"  # the metadata that says which run wrote a version
_NOTHING = {"NoSuchKey", "NoSuchVersion", "NotFound", "404"}  # HEAD has no body to say more
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", *_NOTHING}
_NO_VERSION = (None, "null")  # a bucket without versions, or one that keeps no more of them
_DENIED = {"AccessDenied", "403"}
_BATCH = 1000  # keys of one DeleteObjects call, S3's limit
# What PutObject takes as GetObject gives it: all that a reader or a cost report can see.
_KEPT = (
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
    """A document as it was: its ETag, its version, and the arguments that put it back."""

    etag: str
    version: str | None
    arguments: Mapping[str, Any]


class ProbeDocument:
    """The probe under one key of a bucket; `s3` is boto3's client, `token` names the run.

    Raises:
        ReadModelError: another run's probe is there.
    """

    def __init__(self, s3: Any, bucket: str, key: str, settings: Settings, token: str) -> None:
        self._s3, self._at, self._token = s3, {"Bucket": bucket, "Key": key}, token
        self._settings = settings
        self._etag: str | None = None
        self._written: set[str] = set()
        self._touched = False
        self.whole: Callable[[], AbstractContextManager[None]] = nullcontext
        """What is entered around each write of the probe."""
        self.saved = self._look()

    @property
    def where(self) -> str:
        """Bucket and key."""
        return f"{self._at['Bucket']}/{self._at['Key']}"

    def put(self, body: bytes) -> str:
        """Write the probe in place of what this run knows to be there; its ETag.

        Raises:
            Unfinished: somebody published to the key meanwhile.
        """
        known = self._etag or (self.saved.etag if self.saved else None)
        self._touched = True
        arguments = {
            "Body": self._settings.stored(body),
            "Metadata": {_MARK: self._token},
            **self._settings.headers,
        }
        # A retried call may be refused because of what its first try did.
        with self.whole():
            done = self._put(known, arguments)
        if not done and not (self._is_current() and self._etag != known):
            raise Unfinished("somebody publishes to it", where=self.where, hint="run it again")
        return self._etag or ""

    def spare_copy(self) -> Path | None:
        """A file with the document, where the bucket would keep none of it if this were killed."""
        if self.saved is None or self.saved.version not in _NO_VERSION:
            return None
        handle, name = mkstemp(prefix="readmodel-cfn-", suffix=".json")
        with os.fdopen(handle, "wb") as file:
            file.write(self.saved.arguments["Body"])
        return Path(name)

    def check_undisturbed(self) -> None:
        """Check that the probe is what readers get still.

        Raises:
            Unfinished: somebody published to the key meanwhile, so that nothing that was seen
                says anything.
        """
        if not self._is_current():
            raise Unfinished(
                "somebody published to it while it was checked, and that stays",
                where=self.where,
                hint="run it again, or choose another route with --route",
            )

    def remove(self) -> tuple[str, ...]:
        """Take the probe away; what is left of it, in words.

        Whatever S3 refuses is told, not raised: this runs after any failure.
        """
        if not self._touched:
            return ()
        try:
            return self._remove()
        except aws_errors() as error:
            return (f"{self.where}: the probe may still be there: {' '.join(str(error).split())}",)

    def _remove(self) -> tuple[str, ...]:
        own = self._own_versions()
        if "null" in own:  # it took the place of what was there
            return self._put_back()
        refused = [error for some in _batches(own) for error in self._errors(some)]
        if not refused:
            return ()
        why = f"{refused[0].get('Code')} {refused[0].get('Message', '')}".strip()
        return (
            f"{self.where}: versions of the probe stay ({len(refused)}): {why}",
            *self._put_back(),
        )

    def _errors(self, versions: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Delete the versions for good; what S3 does not delete, and why."""
        objects = [{"Key": self._at["Key"], "VersionId": one} for one in versions]
        try:
            with readable_answers("delete_objects"):
                answer = self._s3.delete_objects(
                    Bucket=self._at["Bucket"], Delete={"Objects": objects}
                )
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in _DENIED:
                raise
            return [error.response["Error"]] * len(objects)  # all at once, where an emulator does
        errors: Sequence[Mapping[str, Any]] = answer.get("Errors", [])
        if len(errors) + len(answer.get("Deleted", [])) < len(objects):
            raise UnreadableAnswer("delete_objects")
        return errors

    def _put_back(self) -> tuple[str, ...]:
        """What was there before, unless the probe is no longer what readers get."""
        if not self._is_current():
            return ()
        if self.saved:
            self._put(self._etag, self.saved.arguments)
        else:
            self._unless_lost(self._s3.delete_object, IfMatch=self._etag)
        return ()

    def _own_versions(self) -> list[str]:
        """The versions that this run wrote, also one whose answer was never heard."""
        try:
            return [one for one in self._newer() if self._is_own(one)]
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in _DENIED:
                raise
            return list(self._written)

    def _newer(self) -> Iterator[str]:
        """The versions of the key, newest first, down to the one that was found."""
        bucket, key = self._at["Bucket"], self._at["Key"]
        # The one version of a bucket that keeps none is overwritten: it may be the probe's by now.
        last = self.saved.version if self.saved and self.saved.version not in _NO_VERSION else None
        listing = self._s3.get_paginator("list_object_versions")
        with readable_answers("list_object_versions"):
            for page in listing.paginate(Bucket=bucket, Prefix=key):
                page["IsTruncated"]  # an answer without it is not S3's
                for one in (one for one in page.get("Versions", []) if one["Key"] == key):
                    if one["VersionId"] == last:
                        return
                    yield one["VersionId"]

    def _is_current(self) -> bool:
        found = self._head()
        self._etag = found.get("ETag")
        return _mark(found) == self._token

    def _head(self, **version: str) -> Mapping[str, Any]:
        """What HeadObject says, nothing where nothing is there."""
        try:
            found: Mapping[str, Any] = self._s3.head_object(**self._at, **version)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) in _NOTHING:
                return {}
            raise
        return found

    def _is_own(self, version: str) -> bool:
        """Is it known to be, or does it say so itself?"""
        return version in self._written or _mark(self._head(VersionId=version)) == self._token

    def _put(self, known: str | None, arguments: Mapping[str, Any]) -> bool:
        """Put in place of the known ETag, or of nothing; False where something else is there."""
        condition = {"IfMatch": known} if known else {"IfNoneMatch": "*"}
        answer = self._unless_lost(self._s3.put_object, **condition, **arguments)
        if answer is not None:
            with readable_answers("put_object"):
                self._etag = answer["ETag"]
            self._written.add(answer.get("VersionId", "null"))
        return answer is not None

    def _unless_lost(self, call: Any, **arguments: Any) -> Mapping[str, Any] | None:
        try:
            answer: Mapping[str, Any] = call(**self._at, **arguments)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) not in _LOST:
                raise
            return None
        return answer

    def _look(self) -> Saved | None:
        """What is there now; None where nothing is."""
        try:
            found = self._s3.get_object(**self._at)
        except self._s3.exceptions.ClientError as error:
            if error_code(error) in _NOTHING:
                return None
            raise
        if _mark(found):
            hint = "wait for that run; if it was killed, publish the document again"
            raise ReadModelError("the probe of another run is there", where=self.where, hint=hint)
        kept = {name: found[name] for name in _KEPT if found.get(name)}
        with readable_answers("get_object"):
            etag = found["ETag"]
        return Saved(etag, found.get("VersionId"), {"Body": found["Body"].read(), **kept})


def _batches(versions: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at once as one call takes."""
    return (versions[at : at + _BATCH] for at in range(0, len(versions), _BATCH))


def _mark(found: Mapping[str, Any]) -> str | None:
    """The run that wrote what HeadObject or GetObject found; None where it is nobody's probe."""
    mark: str | None = found.get("Metadata", {}).get(_MARK)
    return mark
