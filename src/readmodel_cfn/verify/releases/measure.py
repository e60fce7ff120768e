"""Activates releases one after the other while readers read both documents of each."""

import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

from readmodel_cfn.aws.authorization import Authorize, anonymous
from readmodel_cfn.aws.http import connect, request_head
from readmodel_cfn.template.releases import HEADER
from readmodel_cfn.verify.race.body import version_of
from readmodel_cfn.verify.race.reader import decoded
from readmodel_cfn.verify.releases.judge import Read, Switch

_PAUSE = 0.02  # seconds between two pages of a reader
_AFTER_ERROR = 0.2
_SEEN_WITHIN = 10.0  # seconds in which every reader should see a release

Numbered = Callable[[str], int | None]
"""The number of a release by its ID; None for any other release."""


@dataclass(frozen=True)
class Measured:
    """All activations and reads; `unseen` are the releases that a reader did not see in time."""

    switches: Sequence[Switch]
    reads: Sequence[Read]
    unseen: tuple[int, ...]


def measure(
    urls: tuple[str, str],
    store: Callable[[int], None],
    activate: Callable[[int], None],
    number_of: Numbered,
    count: int,
    readers: int,
    *,
    ca_bundle: Path | None = None,
    seen_within: float = _SEEN_WITHIN,
    authorize: Authorize = anonymous,
) -> Measured:
    """Store and activate releases 1 to `count`, each once all readers have seen the one before.

    Readers start when the first is active. Errors of `store` and `activate` are raised.
    """
    store(1)
    switches = [_switched(activate, 1)]
    threads = [_Reader(number, urls, number_of, ca_bundle, authorize) for number in range(readers)]
    for thread in threads:
        thread.start()
    unseen: list[int] = []
    try:
        for number in range(1, count + 1):
            if number > 1:
                store(number)
                switches.append(_switched(activate, number))
            if not all(thread.wait_for(number, seen_within) for thread in threads):
                unseen.append(number)
    finally:
        for thread in threads:
            thread.end()
    return Measured(switches, [read for thread in threads for read in thread.reads], tuple(unseen))


def _switched(activate: Callable[[int], None], number: int) -> Switch:
    started = time.perf_counter_ns()
    activate(number)
    return Switch(number, started, time.perf_counter_ns())


class _Reader(Thread):
    """Reads pages over one connection, and opens another if the server closes it."""

    def __init__(
        self,
        number: int,
        urls: tuple[str, str],
        number_of: Numbered,
        ca_bundle: Path | None,
        authorize: Authorize,
    ) -> None:
        super().__init__(daemon=True)
        self._heads = [(url, *request_head(url)) for url in urls]
        self._authorize = authorize
        self._connection = connect(urls[0], ca_bundle=ca_bundle)
        self._number, self._connections, self._number_of = number, 0, number_of
        self._end, self._changed, self._newest = Event(), Event(), 0
        self._lock = Lock()
        self.reads: list[Read] = []

    def run(self) -> None:
        page = 0
        while not self._end.is_set():
            page += 1
            for url, target, headers in self._heads:
                read = self._read(page, target, {**headers, **self._authorize("GET", url)})
                self.reads.append(read)
                self._see(read)
                if not read.status:
                    self._end.wait(_AFTER_ERROR)
            self._end.wait(_PAUSE)

    def _see(self, read: Read) -> None:
        if read.number and read.number > self._newest:
            with self._lock:
                self._newest = read.number
                self._changed.set()

    def wait_for(self, number: int, timeout: float) -> bool:
        """Wait until this release was read; False if it is not within the timeout."""
        until = time.monotonic() + timeout
        while self._newest < number:
            with self._lock:
                self._changed.clear()
            if self._newest >= number:
                break
            if not self._changed.wait(max(0.0, until - time.monotonic())):
                return False
        return True

    def end(self) -> None:
        """Stop reading."""
        self._end.set()
        self.join()
        self._connection.close()

    def _read(self, page: int, target: str, headers: dict[str, str]) -> Read:
        fresh = self._connection.sock is None
        self._connections += fresh
        place = (self._number, self._connections)
        started = time.perf_counter_ns()
        try:
            self._connection.request("GET", target, headers=headers)
            reply = self._connection.getresponse()
            body = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            if not fresh and isinstance(error, ConnectionError | http.client.BadStatusLine):
                return self._read(page, target, headers)  # closed while it was idle
            note = f"no response: {error or type(error).__name__}"
            return Read(place, page, started, time.perf_counter_ns(), 0, note=note)
        ended = time.perf_counter_ns()
        header = self._number_of(reply.headers.get(HEADER) or "")
        if reply.status != http.client.OK:
            return Read(place, page, started, ended, reply.status)
        version = version_of(decoded(body, reply.headers.get("Content-Encoding")))
        return Read(place, page, started, ended, reply.status, version, header)
