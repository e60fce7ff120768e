"""Reads of an API while its alarms are watched: without reads they have nothing to measure.

Nothing is written. A path with a parameter is read without a document: API Gateway asks S3, and
returns 404, which causes no alarm. The document of a path without parameters is read.
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Protocol

from readmodel_cfn.aws.authorization import Authorize
from readmodel_cfn.aws.http import request
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress
from readmodel_cfn.verify.contract import PROBE_NAME, PromisedRoute

# Four readers, each of which begins a read every four seconds: one read a second. If each takes as
# long as the timeout, there are still 120 in five minutes; template/alarms.py says how many its
# alarms need.
_READERS = 4
_EVERY = 4.0
_TIMEOUT = 10.0
_NO_RESPONSE = "no response"


class Stop(Protocol):
    """A threading.Event, as far as it is used."""

    def wait(self, timeout: float) -> bool:
        """Wait for it; whether it is set."""


@contextmanager
def reading(
    api_url: str,
    routes: Sequence[PromisedRoute],
    authorize: Authorize,
    ca_bundle: Path | None,
    on_progress: OnProgress,
) -> Iterator[None]:
    """Read the routes in turn, one each second, while the block runs; then report the statuses."""
    urls, stop, statuses = urls_of(api_url, routes), threading.Event(), list[str]()

    def read(number: int) -> None:
        start = number % len(urls)
        if not stop.wait(number * _EVERY / _READERS):
            read_until(
                stop,
                urls[start:] + urls[:start],
                lambda url: status_of(url, authorize, ca_bundle),
                statuses,
            )

    what = f"{counted(len(urls), 'route')} of {api_url}"
    on_progress(Note(f"Reading {what} while the alarms are watched, one read each second."))
    for number in range(_READERS):
        threading.Thread(target=read, args=[number], daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        found = Counter(statuses.copy())  # the readers may still wait for a response
        words = ", ".join(f"{found[status]} of {status}" for status in sorted(found))
        on_progress(Note(f"Reads meanwhile: {words or 'none'}"))


def urls_of(api_url: str, routes: Sequence[PromisedRoute]) -> list[str]:
    """The URL of each route, with a value for its parameters that no document has."""
    value = f"{PROBE_NAME}-{secrets.token_hex(8)}"
    return [f"{api_url}/{route.path_of(value)}" for route in routes]


def read_until(
    stop: Stop, urls: Sequence[str], send: Callable[[str], str], statuses: MutableSequence[str]
) -> None:
    """Read one URL after another until `stop` is set, and note the statuses."""
    for url in cycle(urls):
        started = time.monotonic()
        statuses.append(send(url))
        if stop.wait(max(0.0, started + _EVERY - time.monotonic())):
            return


def status_of(url: str, authorize: Authorize, ca_bundle: Path | None) -> str:
    """The status of an authorized read, in words."""
    try:
        headers = authorize("GET", url)
        found = request(url, headers=headers, timeout=_TIMEOUT, ca_bundle=ca_bundle)
        return f"status {found.status}"
    except ReadModelError:
        return _NO_RESPONSE
