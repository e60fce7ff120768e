"""Reloading: a new API when its description changes; the old one is served until then."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.serve.api import Api
from readmodel_cfn.local.serve.server import App

INTERVAL = 0.1
"""Seconds between two looks at the file; each takes some microseconds."""

Stamp = tuple[int, int, int] | None


class Reloader:
    """Looks at a file, and gives an app a new API when it has changed since the reloader was made.

    `load` makes the API from the file; `tell` gets a line for what happened.
    """

    def __init__(self, file: Path, load: Callable[[], Api], tell: Callable[[str], None]) -> None:
        self._file, self._load, self._tell = file, load, tell
        self._loaded = self._last = stamp(file)

    async def watch(self, app: App) -> None:
        """Look for a change every INTERVAL seconds, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            self.look(app)

    def look(self, app: App) -> None:
        """Load the file if it has changed, and not again since the last look.

        An editor may empty a file before it writes it.
        """
        now = stamp(self._file)
        settled, self._last = now == self._last, now
        if settled and now != self._loaded:
            self._loaded = now
            self._reload(app)

    def _reload(self, app: App) -> None:
        try:
            api = self._load()
        except ReadModelError as error:
            self._tell(f"Not reloaded: {error}")
            return
        before, app.api = app.api, api
        for line in changes(before, api):
            self._tell(f"Reloaded {self._file}: {line}")


def stamp(file: Path) -> Stamp:
    """What changes with a file; None where there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116 - ten times a second, the shortest way
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def changes(before: Api, now: Api) -> list[str]:
    """What was added, changed or removed, a line each."""
    old = {route.path: route for route in before.routes}
    new = {route.path: route for route in now.routes}
    lines = [f"+ {path}" for path in new if path not in old]
    lines += [f"- {path}" for path in old if path not in new]
    lines += [f"~ {path}" for path in new if path in old and new[path] != old[path]]
    if now.stage != before.stage:
        lines.insert(0, f"the stage is {now.stage}, it was {before.stage}")
    lines += [
        f"not evaluated: {finding}" for finding in now.findings if finding not in before.findings
    ]
    return lines or ["the same routes"]
