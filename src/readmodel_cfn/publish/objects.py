"""The objects of a bucket: list, put and delete many of them.

Only this module, object_errors.py and store.py use obstore, an S3 client that puts about ten times
as many small documents per second as boto3. Its synchronous functions let other threads run while
they wait.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import md5
from itertools import takewhile
from threading import Lock, current_thread, main_thread
from typing import Any, NamedTuple, TypeVar

from readmodel_cfn.aws.causes import (
    TRY_LATER,
    hint_for,
)
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.debug import logged_call
from readmodel_cfn.aws.deletion import delete_batch
from readmodel_cfn.aws.errors import (
    UnreadableResponse,
    aws_errors,
    error_code,
    is_refusal,
    readable_errors,
    readable_responses,
)
from readmodel_cfn.aws.s3 import BucketAccess
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.publish.destination import NO_PROGRESS, Destination, no_response
from readmodel_cfn.publish.integrity import WrongETag, has_md5, may_be_stored
from readmodel_cfn.publish.object_errors import (
    Denied,
    Exists,
    Incomplete,
    NoETag,
    UnsupportedKey,
    obstore_errors,
)
from readmodel_cfn.publish.store import checked_access, store
from readmodel_cfn.threads import Stalled, Watch

Result = TypeVar("Result")
_PAGE = 1000  # keys of one call, S3's limit
_AFTER_SLASH = "0"  # the first key after all that begin with a slash
_NO_RETRIES = {"max_retries": 0}
_RETRIES = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)  # seconds between attempts to read what was incomplete
# Errors of DeleteObjects for a key whose object is not the listed one any more.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict"}
_GONE, _DELETED = {"NoSuchKey"}, ""


class Listed(NamedTuple):
    """An object in a listing; the ETag is without its quotes."""

    key: str
    etag: str
    modified: datetime
    size: int


class Stored(NamedTuple):
    """An object without its body; the ETag is without its quotes, the headers have the metadata."""

    etag: str
    headers: Mapping[str, str]
    modified: datetime


class Put(NamedTuple):
    """An object that was put; the ETag is without its quotes, the version is S3's."""

    etag: str
    version: str | None


class Deleted(NamedTuple):
    """The keys of a batch: deleted, or kept because the object has changed since it was listed.

    `error` ends the run: S3 refused to delete another one, or the call was interrupted.
    """

    deleted: Sequence[str]
    kept: Sequence[str]
    error: BaseException | None = None


class Objects:
    """The objects of one bucket, for any number of threads.

    `watch` is for all calls of one run.

    Raises:
        ReadModelError: S3 refuses a call; Busy and Denied are the cases that callers handle.
        Unfinished: nothing has been received for NO_PROGRESS seconds.
    """

    def __init__(self, destination: Destination, watch: Watch | None = None) -> None:
        self._destination = destination
        self.watch = watch or Watch(NO_PROGRESS)
        self._making_client = Lock()
        self._has_other_etags = False

    def prepare(self) -> None:
        """Get ready for the first call, such as in another thread."""
        with self._making_client:
            _ = self._with_retries

    def put(
        self,
        key: str,
        body: bytes,
        headers: Mapping[str, str],
        create: bool,
        *,
        retries: bool = False,
    ) -> str:
        """Put an object atomically and return its ETag; with `create`, only if the key is new.

        S3 verifies the SHA-256 in the request. Without `retries` there is one attempt: the caller
        retries.

        Raises:
            Exists: an object with this key exists.
            Busy: S3 is overloaded, or the connection was lost; the object may have been put.
        """
        mode = "create" if create else "overwrite"
        return self._put(key, body, headers, mode, retries=retries).etag

    def put_if(self, key: str, body: bytes, headers: Mapping[str, str], etag: str | None) -> Put:
        """Put an object over the one that has this ETag; with None, only if the key is new.

        Headers with other names than HTTP's are stored as metadata.

        Raises:
            Exists: there is another object, or with an ETag none any more.
            Busy: S3 is overloaded, or the connection was lost; the object may have been put.
        """
        return self._put(key, body, headers, {"e_tag": f'"{etag}"'} if etag else "create")

    def _put(
        self,
        key: str,
        body: bytes,
        headers: Mapping[str, str],
        mode: Any,
        *,
        retries: bool = False,
    ) -> Put:
        import obstore

        conditional = mode != "overwrite"
        try:
            with self._errors("PutObject", conditional), self._logged("PutObject", key):
                done = obstore.put(
                    self._with_retries if retries else self._without_retries,
                    key,
                    body,
                    attributes=dict(headers),
                    mode=mode,
                    use_multipart=False,
                )
        except NoETag:
            return self._stored_without_etag(key, body)
        etag, expected = _unquoted(done["e_tag"]), _md5(body)
        if etag != expected:
            self._check_etag(key, etag, expected)
        return Put(etag, done["version"])

    def _stored_without_etag(self, key: str, body: bytes) -> Put:
        """What S3 has stored with a response without an ETag, which may be that of a proxy.

        Raises:
            UnreadableResponse: the object is not stored.
            Unfinished: it may not be read.
        """
        try:
            found, expected = self.etag(key), _md5(body)
            if found == expected or (found is not None and self.read(key) == body):
                return Put(found or expected, None)
        except Denied as error:
            raise may_be_stored(key) from error
        raise UnreadableResponse("PutObject")

    def _check_etag(self, key: str, etag: str, expected: str) -> None:
        """Check the ETag of an object that was put, which is not its MD5.

        Once S3 has named a KMS key, or must not be asked, other ETags are not checked: all objects
        of a run have the encryption of the bucket.

        Raises:
            WrongETag: no KMS key encrypts the object.
        """
        if self._has_other_etags:
            return
        found = self._head_by_boto3(key)
        if found and has_md5(found):
            raise WrongETag(key, etag, expected, stored=_unquoted(found.get("ETag")) == expected)
        self._has_other_etags = True

    def _head_by_boto3(self, key: str) -> Mapping[str, Any] | None:
        """S3's response about an object, with its encryption; None if it may not be read."""
        try:
            s3 = self._boto3
        except ImportError:  # a function may have no boto3
            return None
        with readable_errors():
            try:
                found: Mapping[str, Any] = s3.head_object(Bucket=self._destination.bucket, Key=key)
            except aws_errors() as error:
                if is_refusal(error):
                    return None
                raise
        return found

    def listed(
        self, prefix: str = "", after: str | None = None, *, exactly: bool = False
    ) -> Iterator[Listed]:
        """The objects whose keys begin with the prefix, sorted by key.

        obstore lists about ten times as fast as boto3. But its prefix must be a directory, it does
        not support keys such as `a//b`, and it returns `/a` and `a/` as `a`. Unsupported keys are
        handled here; the slashes only with `exactly`, which deletions require. obstore does not
        sign the expected bucket owner of this call, and S3 refuses such a request.
        https://github.com/apache/arrow-rs-object-store/issues/484
        """
        if exactly or self._destination.bucket_owner or (prefix and not prefix.endswith("/")):
            yield from self._listed_by_boto3(prefix, after)
            return
        if not prefix and (after or "") < _AFTER_SLASH:
            first = self._listed_by_boto3(prefix, after)
            yield from takewhile(lambda found: found.key <= _AFTER_SLASH, first)
            after = _AFTER_SLASH
        try:
            for found in self._listed_by_obstore(prefix.rstrip("/"), after):
                yield found
                after = found.key
        except UnsupportedKey:
            yield from self._listed_by_boto3(prefix, after)

    def _listed_by_obstore(self, directory: str, after: str | None) -> Iterator[Listed]:
        """The objects of all pages; after an incomplete one it continues behind the last key."""
        pauses = iter(_PAUSES)
        while True:
            try:
                for found in self._pages(directory, after):
                    yield found
                    after, pauses = found.key, iter(_PAUSES)
            except Incomplete:
                pause = next(pauses, None)
                if pause is None:
                    raise
            else:
                return
            time.sleep(pause)

    def _pages(self, directory: str, after: str | None) -> Iterator[Listed]:
        import obstore

        pages = obstore.list(self._with_retries, directory or None, offset=after, chunk_size=_PAGE)
        with self._errors("ListObjectsV2"):
            while page := self._waited(lambda: self._next_page(pages, directory)):
                for entry in page:
                    etag = _unquoted(entry["e_tag"])
                    yield Listed(entry["path"], etag, entry["last_modified"], entry["size"])

    def _next_page(self, pages: Iterator[Any], directory: str) -> Any:
        with self._logged("ListObjectsV2", directory):
            return next(pages, None)

    def _listed_by_boto3(self, prefix: str, after: str | None) -> Iterator[Listed]:
        options = {"StartAfter": after} if after else {}
        with self._boto3_errors("ListObjectsV2"):
            for entry in self._entries(Prefix=prefix, **options):
                etag, modified = _unquoted(entry.get("ETag")), entry["LastModified"]
                yield Listed(entry["Key"], etag, modified, entry["Size"])

    @contextmanager
    def _boto3_errors(self, operation: str) -> Iterator[None]:
        with self._destination.owner_named_in_errors(), readable_errors():
            try:
                yield
            except aws_errors() as error:
                if is_refusal(error) and error_code(error) == "AccessDenied":
                    raise Denied(str(error), where=f"AWS {operation}") from error
                raise

    def _entries(self, **arguments: str) -> Iterator[Mapping[str, Any]]:
        pages = self._boto3.get_paginator("list_objects_v2")
        with readable_responses("ListObjectsV2"):
            found = iter(pages.paginate(Bucket=self._destination.bucket, **arguments))
            while page := self._waited(lambda: next(found, None)):
                page["IsTruncated"]  # KeyError if the response is not from S3
                yield from page.get("Contents", [])

    def read(self, key: str) -> bytes | None:
        """The content of a small object; None if it does not exist."""
        import obstore

        def get() -> bytes:
            return bytes(obstore.get(self._with_retries, key).bytes())

        return self._read("GetObject", key, get)

    def _read(
        self, operation: str, key: str, call: Callable[[], Result], *, conditional: bool = False
    ) -> Result | None:
        """The result of a call that reads an object, repeated if the response is incomplete.

        None if the object does not exist.
        """
        for pause in (*_PAUSES, None):
            try:
                with self._errors(operation, conditional), self._logged(operation, key):
                    try:
                        return self._waited(call)
                    except FileNotFoundError:
                        return None
            except Incomplete:
                if pause is None:
                    raise
            time.sleep(pause)
        return None

    def headers(self, key: str) -> Mapping[str, str] | None:
        """The headers that an object is stored with.

        None if it does not exist, or if obstore does not support its key.
        """
        try:
            return self._headers(key)
        except UnsupportedKey:
            return None

    def _headers(self, key: str) -> Mapping[str, str] | None:
        found = self.stored(key)
        return found.headers if found else None

    def stored(self, key: str) -> Stored | None:
        """The object with this key, without its body; None if it does not exist."""
        import obstore

        def head() -> Stored:
            found = obstore.get(self._with_retries, key, options={"head": True})
            headers = {str(name): value for name, value in found.attributes.items()}
            if not found.meta["e_tag"]:  # without it the object cannot be replaced with If-Match
                raise Incomplete("the response has no ETag", where="AWS HeadObject", hint=TRY_LATER)
            return Stored(_unquoted(found.meta["e_tag"]), headers, found.meta["last_modified"])

        return self._read("HeadObject", key, head)

    def body(self, key: str, etag: str) -> bytes:
        """The bytes of the object that has this ETag.

        Raises:
            Exists: there is another object, or none any more.
        """
        import obstore

        def get() -> bytes:
            options: Any = {"if_match": f'"{etag}"'}
            return bytes(obstore.get(self._with_retries, key, options=options).bytes())

        found = self._read("GetObject", key, get, conditional=True)
        if found is None:
            raise Exists("the document was deleted", where="AWS GetObject")
        return found

    def etag(self, key: str) -> str | None:
        """The ETag of an object, empty if S3 returns none; None if it does not exist."""
        import obstore

        def head() -> str:
            return _unquoted(obstore.head(self._with_retries, key)["e_tag"])

        return self._read("HeadObject", key, head)

    def delete(self, listed: Sequence[tuple[str, str]]) -> "Deleted":
        """Delete objects by their keys and listed ETags.

        S3 keeps an object that has changed since it was listed. There are at most 1000; a bucket
        with versions keeps them as old versions. obstore has no such condition.

        Raises:
            Denied: deleting is not allowed; nothing is deleted.
            KeyboardInterrupt: some or all may be deleted; S3 has not responded soon.
            ReadModelError: some or all may be deleted.
        """
        entries = [{"Key": key, "ETag": f'"{etag}"'} for key, etag in listed]
        bucket = self._destination.bucket
        with self._boto3_errors("DeleteObjects"):
            s3 = self._boto3
            try:
                errors, error = self.watch.call_to_end(lambda: delete_batch(s3, bucket, entries))
            except Stalled:
                raise self.stalled() from None
        codes = {str(each["Key"]): str(each.get("Code")) for each in errors}
        refused = [each for each in errors if each.get("Code") not in _CHANGED | _GONE]
        return Deleted(
            deleted=[key for key, _ in listed if codes.get(key, _DELETED) in {_DELETED, *_GONE}],
            kept=[key for key, _ in listed if codes.get(key) in _CHANGED],
            error=error or (_refusal(refused[0]) if refused else None),
        )

    def _waited(self, call: Callable[[], Result]) -> Result:
        """The call's result; from the main thread it is called in another one.

        obstore ignores Ctrl-C while it waits, and no client has a limit for all attempts.
        """
        if current_thread() is not main_thread():
            return call()
        try:
            return self.watch.call(call)
        except Stalled:
            raise self.stalled() from None

    def stalled(self) -> Unfinished:
        """The error after too much time without a response."""
        return no_response(self._destination.bucket)

    def _logged(self, operation: str, key: str) -> AbstractContextManager[None]:
        return logged_call(operation, f"s3://{self._destination.bucket}/{key}")

    @contextmanager
    def _errors(self, operation: str, conditional: bool = False) -> Iterator[None]:
        access = self._access
        try:
            with obstore_errors(operation, conditional):
                yield
        except ReadModelError as error:
            if found := access.signer.error:  # of which obstore's error has the text alone
                raise found from error
            raise

    @cached_property
    def _connection(self) -> Connection:
        return self._destination.connection

    @property
    def _boto3(self) -> Any:
        """One client of boto3 for all threads, which may use it, but not make it."""
        with self._making_client:
            return self._client

    @cached_property
    def _client(self) -> Any:
        return self._connection.client("s3")

    @cached_property
    def _access(self) -> BucketAccess:
        return checked_access(self._connection, self._destination.bucket)

    @cached_property
    def _without_retries(self) -> Any:
        return self._store(_NO_RETRIES)

    @cached_property
    def _with_retries(self) -> Any:
        return self._store(_RETRIES)

    def _store(self, retries: Any) -> Any:
        destination = self._destination
        with obstore_errors("PutObject"):
            return store(self._access, destination.bucket, destination.bucket_owner, retries)


def _refusal(error: Mapping[str, Any]) -> ReadModelError:
    """The error for a key that S3 refuses to delete."""
    code, message = str(error.get("Code")), str(error.get("Message") or "")
    kind = Denied if code == "AccessDenied" else ReadModelError
    what = f"{code}: {error.get('Key')}: {message}".rstrip(": ")
    return kind(what, where="AWS DeleteObjects", hint=hint_for(code, message))


def _unquoted(etag: str | None) -> str:
    return (etag or "").strip('"')


def _md5(body: bytes) -> str:
    return md5(body, usedforsecurity=False).hexdigest()
