"""Reads of an API while its alarms are watched: without reads they have nothing to measure.

Nothing is written. A path with a parameter is read without a document: API Gateway asks S3, and
returns 404, which is no alarm. The document of a path without
parameters is read.
"""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Protocol

from readmodel_cfn.aws.http import request
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress
from readmodel_cfn.verify.contract import PROBE_NAME, PromisedRoute

_PAUSE = 1.0  # seconds between two reads
_TIMEOUT = 10.0  # seconds
_NO_RESPONSE = "no response"


class Stop(Protocol):
    """A threading.Event, as far as it is used."""

    def wait(self, timeout: float) -> bool:
        """Wait for it; whether it is set."""


@contextmanager
def reading(
    api_url: str,
    routes: Sequence[PromisedRoute],
    ca_bundle: Path | None,
    on_progress: OnProgress,
) -> Iterator[None]:
    """Read the routes in turn, one each second, while the block runs; then report the statuses."""
    value = f"{PROBE_NAME}-{secrets.token_hex(8)}"
    urls = [f"{api_url}/{route.path_of(value)}" for route in routes]
    stop, statuses = threading.Event(), Counter[str]()
    thread = threading.Thread(
        target=lambda: read_until(stop, urls, lambda url: _status(url, ca_bundle), statuses),
        daemon=True,
    )
    on_progress(Note(f"Meanwhile {counted(len(urls), 'route')} of {api_url} are read each second."))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        found = dict(statuses)  # the thread may still wait for a response
        words = ", ".join(f"{found[status]} of {status}" for status in sorted(found))
        on_progress(Note(f"Reads meanwhile: {words or 'none'}"))


def read_until(
    stop: Stop, urls: Sequence[str], send: Callable[[str], str], statuses: Counter[str]
) -> None:
    """Read one URL after another until `stop` is set, and count the statuses."""
    for url in cycle(urls):
        statuses[send(url)] += 1
        if stop.wait(_PAUSE):
            return


def _status(url: str, ca_bundle: Path | None) -> str:
    try:
        return f"status {request(url, timeout=_TIMEOUT, ca_bundle=ca_bundle).status}"
    except ReadModelError:
        return _NO_RESPONSE
