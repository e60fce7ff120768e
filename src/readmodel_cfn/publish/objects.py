"""Objects: the documents of a bucket, listed, put and deleted many at a time.

Only this module and those of its errors and its connection know obstore, an S3 client that puts
about ten times as many small documents a second as boto3. Only its synchronous functions are used;
other threads go on while they wait.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Any, TypeVar

from readmodel_cfn.aws.errors import aws_errors, error_code, is_refusal, readable_errors
from readmodel_cfn.publish.destination import Destination, connected
from readmodel_cfn.publish.flow import flow
from readmodel_cfn.publish.object_errors import Denied, Unnameable, translated

Made = TypeVar("Made")
_PAGE = 1000  # keys of one call, S3's limit
_BEHIND_SLASH = "0"  # the first key behind all that begin with a slash
_NO_RETRIES = {"max_retries": 0}
_RETRIES = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing tells it; the ETag is without its quotes."""

    key: str
    etag: str
    modified: datetime


class Objects:
    """The objects of one bucket, for any number of threads.

    Raises:
        ReadModelError: what S3 refuses, in one line; Busy and Denied tell what to do about it.
    """

    def __init__(self, destination: Destination) -> None:
        self._destination = destination

    def put(self, key: str, body: bytes, headers: Mapping[str, str], create: bool) -> str:
        """Put an object, whole or not at all, and return its ETag; with `create` only a new one.

        S3 compares the SHA-256 that is sent along. It is tried once: to try again is the caller's.

        Raises:
            Exists: there is one already.
            Busy: S3 has too much to do, or the connection was lost; it may have been put.
        """
        import obstore

        mode: Any = "create" if create else "overwrite"
        with translated("PutObject"):
            done = obstore.put(
                self._impatient, key, body, attributes=dict(headers), mode=mode, use_multipart=False
            )
        return _unquoted(done["e_tag"])

    def listed(
        self, prefix: str = "", after: str | None = None, *, exactly: bool = False
    ) -> Iterator[Listed]:
        """The objects whose keys begin with the prefix, in the order of their keys.

        obstore lists about ten times as fast as boto3, but takes directories only for a prefix, no
        foreign key such as `a//b`, and tells `/a` and `a/` as `a`. The first of these is found out
        here; the second only `exactly`, which is needed where something depends on what there is.
        """
        if exactly or (prefix and not prefix.endswith("/")):
            yield from self._listed_exactly(prefix, after)
            return
        if not prefix and (after or "") < _BEHIND_SLASH:
            first = self._listed_exactly(prefix, after)
            yield from takewhile(lambda one: one.key <= _BEHIND_SLASH, first)
            after = _BEHIND_SLASH
        try:
            for one in self._listed_quickly(prefix.rstrip("/"), after):
                yield one
                after = one.key
        except Unnameable:
            yield from self._listed_exactly(prefix, after)

    def _listed_quickly(self, directory: str, after: str | None) -> Iterator[Listed]:
        import obstore

        pages = obstore.list(self._patient, directory or None, offset=after, chunk_size=_PAGE)
        with translated("ListObjectsV2"):
            while page := _aside(lambda: next(pages, None)):
                for one in page:
                    yield Listed(one["path"], _unquoted(one["e_tag"]), one["last_modified"])

    def _listed_exactly(self, prefix: str, after: str | None) -> Iterator[Listed]:
        with readable_errors():
            try:
                for one in self._contents(
                    Prefix=prefix, **({"StartAfter": after} if after else {})
                ):
                    yield Listed(one["Key"], _unquoted(one["ETag"]), one["LastModified"])
            except aws_errors() as error:
                if is_refusal(error) and error_code(error) == "AccessDenied":
                    raise Denied(str(error), where="AWS ListObjectsV2") from error
                raise

    def _contents(self, **arguments: str) -> Iterator[Mapping[str, Any]]:
        pages = self._destination.connection.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._destination.bucket, **arguments):
            yield from page.get("Contents", [])

    def headers(self, key: str) -> Mapping[str, str] | None:
        """The headers that an object is kept with; None where it is gone."""
        import obstore

        with translated("HeadObject"):
            try:
                found = _aside(lambda: obstore.get(self._patient, key, options={"head": True}))
            except FileNotFoundError:
                return None
            return {str(name): value for name, value in found.attributes.items()}

    def etag(self, key: str) -> str | None:
        """The ETag of an object; None where there is none."""
        import obstore

        with translated("HeadObject"):
            try:
                return _unquoted(obstore.head(self._patient, key)["e_tag"])
            except FileNotFoundError:
                return None

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, at most 1000; in a bucket with versions the old ones stay."""
        import obstore

        with translated("DeleteObjects"):
            _aside(lambda: obstore.delete(self._patient, list(keys)))

    @cached_property
    def _impatient(self) -> Any:
        return self._store(_NO_RETRIES)

    @cached_property
    def _patient(self) -> Any:
        return self._store(_RETRIES)

    def _store(self, retries: Any) -> Any:
        return connected(self._destination, retries)


def _aside(call: Callable[[], Made]) -> Made:
    """Wait for it while another thread does it: obstore itself hears no Ctrl-C until it ends."""
    with closing(flow(lambda one: one(), (call,), 1)) as made:
        return next(made)


def _unquoted(etag: str | None) -> str:
    return (etag or "").strip('"')
