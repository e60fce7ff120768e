"""Copy documents of one release to another inside S3, in parallel.

The headers are written again (MetadataDirective REPLACE), because the metadata has the release's
ID; so a copy has the headers of the current settings, too. A copy needs s3:GetObject on the source
and s3:PutObject on the target.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

S3 may respond with status 200 and an error in the body. botocore takes that for a server error and
retries it (botocore/handlers.py, the handlers of CopyObject).
"""

import random
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from threading import Event
from typing import Any

from readmodel_cfn.aws.errors import (
    aws_errors,
    error_code,
    is_denied,
    is_refusal,
    is_transient,
    readable_errors,
    readable_responses,
)
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.release.manifest import Entry
from readmodel_cfn.publish.release.names import METADATA, prefix_of
from readmodel_cfn.publish.upload import Pace
from readmodel_cfn.threads import map_in_threads

THREADS = 32
_PAUSES = (0.2, 0.8, 3.2, 12.8)  # seconds between two attempts, each of which is five of botocore's
_CHANGED = {"PreconditionFailed", "NoSuchKey", "404"}


@dataclass(frozen=True)
class Copied:
    """The result for one document; `etag` is None if it has to be sent instead."""

    key: str
    etag: str | None


class Copier:
    """Copies documents to the release `target`.

    `source` is the release that has them; None for documents outside of releases. Without
    `settings` the copies have the headers of the documents.
    """

    def __init__(
        self,
        destination: Destination,
        source: str | None,
        target: str,
        settings: Settings | None,
    ) -> None:
        self._destination, self._bucket = destination, destination.bucket
        self._source, self._target = prefix_of(source) if source else "", prefix_of(target)
        self._headers: dict[str, Any] = {"MetadataDirective": "COPY"}
        if settings:
            metadata = {"MetadataDirective": "REPLACE", "Metadata": {METADATA: target}}
            self._headers = {**settings.headers, **metadata}
        self._pace, self._denied = Pace(), Event()

    def copy(self, entries: Iterable[Entry], on_copied: Callable[[Copied], None]) -> None:
        """Copy documents that still have the ETag of the manifest.

        A document that was changed or deleted meanwhile, or that may not be read, is not copied.

        Raises:
            ReadModelError: S3 refuses a copy, or is unreachable.
        """
        self._s3  # noqa: B018 - made once, before threads use it
        results = map_in_threads(self._copied, entries, THREADS)
        try:
            with readable_errors(), closing(results):
                for copied in results:
                    on_copied(copied)
        finally:
            self._pace.stop(0)

    @property
    def denied(self) -> bool:
        """Whether S3 denied a copy, so that the others were not tried."""
        return self._denied.is_set()

    @cached_property
    def _s3(self) -> Any:
        return self._destination.connection.client("s3", THREADS)

    def _copied(self, entry: Entry) -> Copied:
        for pause in (*_PAUSES, None):
            if self._denied.is_set():
                break
            try:
                with self._pace, readable_responses("copy_object"):
                    return Copied(entry.key, self._copy(entry))
            except aws_errors() as error:
                if is_denied(error):
                    self._denied.set()
                elif is_refusal(error) and error_code(error) in _CHANGED:
                    break
                elif pause is None or not is_transient(error):
                    raise
                else:
                    self._pace.slow_down()
                    self._pace.pause(pause * random.uniform(0.5, 1.5))  # noqa: S311
        return Copied(entry.key, None)

    def _copy(self, entry: Entry) -> str:
        done = self._s3.copy_object(
            Bucket=self._bucket,
            Key=self._target + entry.key,
            CopySource={"Bucket": self._bucket, "Key": self._source + entry.key},
            CopySourceIfMatch=f'"{entry.etag}"',
            **self._headers,
        )
        etag: str = done["CopyObjectResult"]["ETag"].strip('"')
        return etag
