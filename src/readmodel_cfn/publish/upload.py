"""Upload many documents in parallel, with retries."""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Condition, Event, Lock
from types import TracebackType
from typing import Any, TypeVar

from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.interruptions import deferred_interruptions
from readmodel_cfn.publish.documents import Document, Settings
from readmodel_cfn.publish.integrity import WrongETag
from readmodel_cfn.publish.newer import put_newer
from readmodel_cfn.publish.object_errors import Busy, Denied, Exists, NoResponse
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.rate import Rate
from readmodel_cfn.publish.results import (
    RUN_AGAIN,
    Fault,
    Lost,
    Outcome,
    Sent,
    StaleVersion,
    Unchanged,
    VersionConflict,
)
from readmodel_cfn.publish.versions import metadata
from readmodel_cfn.threads import AFTER_INTERRUPTION, Stalled, map_in_threads

Item = TypeVar("Item")
MAX_REQUESTS = 64
FIRST_LIMIT = 32
_HALVED_FOR = 1.0  # seconds in which errors of earlier requests do not halve the limit again
# Seconds between two attempts for one document; about 40 in all.
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 12.8)
# With several workers the rate spares S3, so the pauses are short; at first also about 40 seconds
# in all. S3 may refuse requests for half an hour, until it has scaled *(assumed)*.
_SHARED_PAUSE, _SHARED_ATTEMPTS, _MOST_ATTEMPTS = 1.6, 30, 1200
_AFTER_ERROR = 30.0  # seconds to wait for requests in progress, as long as one may take


OnOutcome = Callable[[Outcome], None]


@dataclass
class Tally:
    """How many documents were handled, the first fault, and the outcomes to report.

    `not_md5` counts ETags that are not the MD5 of the bytes.
    """

    sent: int = 0
    bytes: int = 0
    lost: int = 0
    faults: int = 0
    not_md5: int = 0
    unchanged: int = 0
    stale: int = 0
    conflicts: int = 0
    first_fault: Fault | None = None
    _to_report: deque[Outcome] = field(default_factory=deque, repr=False)
    _closed: bool = False
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def total(self) -> int:
        """The number of documents."""
        passed = self.unchanged + self.stale + self.conflicts
        return self.sent + self.lost + self.faults + passed

    def add(self, outcome: Outcome, document: Document | Fault) -> None:
        """Count a document; from any thread."""
        with self._lock:
            if self._closed:
                return
            self._to_report.append(outcome)
            if isinstance(outcome, Sent):
                self.sent += 1
                self.bytes += outcome.bytes
                has_md5 = isinstance(document, Document) and outcome.etag == _quoted(document.md5)
                is_listed = not (isinstance(document, Document) and document.version)
                self.not_md5 += is_listed and not has_md5
            self.unchanged += isinstance(outcome, Unchanged)
            self.stale += isinstance(outcome, StaleVersion)
            self.conflicts += isinstance(outcome, VersionConflict)
            self.lost += isinstance(outcome, Lost)
            if isinstance(outcome, Fault):
                self.faults += 1
                self.first_fault = self.first_fault or outcome

    def report(self, on_outcome: OnOutcome) -> None:
        """Pass each new outcome to the callback, once also if the call is interrupted."""
        while self._to_report:
            with deferred_interruptions():
                on_outcome(self._to_report.popleft())

    def close(self) -> None:
        """Count no more documents."""
        with self._lock:
            self._closed = True


class Uploader:
    """One run: `send` uploads the documents, `tally` has the numbers so far.

    `rate` is the rate of one of several runs that share the rate that S3 accepts.
    """

    def __init__(
        self,
        objects: Objects,
        settings: Settings,
        *,
        create_only: bool,
        force: bool = False,
        rate: Rate | None = None,
    ) -> None:
        self._objects, self._headers = objects, settings.attributes
        self._create_only, self._force = create_only, force
        self._pace = Pace(rate=rate)
        self._reports = True
        self.tally = Tally()

    def send(
        self,
        items: Iterable[Item],
        load: Callable[[Item], Document | Fault],
        on_outcome: OnOutcome = lambda _: None,
    ) -> None:
        """Upload what `load` returns for each item; outcomes come in the order of completion.

        Also before an error is raised, `on_outcome` gets the outcome of each document that S3 has
        confirmed. Items with the same key are sent one after the other, so the last one is stored.

        Raises:
            Unfinished: some were sent when S3 refused one, was unreachable, or on an interruption;
                or S3 has not responded for NO_PROGRESS seconds.
            ReadModelError: none was sent.
        """

        def send_item(item: Item) -> None:
            document = load(item)
            if isinstance(document, Fault):
                self.tally.add(document, document)
            else:
                self._send(document)

        watch = self._objects.watch
        finished = map_in_threads(send_item, items, MAX_REQUESTS, key=_key, watch=watch)
        with self._stopping(on_outcome), closing(finished):
            for _ in finished:
                self._report(on_outcome)

    def _report(self, on_outcome: OnOutcome) -> None:
        try:
            self.tally.report(on_outcome)
        except Exception:
            self._reports = False  # such as a closed output
            raise

    def _send(self, document: Document) -> None:
        """Upload a document, with retries, and add its outcome."""
        attempts, may_be_put = 0, False
        newer = document.version and not self._create_only
        put = self._put_newer if newer else self._put
        while True:
            try:
                put(document)
            except Exists:
                self.tally.add(self._existing(document, retried=attempts > 0), document)
                return
            except Busy as error:
                self._pace.slow_down(is_refusal=not isinstance(error, NoResponse))
                may_be_put = may_be_put or error.may_be_put
                if attempts >= self._attempts():
                    raise error.after_retries(document.key, may_be_put=may_be_put) from error
                pause = _PAUSES[min(attempts, len(_PAUSES) - 1)]
                if self._pace.is_shared:
                    pause = min(pause, _SHARED_PAUSE)
                self._pace.pause(pause * random.uniform(0.5, 1.5))  # noqa: S311
                attempts += 1
            else:
                return

    def _attempts(self) -> int:
        """How often a document is sent again.

        With several workers it is more often the more requests S3 refuses, as long as it takes
        others.
        """
        if not self._pace.is_shared:
            return len(_PAUSES)
        more = min(self._pace.refusals, self.tally.sent)
        return min(_SHARED_ATTEMPTS + more, _MOST_ATTEMPTS)

    def _put(self, document: Document) -> None:
        key, body, headers = document.key, document.stored, self._headers
        if document.version:
            headers = headers | metadata(document.version)
        with self._pace:
            try:
                etag = self._objects.put(key, body, headers, self._create_only)
            except WrongETag as error:
                if error.stored:
                    self.tally.add(Sent(key, _quoted(document.md5), len(body)), document)
                raise
            # Before the request counts as finished: see `stop`.
            self.tally.add(Sent(key, _quoted(etag), len(body)), document)

    def _put_newer(self, document: Document) -> None:
        """Put a document with a version.

        After a lost response the next attempt finds the document, so it counts as unchanged.
        """
        assert document.version  # noqa: S101 - the caller has checked it
        with self._pace:
            outcome = put_newer(
                self._objects,
                document.key,
                document.stored,
                self._headers,
                document.version,
                force=self._force,
                pause=self._pace.pause,
            )
            self.tally.add(outcome, document)

    def _existing(self, document: Document, *, retried: bool) -> Outcome:
        """The outcome if the key exists; after a lost response it may be this document."""
        if retried and self._is_stored(document):
            return Sent(document.key, _quoted(document.md5), len(document.stored))
        return Lost(document.key)

    def _is_stored(self, document: Document) -> bool:
        """Whether an equal document is stored; False if reading it is not allowed."""
        try:
            return self._objects.etag(document.key) == document.md5
        except Denied:
            return False

    @contextmanager
    def _stopping(self, on_outcome: OnOutcome) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            so_far = self._so_far(on_outcome, AFTER_INTERRUPTION)
            raise Unfinished(f"interrupted: {so_far}", hint=RUN_AGAIN) from None
        except Stalled:
            error = self._objects.stalled()
            what = f"{self._so_far(on_outcome, 0)}, then {error.what}"
            raise Unfinished(what, where=error.where, hint=RUN_AGAIN) from None
        except (ReadModelError, Stopped) as error:
            so_far = self._so_far(on_outcome, _AFTER_ERROR)
            if not self.tally.sent:
                raise
            raise Unfinished(f"{so_far}, then {then(error)}", hint=RUN_AGAIN) from error
        finally:
            self._pace.stop(0)

    def _so_far(self, on_outcome: OnOutcome, timeout: float) -> str:
        """Stop, report and count: S3 may still store what is in progress."""
        in_progress = self._pace.stop(timeout)
        self.tally.close()
        if self._reports:
            self._report(on_outcome)
        counts = [f"{self.tally.sent:,} sent"]
        counts += [f"{in_progress:,} in progress"] * bool(in_progress)
        return ", ".join(counts)


def _key(item: Any) -> str:
    key: str = item.source if isinstance(item, Fault) else item.key
    return key


def then(error: Exception) -> str:
    """An error as a part of another one, whose hint is to run it again."""
    if isinstance(error, Unfinished) and (error.hint or "").startswith("run it again"):
        return str(Unfinished(error.what, where=error.where))
    return str(error)


def _quoted(etag: str) -> str:
    return f'"{etag}"'


class Stopped(Exception):
    """No more requests are to be sent."""


class Pace:
    """Limits the requests in progress: `with pace:` around each. Errors halve the limit.

    Each success increases it a little. S3 responds with 503 SlowDown while it scales, which
    requires fewer requests
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html).
    With a `rate`, which several workers have, errors halve the rate instead.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, rate: Rate | None = None) -> None:
        self.limit, self.refusals, self._rate = float(FIRST_LIMIT), 0, rate
        self._now, self._halved = now, -_HALVED_FOR
        self._in_progress, self._stopped = 0, Event()
        self._changed = Condition()

    def __enter__(self) -> None:
        with self._changed:
            while self._in_progress >= int(self.limit) and not self._stopped.is_set():
                self._changed.wait()
            if self._stopped.is_set():
                raise Stopped
            self._in_progress += 1
            seconds = self._rate.reserve() if self._rate else 0.0
        if seconds and self._stopped.wait(seconds):
            stopped = Stopped()
            self.__exit__(Stopped, stopped, None)
            raise stopped

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._in_progress -= 1
            if error is None:
                self.limit = min(MAX_REQUESTS, self.limit + 1 / self.limit)
                if self._rate:
                    self._rate.succeeded()
            self._changed.notify()

    @property
    def is_shared(self) -> bool:
        """Whether several workers share the rate that S3 accepts."""
        return self._rate is not None

    def slow_down(self, *, is_refusal: bool = True) -> None:
        """Halve the limit, or the rate; a lost response is not a refusal."""
        with self._changed:
            self.refusals += is_refusal
            if self._rate:
                self._rate.slow_down()
            elif self._now() - self._halved >= _HALVED_FOR:
                self.limit, self._halved = max(1.0, self.limit / 2), self._now()

    def pause(self, seconds: float) -> None:
        """Wait, or until `stop` is called."""
        self._stopped.wait(seconds)

    def stop(self, timeout: float) -> int:
        """Start no more requests, and wait for those in progress; return how many are left."""
        with self._changed:
            self._stopped.set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._in_progress, timeout)
            return self._in_progress
