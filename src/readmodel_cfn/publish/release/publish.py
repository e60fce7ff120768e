"""`publish --release`: build a release, and make it live."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any

from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.destination import DestinationOrLookup, resolve
from readmodel_cfn.publish.documents import DEFAULT, Settings, encoder
from readmodel_cfn.publish.publish import Documents
from readmodel_cfn.publish.release.activate import Activation
from readmodel_cfn.publish.release.build import Builder, Built, Options
from readmodel_cfn.publish.release.contents import Checking, Contents
from readmodel_cfn.publish.release.names import check_id
from readmodel_cfn.publish.release.results import Activated, ReleaseResult
from readmodel_cfn.publish.release.store import ReleaseStore
from readmodel_cfn.publish.results import PublishPlan
from readmodel_cfn.publish.schemas import Schemas
from readmodel_cfn.publish.selection import KeyRoute, Selection

FindActivation = Callable[[], Activation]
"""Looks up what activates releases; it is called once the documents are checked."""


def publish_release(
    documents: Documents,
    destination: DestinationOrLookup,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[KeyRoute] | None = None,
    release: str | None = None,
    activation: FindActivation | None = None,
    stage: str | None = None,
    exclude: Sequence[str] = (),
    force: bool = False,
    skip_invalid: bool = False,
    default: Callable[[Any], object] | None = None,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> ReleaseResult:
    """Publish a set of documents as one release, which has these documents and no others.

    All documents are checked before the first is stored. Those that another release has are copied
    inside S3, the others are uploaded, and the manifest is written last. Memory holds neither the
    documents nor their keys if they are files; the bytes of values are kept in a temporary file.

    Args:
        documents: A mapping of keys to values, an iterable of (key, value) pairs, or paths of
            files and directories, as in `publish`.
        destination: The bucket, or a function that looks it up once the documents are checked.
        settings: How the documents are stored.
        routes: The routes, one of which must serve each key. Without routes every key is allowed.
        release: ID of the release. By default the live release or the newest one, if it has the
            same documents; the newest release that was not completed, if it was started for the
            same documents; otherwise a new one.
        activation: Looks up what makes the release live; None leaves it complete, but not live.
        stage: Stage to activate it on (default: the live one).
        exclude: Glob patterns of keys that are not published.
        force: Upload all documents, to a new release.
        skip_invalid: Skip invalid documents and publish the others.
        default: Converts values that JSON does not know, as in `json.dumps`.
        confirm: Called before more than 100,000 documents are stored (kind "release").
        on_progress: Called with Step, Note and Count, with ReleaseStarted before the first document
            is stored, and with Sent for each document that is uploaded.

    Raises:
        ConfigError: a document, the ID or an option is invalid; nothing was stored.
        LostRace: the release exists, with other documents; or another release was activated since
            this call began, and this one is complete but not live.
        ConsentRequired: `confirm` returned False; nothing was stored.
        Unfinished: some documents were stored; call it again to continue.
        ReadModelError: nothing was stored.
    """
    started = time.monotonic()
    call = _Call(documents, destination, settings, routes, exclude, skip_invalid, default)
    options = Options(settings, release, force, confirm, on_progress)
    with _builder(call, options, activation) as (builder, contents, activates):
        if activates:
            activates.check_stage(stage)
        bucket, built = builder.destination, None

        def result(built: Built, activated: Activated | None = None) -> ReleaseResult:
            return ReleaseResult(
                release=built.header.release,
                documents=built.header.documents,
                sent=built.sent,
                copied=built.copied,
                unchanged=built.unchanged,
                invalid=contents.invalid,
                passed_over=contents.passed_over,
                bytes=built.header.bytes,
                seconds=time.monotonic() - started,
                stage=activated.stage if activated else None,
                previous=activated.previous if activated else None,
                based_on=built.header.based_on,
                notes=built.notes,
                bucket=bucket.bucket,
                target=bucket.target,
            )

        try:
            built = builder.build()
            header, pointer = built.header, built.pointer
            return result(
                built, activates.activate_new(header, pointer, stage) if activates else None
            )
        except ReadModelError as error:
            error.result = result(built or builder.so_far())
            raise


def plan_release(
    documents: Documents,
    destination: DestinationOrLookup,
    settings: Settings = DEFAULT,
    *,
    routes: Sequence[KeyRoute] | None = None,
    release: str | None = None,
    exclude: Sequence[str] = (),
    force: bool = False,
    skip_invalid: bool = False,
    default: Callable[[Any], object] | None = None,
    on_progress: OnProgress = ignore,
) -> PublishPlan:
    """What `publish_release` would upload and copy, and which documents it would leave out.

    Nothing is stored. The arguments and errors are those of `publish_release`.
    """
    call = _Call(documents, destination, settings, routes, exclude, skip_invalid, default)
    options = Options(settings, release, force, None, on_progress)
    with _builder(call, options) as (builder, _, _):
        return builder.plan()


@dataclass(frozen=True)
class _Call:
    documents: Documents
    destination: DestinationOrLookup
    settings: Settings
    routes: Sequence[KeyRoute] | None
    exclude: Sequence[str]
    skip_invalid: bool
    default: Callable[[Any], object] | None


@contextmanager
def _builder(
    call: _Call, options: Options, find: FindActivation | None = None
) -> Iterator[tuple[Builder, Contents, Activation | None]]:
    """The builder of a release, after all documents were checked."""
    if options.release is not None:
        check_id(options.release)
    report = options.on_progress
    selection = Selection(call.routes, call.exclude)
    checking = Checking(call.settings, selection, Schemas(call.routes), call.skip_invalid, report)
    with closing(Contents(checking)) as contents:
        report(Step("Checking the documents"))
        _read(contents, call.documents, call.default)
        found = resolve(call.destination)
        activation = find() if find else None
        if activation:
            options = replace(options, pointer=activation.store.pointer())
        report(Note(f"Publishing a release to {found}"))
        with found.owner_named_in_errors():
            yield Builder(ReleaseStore(found), contents, options), contents, activation


def _read(
    contents: Contents, documents: Documents, default: Callable[[Any], object] | None
) -> None:
    values: Any = documents
    if isinstance(values, str | PathLike):
        values = [values]
    if isinstance(values, bytes | bytearray) or not isinstance(values, Iterable):
        kind = type(values).__name__
        raise TypeError(f"documents must be a mapping, (key, value) pairs or paths, not {kind}")
    if not isinstance(values, Mapping):
        items = iter(values)
        first = list(islice(items, 1))
        values = chain(first, items)
        if first and isinstance(first[0], str | PathLike):
            contents.read_files([Path(path) for path in values])
            return
    contents.read_values(values, encoder(default))
