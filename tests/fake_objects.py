"""A bucket in memory that replaces publish.objects.Objects."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from threading import Lock

from readmodel_cfn.errors import Unfinished
from readmodel_cfn.publish.destination import no_response
from readmodel_cfn.publish.object_errors import Denied, Exists
from readmodel_cfn.publish.objects import Deleted, Listed
from readmodel_cfn.threads import Watch

THEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Kept:
    """An object."""

    body: bytes
    headers: Mapping[str, str]
    modified: datetime


@dataclass
class FakeObjects:
    """Puts are one second apart. `before_put` may raise the errors of S3."""

    denied: frozenset[str] = frozenset()
    encrypted: bool = False
    before_put: Callable[[str], None] = lambda _: None
    kept: dict[str, Kept] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    watch: Watch = field(default_factory=lambda: Watch(120))
    _lock: Lock = field(default_factory=Lock)

    def prepare(self) -> None:
        pass

    def put(self, key: str, body: bytes, headers: Mapping[str, str], create: bool) -> str:
        self.before_put(key)
        with self._lock:
            self._ask("put", key)
            if create and key in self.kept:
                raise Exists("another writer was first")
            modified = THEN + timedelta(seconds=len(self.asked))
            self.kept[key] = Kept(body, dict(headers), modified)
        return self._etag(body)

    def listed(
        self,
        prefix: str = "",
        after: str | None = None,
        *,
        exactly: bool = False,  # noqa: ARG002 - it always is
    ) -> Iterator[Listed]:
        self._ask("list", prefix)
        for key, kept in sorted(self.kept.items()):
            if key.startswith(prefix) and key > (after or ""):
                yield Listed(key, self._etag(kept.body), kept.modified, len(kept.body))

    def headers(self, key: str) -> Mapping[str, str] | None:
        self._ask("head", key)
        return self.kept[key].headers if key in self.kept else None

    def etag(self, key: str) -> str | None:
        self._ask("head", key)
        return self._etag(self.kept[key].body) if key in self.kept else None

    def delete(self, listed: Sequence[tuple[str, str]]) -> Deleted:
        self._ask("delete", ",".join(key for key, _ in listed))
        kept = [key for key, etag in listed if key in self.kept and self.etag_of(key) != etag]
        deleted = [key for key, _ in listed if key not in kept]
        for key in deleted:
            self.kept.pop(key, None)
        return Deleted(deleted, kept)

    def etag_of(self, key: str) -> str:
        return self._etag(self.kept[key].body)

    def stalled(self) -> Unfinished:
        return no_response("mine")

    def keys_of(self, call: str) -> list[str]:
        """The arguments of all calls of this kind, sorted."""
        return sorted(
            asked.partition(" ")[2] for asked in self.asked if asked.startswith(f"{call} ")
        )

    def _ask(self, call: str, what: str) -> None:
        self.asked.append(f"{call} {what}")
        if call in self.denied or f"{call} {what}" in self.denied:
            raise Denied("AccessDenied", where=f"AWS {call}")

    def _etag(self, body: bytes) -> str:
        content = b"encrypted" + body if self.encrypted else body
        return md5(content, usedforsecurity=False).hexdigest()
