"""Sending: many documents at once, each whole or not at all, with patience for S3."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.publish.documents import Document
from readmodel_cfn.publish.faults import Fault
from readmodel_cfn.publish.flow import flow
from readmodel_cfn.publish.object_errors import Busy, Denied, Exists
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.pace import MOST, Pace, Stopped

if TYPE_CHECKING:
    from readmodel_cfn.publish.publish import Settings

Piece = TypeVar("Piece")
# Seconds between two tries of one document; about 40 in all.
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 12.8)
_PATIENCE = 2.0  # seconds to wait for what is under way when it ends too early
RUN_AGAIN = "run it again: only what is missing is sent"


@dataclass(frozen=True, slots=True)
class Sent:
    """A document that was sent; the ETag is without its quotes, the bytes are those kept."""

    key: str
    etag: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A document that another writer had created before."""

    key: str


Outcome = Sent | Lost | Fault


@dataclass
class Tally:
    """How far sending came. `unlike` counts the ETags that are not the MD5 of what was sent."""

    sent: int = 0
    bytes: int = 0
    lost: int = 0
    faults: int = 0
    unlike: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, outcome: Outcome, document: Document | Fault) -> None:
        """Count a document; from any thread."""
        with self._lock:
            if isinstance(outcome, Sent):
                self.sent += 1
                self.bytes += outcome.bytes
                self.unlike += isinstance(document, Document) and outcome.etag != document.md5
            self.lost += isinstance(outcome, Lost)
            self.faults += isinstance(outcome, Fault)


class Sending:
    """One run: `send` sends, `tally` tells how far it came, at any time."""

    def __init__(self, objects: Objects, settings: "Settings", *, create_only: bool) -> None:
        self._objects, self._headers = objects, settings.attributes
        self._create_only, self._pace = create_only, Pace()
        self.tally = Tally()

    def send(
        self,
        pieces: Iterable[Piece],
        load: Callable[[Piece], Document | Fault],
        tell: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        """Send what is loaded from each piece; outcomes are told in the order in which they come.

        Raises:
            Unfinished: some were sent when S3 refused one, went out of reach, or was interrupted.
            ReadModelError: none was.
        """

        def work(piece: Piece) -> Outcome:
            return self._sent(load(piece))

        with self._ended_well(), closing(flow(work, pieces, MOST)) as outcomes:
            for outcome in outcomes:
                tell(outcome)

    def _sent(self, document: Document | Fault) -> Outcome:
        if isinstance(document, Fault):
            self.tally.add(document, document)
            return document
        return self._persist(document)

    def _persist(self, document: Document) -> Outcome:
        """Put it, and again where that is what helps."""
        tries = 0
        while True:
            try:
                return self._put(document)
            except Exists:
                outcome = self._seen(document, again=tries > 0)
                self.tally.add(outcome, document)
                return outcome
            except Busy:
                self._pace.slow_down()
                if tries == len(_PAUSES):
                    raise
                self._pace.pause(_PAUSES[tries] * random.uniform(0.5, 1.5))  # noqa: S311
                tries += 1

    def _put(self, document: Document) -> Sent:
        key, body = document.key, document.stored
        with self._pace:
            sent = Sent(
                key, self._objects.put(key, body, self._headers, self._create_only), len(body)
            )
            self.tally.add(sent, document)  # while it is under way: what is not, is counted
        return sent

    def _seen(self, document: Document, *, again: bool) -> Outcome:
        """What is there already is ours where an answer was lost and it is the same."""
        if again and self._is_there(document):
            return Sent(document.key, document.md5, len(document.stored))
        return Lost(document.key)

    def _is_there(self, document: Document) -> bool:
        """Is the same there? Not that one would know, where nobody may look."""
        try:
            return self._objects.etag(document.key) == document.md5
        except Denied:
            return False

    @contextmanager
    def _ended_well(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            waiting = self._pace.stop(_PATIENCE)
            in_progress = f", {waiting:,} in progress" if waiting else ""
            what = f"interrupted: {self._so_far()}{in_progress}"
            raise Unfinished(what, hint=RUN_AGAIN) from None
        except (ReadModelError, Stopped) as error:
            self._pace.stop(_PATIENCE)
            if not self.tally.sent:
                raise
            raise Unfinished(f"{self._so_far()}, then {error}", hint=RUN_AGAIN) from error
        finally:
            self._pace.stop(0)

    def _so_far(self) -> str:
        return f"{self.tally.sent:,} sent"
