"""Publish: JSON documents to the keys that routes serve, each whole or not at all.

`put` puts one; `publish` is for any number of them, and for the workers of a pool.
"""

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.aws.errors import readable_answers
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.publish.comparison import UNLIKE, Known, known
from readmodel_cfn.publish.destination import Destination as Destination
from readmodel_cfn.publish.documents import Document
from readmodel_cfn.publish.faults import MOST_BYTES as MOST_BYTES
from readmodel_cfn.publish.faults import Fault, body_fault, key_fault
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.selection import KeyRoute, Selection
from readmodel_cfn.publish.sending import Outcome, Sending

CONTENT_TYPE = "application/json"


@dataclass(frozen=True)
class Settings:
    """How documents are kept: the Cache-Control that goes with them, and whether compressed."""

    cache_control: str = "no-cache"
    gzip: bool = False

    def stored(self, body: bytes) -> bytes:
        """The bytes that are kept; the same for the same document, so that its ETag is too."""
        return gzip.compress(body, compresslevel=9, mtime=0) if self.gzip else body

    @property
    def attributes(self) -> dict[str, str]:
        """What S3 keeps with a document and gives back, as HTTP headers."""
        encoding = {"Content-Encoding": "gzip"} if self.gzip else {}
        return {"Content-Type": CONTENT_TYPE, "Cache-Control": self.cache_control, **encoding}

    @property
    def headers(self) -> dict[str, str]:
        """The same as arguments of PutObject."""
        return {name.replace("-", ""): value for name, value in self.attributes.items()}


DEFAULT = Settings()


@dataclass(frozen=True)
class Published:
    """What S3 stored: `version` is None in a bucket without versions; the ETag has its quotes.

    `bytes` is the size as it is kept.
    """

    bucket: str
    key: str
    etag: str
    version: str | None
    bytes: int


def check_document(body: bytes, source: str, settings: Settings = DEFAULT) -> None:
    """Check that a document may be published; `source` names it in errors.

    Raises:
        ConfigError: it is not JSON in UTF-8 (RFC 8259), or larger than API Gateway can answer with.
    """
    stored = settings.stored(body) if len(body) > MOST_BYTES else body
    if fault := body_fault(body, stored, source):
        raise ConfigError(fault.what, where=source, hint=fault.hint)


def put(
    s3: Any, bucket: str, key: str, body: bytes, settings: Settings = DEFAULT, **condition: str
) -> Published:
    """Put the document; S3 compares the checksum and stores it whole or not at all.

    A PUT of one key is atomic: readers see the old document or the new one, never a part
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).
    `condition` is IfMatch or IfNoneMatch, where it is put only over what they say.
    """
    stored = settings.stored(body)
    with readable_answers("put_object"):
        answer = s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=stored,
            **settings.headers,
            **condition,
            ChecksumSHA256=base64.b64encode(hashlib.sha256(stored).digest()).decode(),
        )
        etag = answer["ETag"]
    return Published(bucket, key, etag, answer.get("VersionId"), len(stored))


@dataclass(frozen=True)
class Result:
    """What came of it, in documents, bytes as they are kept, and seconds.

    `lost` had been created by another writer before; `invalid` were skipped; `passed_over` are
    excluded, or have a segment that begins with a dot which no route's key spells; `notes` tell why
    more was sent than has changed.
    """

    sent: int
    unchanged: int
    lost: int
    invalid: int
    bytes: int
    seconds: float
    notes: tuple[str, ...] = ()
    passed_over: int = 0


def publish(
    documents: Iterable[tuple[str, object]],
    destination: Destination,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[KeyRoute] | None = None,
    exclude: Sequence[str] = (),
    prefix: str = "",
    force: bool = False,
    create_only: bool = False,
    skip_invalid: bool = False,
    tell: Callable[[Outcome], None] = lambda _: None,
) -> Result:
    """Publish documents, (key, value) each, in any order; bytes are JSON already.

    They are taken one by one as they are sent, so that there may be any number; what memory holds
    is the ETags of those that the bucket has. To compare, they are listed once: below `prefix`,
    which saves listing what other workers publish, and must begin every key. With `force` nothing
    is compared. Each document is checked before it is sent. With `routes`, one of them must serve
    its key. Passed over and counted is a document whose key one of the glob patterns in `exclude`
    matches, or has a segment that begins with a dot which no route's key spells. `tell` is told
    what came of each that was sent or skipped.

    Raises:
        Unfinished: some were sent when one was found invalid or refused, or S3 went out of reach.
        ConfigError: a document is invalid, `skip_invalid` was not given, and none was sent.
        ReadModelError: none was sent.
    """
    began, objects = time.monotonic(), Objects(destination)
    compares = not force and not create_only
    has, why = known(objects, settings.attributes, prefix) if compares else (Known(), None)
    sending = Sending(objects, settings, create_only=create_only)
    choice = _Choice(settings, Selection(routes, exclude), has, skip_invalid)
    sending.send(choice.of(documents), lambda document: document, tell)
    tally = sending.tally
    return Result(
        tally.sent,
        choice.unchanged,
        tally.lost,
        tally.faults,
        tally.bytes,
        time.monotonic() - began,
        tuple(filter(None, (why, UNLIKE if tally.unlike else None))),
        choice.passed_over,
    )


@dataclass
class _Choice:
    """What is to be sent of all documents."""

    settings: Settings
    selection: Selection
    known: Known
    skip_invalid: bool
    unchanged: int = 0
    passed_over: int = 0

    def of(self, documents: Iterable[tuple[str, object]]) -> Iterator[Document | Fault]:
        for key, value in documents:
            if self.selection.passes_over(key):
                self.passed_over += 1
                continue
            found = self._checked(key, value)
            if isinstance(found, Fault) and not self.skip_invalid:
                raise ConfigError(found.what, where=found.source, hint=found.hint)
            if isinstance(found, Document) and self.known.has(found):
                self.unchanged += 1
            else:
                yield found

    def _checked(self, key: str, value: object) -> Document | Fault:
        try:
            body = value if isinstance(value, bytes) else _json(value)
        except (TypeError, ValueError, RecursionError) as error:
            return Fault(key, f"no JSON value: {error}", "publish what JSON can say")
        document = Document(key, self.settings.stored(body), key)
        fault = key_fault(key, key, self.selection.serves) or body_fault(body, document.stored, key)
        return fault or document


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
