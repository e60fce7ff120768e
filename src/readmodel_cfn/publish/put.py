"""Publish a single document, with or without a condition.

Conditions: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import base64
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from readmodel_cfn.aws.errors import (
    UnreadableResponse,
    aws_errors,
    error_code,
    is_denied,
    is_refusal,
    readable_errors,
    readable_responses,
    was_retried,
)
from readmodel_cfn.errors import ConfigError, LostRace, Unfinished
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.destination import (
    NO_PROGRESS,
    Destination,
    DestinationOrLookup,
    no_response,
    resolve,
)
from readmodel_cfn.publish.documents import (
    DEFAULT,
    Document,
    Settings,
    check_document,
    encode,
    encoder,
    key_fault,
    refuse,
    unserved_hint,
)
from readmodel_cfn.publish.files import key_of_path, read_file
from readmodel_cfn.publish.integrity import WrongETag, has_md5, may_be_stored, unfinished_if_lost
from readmodel_cfn.publish.newer import publish_newer
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.results import (
    Fault,
    InvalidDocuments,
    Published,
    PublishPlan,
    Sent,
    StaleVersion,
    VersionConflict,
)
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import KeyRoute, Selection, hidden_path
from readmodel_cfn.publish.version_fields import Versions
from readmodel_cfn.publish.versions import DocumentVersion
from readmodel_cfn.threads import Stalled, Watch

clock = time.monotonic
"""The clock that limits the wait for a response."""
_CONFLICT = "ConditionalRequestConflict"  # two writers at the same time
_LOST = {_CONFLICT, "PreconditionFailed", "NoSuchKey"}


class NamedRoute(KeyRoute, Protocol):
    """A route with its key as it is configured."""

    @property
    def key(self) -> str:
        """The key, such as products/{id}.json."""

    @property
    def parameters(self) -> Sequence[str]:
        """The names of the parameters."""


@readable_errors()
def publish_document(
    key: str,
    value: object,
    destination: DestinationOrLookup,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[KeyRoute] | None = None,
    exclude: Sequence[str] = (),
    if_match: str | None = None,
    create_only: bool = False,
    force: bool = False,
    default: Callable[[Any], object] | None = None,
    version: int | str | None = None,
    on_progress: OnProgress = ignore,
) -> Published:
    """Publish one document, whether or not it has changed; one with a version only if it is newer.

    Args:
        key: Key of the document, which a route must serve.
        value: The document: bytes are JSON already, any other value is encoded as JSON.
        destination: The bucket, or a function that looks it up once the document is checked.
        settings: How the document is stored.
        routes: The routes. Without routes every key is allowed.
        exclude: Glob patterns of keys that are not published.
        if_match: ETag of the document to replace, with or without its quotes.
        create_only: Publish it only if no document has this key.
        force: Also send a document whose version is stored already. Without a version it is always
            sent.
        default: Converts values that JSON does not know, as in `json.dumps`.
        version: The version of the document; one of a route with a `version_field` has it.
        on_progress: Called with a step.

    Raises:
        ConfigError: the document, its key or the options are invalid; nothing was sent.
        LostRace: another writer changed the document first, or its version is stored with another
            content; nothing was sent.
        Unfinished: it was interrupted or S3 does not respond, and the document may be stored.
        ReadModelError: S3 refuses it.
    """
    body = encode(value, key, encoder(default))
    if isinstance(body, Fault):
        raise ConfigError(body.what, where=key, hint=body.hint)
    versions = Versions(routes, version)
    check_document(body, key, settings, Schemas(routes).check(key))
    selection = Selection(routes, exclude)
    refuse(key_fault(key, key, selection.serves))
    document = _with_version(key, body, key, settings, versions)
    put_it = partial(_put, document, body, settings, if_match, create_only, force)
    return _publish(document, destination, selection, if_match, create_only, put_it, on_progress)


@readable_errors()
def publish_file(
    file: Path,
    destination: DestinationOrLookup,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[NamedRoute],
    key: str | None = None,
    route: str | None = None,
    exclude: Sequence[str] = (),
    if_match: str | None = None,
    create_only: bool = False,
    force: bool = False,
    version: int | str | None = None,
    on_progress: OnProgress = ignore,
) -> Published:
    """Publish one JSON file to `key`; by default to the route's only key, or to the file's path.

    `route` is the path of the route that serves it. The other options are those of
    `publish_document`, and so are the errors.
    """
    document, body = _checked(file, settings, routes, key, route, version)
    selection = Selection(routes, exclude)
    put_it = partial(_put, document, body, settings, if_match, create_only, force)
    return _publish(document, destination, selection, if_match, create_only, put_it, on_progress)


def plan_file(
    file: Path,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[NamedRoute],
    key: str | None = None,
    route: str | None = None,
    exclude: Sequence[str] = (),
    version: int | str | None = None,
) -> PublishPlan:
    """What `publish_file` would send; the file is checked, and nothing is sent."""
    document, _ = _checked(file, settings, routes, key, route, version)
    _check_not_excluded(document.key, Selection(routes, exclude))
    return PublishPlan((document.key,))


def _checked(
    file: Path,
    settings: Settings,
    routes: Sequence[NamedRoute],
    key: str | None,
    route: str | None,
    version: int | str | None,
) -> tuple[Document, bytes]:
    schemas, versions = Schemas(routes), Versions(routes, version)
    body = read_file(file)
    check_document(body, str(file), settings)
    key = key_of_file(routes, file, key, route)
    if check := schemas.check(key):
        check_document(body, str(file), settings, check)
    return _with_version(key, body, str(file), settings, versions), body


def _with_version(
    key: str, body: bytes, source: str, settings: Settings, versions: Versions
) -> Document:
    """The document with its version, if it has one.

    Raises:
        InvalidDocuments: a field that must have it has none.
    """
    found = versions.add(Document(key, settings.stored(body), source), body, settings.stored)
    if isinstance(found, Fault):
        raise InvalidDocuments(found)
    return found


def _check_not_excluded(key: str, selection: Selection) -> None:
    if selection.excludes(key):
        hint = "remove the pattern from exclude: the option, or under [publish]"
        raise ConfigError("a pattern excludes it", where=key, hint=hint)


def _publish(
    document: Document,
    destination: DestinationOrLookup,
    selection: Selection,
    if_match: str | None,
    create_only: bool,
    put_it: Callable[[Destination], Published],
    on_progress: OnProgress,
) -> Published:
    if if_match is not None and create_only:
        where, hint = "--if-match and --create-only", "use one of them"
        raise ConfigError("exclude each other", where=where, hint=hint)
    key = document.key
    if document.version and (create_only or if_match is not None):
        option = "--create-only" if create_only else "--if-match"
        what = "the document has a version, which decides whether it is published"
        raise ConfigError(what, where=option, hint=f"omit {option}")
    _check_not_excluded(key, selection)
    found = resolve(destination)
    if if_match is not None:
        found.require("--if-match", "compare")
    if document.version:
        found.require("version", "compare")
    on_progress(Note(f"Publishing to {found}"))
    on_progress(Step(f"Sending {key} to {found.bucket}"))
    try:
        with found.owner_named_in_errors(), readable_errors():
            published = Watch(NO_PROGRESS, clock).call(partial(put_it, found))
        return replace(published, target=found.target)
    except Stalled:
        raise no_response(f"{found.bucket}/{key}") from None
    except KeyboardInterrupt:
        what, where = "interrupted: 0 sent, 1 in progress", f"{found.bucket}/{key}"
        raise Unfinished(what, where=where, hint="run it again") from None


def _put(
    document: Document,
    body: bytes,
    settings: Settings,
    if_match: str | None,
    create_only: bool,
    force: bool,
    destination: Destination,
) -> Published:
    key = document.key
    if document.version:
        return _put_newer(destination, document, document.version, settings, force)
    s3, bucket = destination.connection.client("s3"), destination.bucket
    if create_only or if_match is not None:
        return put_if(s3, bucket, key, body, settings, if_match=if_match)
    return put(s3, bucket, key, body, settings)


def _put_newer(
    destination: Destination,
    document: Document,
    version: DocumentVersion,
    settings: Settings,
    force: bool,
) -> Published:
    """Put a document if it is newer than the stored one.

    Raises:
        LostRace: its version is stored with another content, or other writers were always first.
    """
    key, stored = document.key, document.stored
    objects, headers = Objects(destination), settings.attributes
    done = publish_newer(objects, key, stored, headers, version, force=force)
    if isinstance(done, VersionConflict):
        raise done.error
    outcome: Any = done.kind
    version_id = done.version if isinstance(done, Sent) else None
    text = str(version)
    return Published(
        destination.bucket,
        key,
        done.etag,
        version_id,
        len(stored),
        outcome=outcome,
        document_version=text,
        stored_version=done.stored if isinstance(done, StaleVersion) else text,
    )


def key_of_file(routes: Sequence[NamedRoute], file: Path, key: str | None, path: str | None) -> str:
    """The key of a single file: the given one, the route's only one, or the file's path.

    Raises:
        ConfigError: there is no such route, or no route serves the key.
    """
    found = [route for route in routes if path in (None, route.path)]
    if not found:
        hint = f"known: {', '.join(route.path for route in routes)}"
        raise ConfigError(f"no route has the path {path!r}", where="--route", hint=hint)
    if key is None:
        own = key_of_path(file)
        return own if _has_many_keys(found) and Selection(found).serves(own) else _only_key(found)
    if not any(route.match_key(key) for route in found):
        served = ", ".join(route.key for route in found)
        hint = unserved_hint(key) if hidden_path(key) else f"served: {served}"
        raise ConfigError(f"no route serves {key!r}", where="--key", hint=hint)
    return key


def _has_many_keys(routes: Sequence[NamedRoute]) -> bool:
    return len(routes) > 1 or bool(routes[0].parameters)


def _only_key(routes: Sequence[NamedRoute]) -> str:
    if len(routes) > 1:
        paths = ", ".join(route.path for route in routes)
        hint = f"set --key, or --route to one of: {paths}"
        raise ConfigError("there are several routes", where="publish", hint=hint)
    if routes[0].parameters:
        hint = f"set --key, of the form {routes[0].key}"
        raise ConfigError("the route serves many keys", where=routes[0].path, hint=hint)
    return routes[0].key


def put(
    s3: Any, bucket: str, key: str, body: bytes, settings: Settings = DEFAULT, **condition: str
) -> Published:
    """Put a document; S3 verifies its checksum.

    A PUT of one key is atomic: readers see the old document or the new one, never a part
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).
    `condition` is IfMatch or IfNoneMatch.

    Raises:
        WrongETag: the ETag in the response is not the MD5 of the document, although no KMS key
            encrypts it.
    """
    stored = settings.stored(body)
    with unfinished_if_lost(f"{bucket}/{key}"), readable_responses("put_object"):
        response = s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=stored,
            **settings.headers,
            **condition,
            ChecksumSHA256=base64.b64encode(hashlib.sha256(stored).digest()).decode(),
        )
    etag, expected = response.get("ETag"), _etag(stored)
    if etag is None:
        return _stored_without_etag(s3, bucket, key, stored)
    if etag != expected and has_md5(response):
        raise WrongETag(f"{bucket}/{key}", etag, expected)
    return Published(bucket, key, etag, response.get("VersionId"), len(stored))


def _stored_without_etag(s3: Any, bucket: str, key: str, stored: bytes) -> Published:
    """What S3 has stored with a response without an ETag, which may be that of a proxy.

    Raises:
        UnreadableResponse: the document is not stored.
        Unfinished: it may not be read.
    """
    try:
        found = s3.get_object(Bucket=bucket, Key=key)
        is_stored = found["Body"].read() == stored
    except aws_errors() as error:
        if is_denied(error):
            raise may_be_stored(f"{bucket}/{key}") from error
        is_stored = False
    if not is_stored:
        raise UnreadableResponse("put_object")
    etag = found.get("ETag") or _etag(stored)
    return Published(bucket, key, etag, found.get("VersionId"), len(stored))


def put_if(
    s3: Any,
    bucket: str,
    key: str,
    body: bytes,
    settings: Settings = DEFAULT,
    *,
    if_match: str | None = None,
) -> Published:
    """Put a document if the current one has this ETag; with None, if the key is new.

    Raises:
        LostRace: another writer changed the document first; nothing was sent.
    """
    condition = {"IfNoneMatch": "*"} if if_match is None else {"IfMatch": _quoted(if_match)}
    try:
        return _retry_conflict(partial(put, s3, bucket, key, body, settings, **condition))
    except aws_errors() as error:
        if not is_refusal(error) or error_code(error) not in _LOST:
            raise
        found = _current(s3, bucket, key)
        # If the first response was lost, the retry finds the document that the first one stored.
        if found and was_retried(error) and found.etag == _etag(settings.stored(body)):
            return found
        raise _conflict(found, f"{bucket}/{key}", if_match) from error


def _retry_conflict(attempt: Callable[[], Published]) -> Published:
    """Retry once after a conflict of two writes: then one of them has succeeded."""
    try:
        return attempt()
    except aws_errors() as error:
        if not is_refusal(error) or error_code(error) != _CONFLICT:
            raise
        return attempt()


def _current(s3: Any, bucket: str, key: str) -> Published | None:
    """The current document; None if there is none, or reading it is not allowed."""
    try:
        with readable_responses("head_object"):
            found = s3.head_object(Bucket=bucket, Key=key)
            etag, version = found["ETag"], found.get("VersionId")
            return Published(bucket, key, etag, version, found["ContentLength"])
    except aws_errors() as error:
        if not is_refusal(error):
            raise
        return None


def _conflict(found: Published | None, where: str, if_match: str | None) -> LostRace:
    now = f"; its ETag is {found.etag}" if found else ""
    if if_match is None:
        return LostRace(f"the document already exists{now}", where=where)
    what = f"the document was changed by another writer{now}" if found else "it was deleted"
    return LostRace(
        what, where=where, hint="read it again, and publish your change with its new ETag"
    )


def _etag(stored: bytes) -> str:
    return _quoted(hashlib.md5(stored, usedforsecurity=False).hexdigest())


def _quoted(etag: str) -> str:
    return '"' + etag.strip('"') + '"'
