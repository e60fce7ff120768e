"""The objects of a bucket: list, put and delete many of them.

Only this module and store.py use obstore, an S3 client that puts about ten times as many
small documents per second as boto3. Its synchronous functions let other threads run while they
wait.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from itertools import takewhile
from threading import Lock, current_thread, main_thread
from typing import Any, NamedTuple, TypeVar

from readmodel_cfn.aws.causes import (
    CHECK_NETWORK,
    CHECK_PROXY,
    NOT_TRUSTED,
    OTHER_REGION,
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
from readmodel_cfn.errors import LostRace, ReadModelError, Unfinished
from readmodel_cfn.publish.destination import NO_PROGRESS, Destination, no_response
from readmodel_cfn.publish.store import checked_access, store
from readmodel_cfn.threads import Stalled, Watch

Result = TypeVar("Result")
_PAGE = 1000  # keys of one call, S3's limit
_AFTER_SLASH = "0"  # the first key after all that begin with a slash
_NO_RETRIES = {"max_retries": 0}
_RETRIES = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
# Errors of DeleteObjects for a key whose object is not the listed one any more.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict"}
_GONE = {"NoSuchKey"}


class Busy(ReadModelError):
    """S3 is overloaded, or the connection was lost; the request may have been carried out."""


class NoResponse(Busy):
    """There was no response, or an incomplete one."""


class Denied(ReadModelError):
    """S3 denied access and changed nothing."""


class Exists(LostRace):
    """An object with this key already exists, or it has changed: a condition is not met."""


class UnsupportedKey(ReadModelError):
    """obstore does not support a key in the bucket, such as `a//b`."""


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

        with self._errors("PutObject"), self._logged("PutObject", key):
            done = obstore.put(
                self._with_retries if retries else self._without_retries,
                key,
                body,
                attributes=dict(headers),
                mode=mode,
                use_multipart=False,
            )
        return Put(_unquoted(done["e_tag"]), done["version"])

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
                etag, time = _unquoted(entry["ETag"]), entry["LastModified"]
                yield Listed(entry["Key"], etag, time, entry["Size"])

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

        with self._errors("GetObject"), self._logged("GetObject", key):
            try:
                return self._waited(lambda: obstore.get(self._with_retries, key).bytes().to_bytes())
            except FileNotFoundError:
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

        with self._errors("HeadObject"), self._logged("HeadObject", key):
            try:
                found = self._waited(
                    lambda: obstore.get(self._with_retries, key, options={"head": True})
                )
            except FileNotFoundError:
                return None
            headers = {str(name): value for name, value in found.attributes.items()}
            return Stored(_unquoted(found.meta["e_tag"]), headers, found.meta["last_modified"])

    def body(self, key: str, etag: str) -> bytes:
        """The bytes of the object that has this ETag.

        Raises:
            Exists: there is another object, or none any more.
        """
        import obstore

        def get() -> bytes:
            options: Any = {"if_match": f'"{etag}"'}
            return bytes(obstore.get(self._with_retries, key, options=options).bytes())

        with self._errors("GetObject"), self._logged("GetObject", key):
            try:
                return self._waited(get)
            except FileNotFoundError:
                raise Exists("the document was deleted", where="AWS GetObject") from None

    def etag(self, key: str) -> str | None:
        """The ETag of an object; None if it does not exist."""
        import obstore

        with self._errors("HeadObject"), self._logged("HeadObject", key):
            try:
                return _unquoted(obstore.head(self._with_retries, key)["e_tag"])
            except FileNotFoundError:
                return None

    def delete(self, listed: Sequence[tuple[str, str]]) -> Sequence[str]:
        """Delete objects by their keys and listed ETags; return the keys of those that are kept.

        S3 keeps an object that has changed since it was listed. There are at most 1000; a bucket
        with versions keeps them as old versions. obstore has no such condition.

        Raises:
            Denied: deleting an object is not allowed; others may be deleted.
        """
        entries = [{"Key": key, "ETag": f'"{etag}"'} for key, etag in listed]
        bucket = self._destination.bucket
        with self._boto3_errors("DeleteObjects"):
            errors = self._waited(lambda: delete_batch(self._boto3, bucket, entries))
        kept = [str(error["Key"]) for error in errors if error.get("Code") in _CHANGED]
        for error in errors:
            code, key = str(error.get("Code")), error.get("Key")
            if code not in _CHANGED | _GONE:
                kind = Denied if code == "AccessDenied" else ReadModelError
                message = str(error.get("Message") or "")
                what, where = f"{code}: {key}: {message}".rstrip(": "), "AWS DeleteObjects"
                raise kind(what, where=where, hint=hint_for(code, message))
        return kept

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
    def _errors(self, operation: str) -> Iterator[None]:
        access = self._access
        try:
            with obstore_errors(operation):
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


def _unquoted(etag: str | None) -> str:
    return (etag or "").strip('"')


_STATUS = re.compile(r"status code: (\d{3})")
_CODE, _MESSAGE = re.compile(r"<Code>(.*?)</Code>"), re.compile(r"<Message>(.*?)</Message>", re.S)
# The error of one of many keys, in a response with status 200.
_OF_ONE_KEY = re.compile(r"failed for key (.*): (.*) \(code: (\w+)\)", re.S)
# 409: two writers at the same time.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_BUSY = {"409", "429", "500", "502", "503", "504"}
_BUSY_CODES = {"RequestTimeout", "SlowDown", "OperationAborted", "ConditionalRequestConflict"}
_PANIC = "PanicException"  # of pyo3: not an Exception, and it cannot be imported
_INVALID_PATH = "Could not parse path"  # a ValueError of a call other than a listing
_DEBUG = "\n\nDebug source:"


@contextmanager
def obstore_errors(operation: str) -> Iterator[None]:
    """Turn what obstore raises into this package's one-line errors."""
    from obstore.exceptions import BaseError, InvalidPathError

    try:
        yield
    except InvalidPathError as error:
        raise UnsupportedKey(str(error).partition(_DEBUG)[0], where=f"AWS {operation}") from error
    except (BaseError, ValueError, OSError) as error:  # a 404 is a FileNotFoundError
        if _INVALID_PATH in str(error):
            raise UnsupportedKey(str(error), where=f"AWS {operation}") from error
        raise _error(str(error), operation) from error
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        hint = CHECK_NETWORK
        what = f"the request cannot be sent: {error}"
        raise ReadModelError(what, where=f"AWS {operation}", hint=hint) from error


def _error(text: str, operation: str) -> ReadModelError:
    where = f"AWS {operation}"
    status, (code, message) = _found(_STATUS, text), _code_and_message(text)
    if not status and not code:
        return _no_response(text, operation)
    if status == "412" or (operation == "PutObject" and code == "NoSuchKey"):
        return Exists("the document already exists, or has changed", where=where)
    what = f"{code}: {message}" if code else f"the response has status {status}"
    if status in _BUSY or code in _BUSY_CODES:
        return Busy(what, where=where, hint=hint_for(code, message) or TRY_LATER)
    # The response to a HEAD has no body, so no code; the error of one of many keys has no status.
    is_denied = status == "403" and code in ("AccessDenied", "")
    kind = Denied if is_denied else ReadModelError
    hint = hint_for(code or status, message) or (TRY_LATER if status.startswith("5") else None)
    return kind(what, where=where, hint=hint)


def _code_and_message(text: str) -> tuple[str, str]:
    if found := _OF_ONE_KEY.search(text):
        return found[3], f"{found[1]}: {found[2]}"
    from html import unescape  # slow to load

    return unescape(_found(_CODE, text)), unescape(_found(_MESSAGE, text))


def _no_response(text: str, operation: str) -> ReadModelError:
    """The error for missing credentials, a failed connection or a response that is not S3's."""
    where = f"AWS {operation}"
    what, _, debug = text.partition(_DEBUG)
    if "certificate" in debug.lower():
        return ReadModelError("the certificate is not trusted", where=where, hint=NOT_TRUSTED)
    if "redirect" in what:  # S3 responds with 301 without a location
        return ReadModelError("PermanentRedirect", where=where, hint=OTHER_REGION)
    if "metadata from headers" in what:  # a response without an ETag is not S3's
        return UnreadableResponse(operation)
    if "builder error" in what:  # the bucket's URL is checked before
        return ReadModelError("the proxy's URL is invalid", where=where, hint=CHECK_PROXY)
    if "HTTP error" not in what:
        return ReadModelError(what, where=where)
    return NoResponse("no response, or an incomplete one", where=where, hint=CHECK_NETWORK)


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
