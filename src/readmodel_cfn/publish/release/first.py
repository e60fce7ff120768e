"""The first release: the documents of a bucket without releases, copied inside S3.

`deploy` calls it before the update that turns releases on, while the integrations still read the
documents themselves: first the copies, then the pointer and the stage's variable.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from readmodel_cfn.consent import Confirm
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.progress import Count, Note, OnProgress, Step
from readmodel_cfn.publish.compare import listing
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.release import cost
from readmodel_cfn.publish.release.activate import Activation, Stages
from readmodel_cfn.publish.release.copy import Copied, Copier
from readmodel_cfn.publish.release.manifest import Entry, Header, utc_now
from readmodel_cfn.publish.release.names import new_id
from readmodel_cfn.publish.release.results import Activated
from readmodel_cfn.publish.release.store import Names, Pointer, ReleaseStore
from readmodel_cfn.publish.selection import KeyRoute, Selection
from readmodel_cfn.publish.spool import Spool
from readmodel_cfn.template.releases import PREFIX

_AGAIN = "run the same command again"


@dataclass(frozen=True)
class _Documents:
    """The documents of the bucket; the same documents have the same digest."""

    rows: Spool
    digest: str
    bytes: int

    def entries(self) -> Iterator[Entry]:
        """The documents as entries of a manifest, sorted by key."""
        return (Entry(key, etag, size, etag) for key, etag, size in self.rows)


def make_first_release(
    destination: Destination,
    stages: Stages,
    *,
    routes: Sequence[KeyRoute],
    confirm: Confirm | None = None,
    on_progress: OnProgress,
) -> Activated | None:
    """Copy the documents that the routes serve to a release, and make it live.

    These are all objects that readers may get now, also those that `publish` would pass over, with
    the headers that they have. None if there is no document. A release that already has copies of
    the same documents is used again.

    Raises:
        Unfinished: a document changed while it was copied; no reader has noticed anything.
        Denied: a call is not allowed.
        ReadModelError: S3 refuses a call.
    """
    store = ReleaseStore(destination)
    on_progress(Step(f"Looking for documents in {destination.bucket}"))
    with closing(Spool()) as rows:
        names = store.names()
        documents = _find(_listed(destination, routes, names), rows)
        if not len(rows):
            return None
        pointer = store.pointer()
        header = _complete(store, names, pointer, documents.digest)
        if header is None:
            header = _started(store, names, documents)
            cost.announce(header.release, 0, len(rows), destination, confirm, on_progress)
            _copy(store, header, documents, on_progress)
        on_progress(Note(f"The documents are release {header.release} too"))
        return Activation(store, stages, on_progress).make_live(header, pointer)


def _find(objects: Iterator[Listed], rows: Spool) -> _Documents:
    found = hashlib.sha256(b"copies")  # no release that was published has this digest
    total = 0
    for each in objects:
        rows.add(each.key, each.etag, each.size)
        found.update(f"\n{each.key} {each.etag} {each.size}".encode())
        total += each.size
    return _Documents(rows, found.hexdigest(), total)


def _listed(destination: Destination, routes: Sequence[KeyRoute], names: Names) -> Iterator[Listed]:
    """The objects that readers may get, without those of releases.

    Raises:
        ReadModelError: a document has a key that releases use.
    """
    patterns = (".*".join(map(re.escape, route.key_pattern.split("*"))) for route in routes)
    served = re.compile("|".join(patterns), re.DOTALL)
    for each in listing(Objects(destination), Selection(routes).prefixes):
        if not served.fullmatch(each.key):
            continue
        if not each.key.startswith(PREFIX):
            yield each
        elif not names.has(each.key):
            what = f"a document below {PREFIX}, where only releases may be"
            hint = "publish it with another key and delete this one, or leave [releases] out"
            raise ReadModelError(what, where=f"{destination.bucket}/{each.key}", hint=hint)


def _complete(
    store: ReleaseStore, names: Names, pointer: Pointer | None, digest: str
) -> Header | None:
    """The live or the newest release, if it has the same documents."""
    candidates = [*([pointer.release] if pointer else []), *names.complete[:1]]
    for release in dict.fromkeys(candidates):
        header = store.header(release)
        if header and header.digest == digest and store.is_usable(release):
            return header
    return None


def _started(store: ReleaseStore, names: Names, documents: _Documents) -> Header:
    """The newest release that was started for the same documents, or a new one."""
    for release in names.started[:1]:
        found = store.started(release)
        again = replace(found, created=utc_now()) if found else None
        if again and again.digest == documents.digest and store.start_again(again):
            return again
    count = len(documents.rows)
    header = Header(new_id(), documents.digest, count, documents.bytes, utc_now())
    store.start(header)
    return header


def _copy(
    store: ReleaseStore,
    header: Header,
    documents: _Documents,
    on_progress: OnProgress,
) -> None:
    """Copy all documents and write the manifest.

    Raises:
        Unfinished: a document was changed or deleted meanwhile.
    """
    on_progress(Step(f"Copying the documents to release {header.release}"))
    copied: dict[str, str] = {}  # ETags that are not those of the source, as with a KMS key
    changed: list[str] = []
    etags: dict[str, str] = {}  # of those in progress
    total, numbers = len(documents.rows), itertools.count(1)
    copier = Copier(store.destination, None, header.release, None)

    def entries() -> Iterator[Entry]:
        for entry in documents.entries():
            etags[entry.key] = entry.etag
            yield entry

    def on_copied(found: Copied) -> None:
        before = etags.pop(found.key)
        if found.etag is None:
            changed.append(found.key)
        elif found.etag != before:
            copied[found.key] = found.etag
        on_progress(Count(store.bucket, next(numbers), "documents", total))

    copier.copy(entries(), on_copied)
    where = f"release {header.release}"
    if copier.denied:
        hint = "allow s3:GetObject and s3:PutObject on the bucket's objects"
        raise Denied("S3 denies a copy; nothing is live", where=where, hint=hint)
    if changed:
        what = f"{changed[0]} was changed while the documents were copied; nothing is live"
        raise Unfinished(what, where=where, hint=f"stop the publishers, and {_AGAIN}")
    manifest = (
        entry._replace(etag=copied.get(entry.key, entry.etag)) for entry in documents.entries()
    )
    store.put_manifest(header, manifest)
