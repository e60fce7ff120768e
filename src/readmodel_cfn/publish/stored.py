"""The documents that a bucket stores: key, size, time, ETag, and the route that serves each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from readmodel_cfn.plural import counted
from readmodel_cfn.printable import one_line
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.publish.compare import widest_of
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.history import check_utf8
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.selection import Selection

FindRoute = Callable[[str], tuple[str, str] | None]
"""A function that returns the route of a key, such as products/{id}, and its path products/42."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the bucket.

    `size` is in bytes as stored, `time` in UTC; the ETag has its quotes. `route` is the path of the
    route that serves the key, such as products/{id}, and `path` that of the request for it; both
    are None if no route serves it.
    """

    kind: ClassVar[str] = "document"
    key: str
    size: int
    time: datetime
    etag: str
    route: str | None
    path: str | None

    def as_dict(self) -> dict[str, Any]:
        """The fields; the time in ISO 8601."""
        return {**asdict(self), "time": self.time.isoformat()}

    def __str__(self) -> str:
        served = f"served by {self.route}" if self.route else "served by no route"
        return one_line(f"{self.key}: {counted(self.size, 'byte')}, ETag {self.etag}, {served}")


def stored_documents(
    destination: Destination,
    find_route: FindRoute,
    selection: Selection,
    prefix: str = "",
    on_progress: OnProgress = ignore,
) -> Iterator[StoredDocument]:
    """The documents whose keys begin with the prefix, sorted by key, page by page.

    Where s3:ListBucket is granted for the keys of routes only, as to the writer, the others are
    left out, and a Note says so.

    Raises:
        ConfigError: the prefix is not UTF-8.
        Denied: s3:ListBucket is not granted.
    """
    check_utf8(prefix)
    on_progress(Step(f"Listing {destination.bucket}"))
    for found in _listed(Objects(destination), selection.prefixes, prefix, on_progress):
        route, path = find_route(found.key) or (None, None)
        time = found.modified.astimezone(UTC)
        yield StoredDocument(found.key, found.size, time, f'"{found.etag}"', route, path)


def _listed(
    objects: Objects, served: Sequence[str], prefix: str, on_progress: OnProgress
) -> Iterator[Listed]:
    """The objects; `exactly`, since a person may delete what is listed."""
    try:
        yield from objects.listed(prefix, exactly=True)
    except Denied as denied:
        within = [each for each in widest_of(served) if each != prefix and each.startswith(prefix)]
        if not within:
            ask = "ask for s3:ListBucket, or choose another profile with --profile"
            denied.hint = f"{ask}; {denied.hint}" if denied.hint else ask
            raise
        on_progress(Note(f"Only the keys of routes are listed: {denied.what}"))
        for each in within:
            yield from objects.listed(each, exactly=True)
