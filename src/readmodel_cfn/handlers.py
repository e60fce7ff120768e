"""Handlers for AWS Lambda, which publish the documents of events.

    from readmodel_cfn.handlers import Document, from_sqs

    def render(body: str) -> Document:
        product = json.loads(body)
        return Document(f"products/{product['id']}.json", product, version=product["revision"])

    handler = from_sqs(render)

A function needs this package, obstore and msgspec only (`pip install --no-deps`): this module and
what it imports load no other package.
"""

import logging
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeAlias, TypeVar

from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.printable import one_line
from readmodel_cfn.publish import documents
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import (
    DEFAULT,
    Settings,
    check_document,
    encode,
    encoder,
    key_fault,
    refuse,
)
from readmodel_cfn.publish.embedded_metric import embedded_metric
from readmodel_cfn.publish.newer import put_newer
from readmodel_cfn.publish.object_errors import Busy
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.results import Fault, InvalidDocuments, VersionConflict
from readmodel_cfn.publish.route_index import KeyRoute
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import Selection
from readmodel_cfn.publish.unpublish_version import replacement
from readmodel_cfn.publish.version_fields import Versions, required_version
from readmodel_cfn.publish.versions import DocumentVersion

Result = TypeVar("Result")
BUCKET = "READMODEL_CFN_BUCKET"
"""The environment variable with the name of the bucket."""
STACK, PREFIX = "READMODEL_CFN_STACK", "READMODEL_CFN_PREFIX"
"""The environment variables with the read model's stack and prefix, for the metric of an alarm."""
_LOGGER = logging.getLogger(__name__)
_NO_CHANGES = (str, bytes, bytearray, Mapping)  # also if they are empty
# Seconds between attempts if S3 is overloaded. A message that still fails is returned, and the
# queue's visibility timeout is the next pause.
_PAUSES = (0.1, 0.4, 1.6)


@dataclass(frozen=True)
class Document:
    """A document to publish.

    Args:
        key: Its key, such as products/7.json.
        value: The document: bytes are JSON already, any other value is encoded as JSON.
        version: A whole number, or a time with its offset as text. Then the document is published
            only if it is newer than the stored one. One of a route with a `version_field` has it.
    """

    key: str
    value: object
    version: int | str | None = None


@dataclass(frozen=True)
class Unpublish:
    """A document to unpublish: a small one replaces it, so that late events do not publish it.

    Args:
        key: Its key.
        version: The version of the event, as of a document.
        value: What readers get then, with 200, until `prune_unpublished` deletes it.
    """

    key: str
    version: int | str
    value: object = None


Change: TypeAlias = Document | Unpublish
"""What happens to one document."""
Rendered: TypeAlias = Change | Iterable[Change] | None
"""What a message becomes: one document to publish or unpublish, several, or none."""
Handler: TypeAlias = Callable[[Any, object], dict[str, list[dict[str, str]]]]
"""A handler as Lambda calls it, which returns the failed items of the batch."""


def from_sqs(
    render: Callable[[str], Rendered],
    *,
    routes: Sequence[KeyRoute] | None = None,
    settings: Settings = DEFAULT,
    destination: Destination | None = None,
    default: Callable[[Any], object] | None = None,
) -> Handler:
    """A handler that publishes the documents of each message of an SQS queue.

    It returns exactly the messages that failed, and logs the reason of each in one line. The event
    source mapping must have ReportBatchItemFailures: without it Lambda deletes all messages of the
    batch, the failed ones too. Messages that can never succeed are returned as well, so that the
    queue's redrive policy moves them to the dead-letter queue.

    If READMODEL_CFN_STACK names the stack, a batch of which a message was published writes the
    metric that the alarm for old documents watches.

    Of a FIFO queue, messages after a failed one of the same group are returned, and not rendered.

    Args:
        render: Returns the document, the documents or None for the body of a message. A message
            whose body raises an exception has failed.
        routes: The routes. Without routes every key is allowed.
        settings: How documents are stored.
        destination: The bucket; by default the one that READMODEL_CFN_BUCKET names, with the
            region and credentials of the function.
        default: Converts values that JSON does not know, as in `json.dumps`.

    Raises:
        ConfigError: a JSON Schema of the routes cannot be used. The handler raises it if there is
            no bucket, or if the event is not one of SQS.
    """
    publisher = _Publisher(routes, settings, default)

    @cache
    def objects() -> Objects:
        return Objects(destination or _from_environment())

    def handler(event: Any, context: object) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001
        bucket = objects()

        def publish(message: _Message) -> None:
            publisher.publish(bucket, _changes(render(message.body)))

        messages = _messages(event)
        failed = [*_failed(messages, publish)]
        if len(failed) < len(messages):
            _write_metric()
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    return handler


def _write_metric() -> None:
    """Write the metric to the log; a logger would add to the line."""
    if stack := os.environ.get(STACK):
        line = embedded_metric(stack, os.environ.get(PREFIX, ""))
        print(line, flush=True)  # noqa: T201


def _from_environment() -> Destination:
    bucket = os.environ.get(BUCKET)
    if not bucket:
        hint = "set it to the name of the bucket, in the environment of the function"
        raise ConfigError("no bucket is set", where=BUCKET, hint=hint)
    return Destination(bucket)


@dataclass(frozen=True)
class _Message:
    """A message of a queue; only those of a FIFO queue have a group here."""

    id: str
    body: str
    group: str | None


def _messages(event: Any) -> list[_Message]:
    """The messages of a batch.

    Raises:
        ConfigError: the event is not one of SQS.
    """
    try:
        return [_message(record) for record in event["Records"]]
    except (KeyError, TypeError, AttributeError) as error:
        hint = "use from_sqs for a function whose event source is an SQS queue"
        raise ConfigError("not an event of SQS", where="event", hint=hint) from error


def _message(record: Mapping[str, Any]) -> _Message:
    """A record as Lambda sends it.

    A standard queue may have groups too, for fair queues, and no order. The name of a FIFO queue
    ends with .fifo.
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    is_fifo = str(record.get("eventSourceARN")).endswith(".fifo")
    group = record.get("attributes", {}).get("MessageGroupId") if is_fifo else None
    return _Message(record["messageId"], record["body"], group)


def _failed(messages: Iterable[_Message], publish: Callable[[_Message], object]) -> Iterator[str]:
    """The IDs of the messages that failed, and of those that follow them in their group.

    AWS: for a FIFO queue, "your function should stop processing messages after the first failure
    and return all failed and unprocessed messages", which preserves their order. There is an order
    within a group only, so other groups are processed.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    stopped: set[str] = set()
    for message in messages:
        if message.group in stopped:
            reason: str | None = "not processed: an earlier message of its group failed"
        else:
            reason = _reason(partial(publish, message))
        if reason is None:
            continue
        _LOGGER.error("%s", one_line(f"message {message.id}: {reason}"))
        if message.group is not None:
            stopped.add(message.group)
        yield message.id


def _reason(publish: Callable[[], object]) -> str | None:
    """Why publishing a message fails; None if it does not."""
    try:
        publish()
    except ReadModelError as error:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - of `render`: the other messages are published
        *_, place = traceback.extract_tb(error.__traceback__)
        name = os.path.basename(place.filename)  # noqa: PTH119 - pathlib is not needed otherwise
        text = "".join(traceback.format_exception_only(error)).strip()
        return f"{text} ({name}, line {place.lineno})"
    return None


def _changes(rendered: object) -> list[Change]:
    """The documents that a message becomes.

    Raises:
        ConfigError: it is something else.
    """
    if rendered is None:
        return []
    changes = list[Change]()
    has_many = isinstance(rendered, Iterable) and not isinstance(rendered, _NO_CHANGES)
    several: Iterable[object] = rendered if has_many else [rendered]  # type: ignore[assignment]
    for each in several:
        if not isinstance(each, Change):
            hint = "return a Document or an Unpublish, several of them, or None"
            what = f"returned a value of the type {type(each).__name__}"
            raise ConfigError(what, where="render", hint=hint)
        changes.append(each)
    return changes


@dataclass(frozen=True)
class _Checked:
    """A document with the bytes to store."""

    key: str
    stored: bytes
    version: DocumentVersion | None
    unpublished: bool = False


class _Publisher:
    """Checks the documents of a message, then stores them."""

    def __init__(
        self,
        routes: Sequence[KeyRoute] | None,
        settings: Settings,
        default: Callable[[Any], object] | None,
    ) -> None:
        self._settings = settings
        self._schemas = Schemas(routes)
        self._versioned = [route for route in routes or () if route.version_field]
        self._serves = Selection(routes).serves
        self._encode = encoder(default)

    def publish(self, objects: Objects, changes: Sequence[Change]) -> None:
        """Publish the documents of one message: all of them are checked before any is sent.

        Raises:
            ReadModelError: a document is not allowed, its version is a conflict, or S3 refuses it.
        """
        for checked in [self._checked(change) for change in changes]:
            try:
                self._put(objects, checked)
            except ReadModelError as error:
                if error.where == checked.key:
                    raise
                raise ReadModelError(str(error), where=checked.key) from error

    def _checked(self, change: Change) -> _Checked:
        refuse(key_fault(change.key, change.key, self._serves))
        if isinstance(change, Document):
            return self._checked_document(change)
        version = required_version(change.version)
        stored = replacement(change.value, version, self._settings)
        return _Checked(change.key, stored, version, unpublished=True)

    def _checked_document(self, document: Document) -> _Checked:
        key, settings = document.key, self._settings
        body = encode(document.value, key, self._encode)
        if isinstance(body, Fault):
            raise InvalidDocuments(body)
        check_document(body, key, settings, self._schemas.check(key))
        versions = Versions(self._versioned, document.version)
        found = versions.add(
            documents.Document(key, settings.stored(body), key), body, settings.stored
        )
        if isinstance(found, Fault):
            raise InvalidDocuments(found)
        return _Checked(key, found.stored, found.version)

    def _put(self, objects: Objects, checked: _Checked) -> None:
        """Store a document, with a version only if it is newer.

        Raises:
            LostRace: its version is stored with another content.
        """
        key, stored, headers = checked.key, checked.stored, self._settings.attributes
        if checked.version is None:
            _retry_busy(partial(objects.put, key, stored, headers, create=False))
            return
        put = partial(put_newer, objects, key, stored, headers, checked.version)
        done = _retry_busy(partial(put, unpublished=checked.unpublished))
        if isinstance(done, VersionConflict):
            raise done.error


def _retry_busy(call: Callable[[], Result]) -> Result:
    """The result of the call, which is repeated while S3 is overloaded.

    Raises:
        Busy: S3 is overloaded at the last attempt, too.
    """
    for pause in _PAUSES:
        try:
            return call()
        except Busy:
            time.sleep(pause)
    return call()
