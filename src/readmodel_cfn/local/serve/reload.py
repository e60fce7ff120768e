"""Loads an API again when its file changes; until then the old API is served."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.serve.api import Api
from readmodel_cfn.local.serve.app import App

INTERVAL = 0.1
"""Seconds between two checks of the file; a check takes some microseconds."""

Stamp = tuple[int, int, int] | None


class Reloader:
    """Replaces the API of an app when a file changes.

    `load` returns the API of the file; `note` gets a line for each change.
    """

    def __init__(self, file: Path, load: Callable[[], Api], note: Callable[[str], None]) -> None:
        self._file, self._load, self._note = file, load, note
        self._loaded = self._last = stamp(file)

    async def watch(self, app: App) -> None:
        """Check the file every INTERVAL seconds, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            self.check(app)

    def check(self, app: App) -> None:
        """Load the file if it has changed, and was the same at the last check.

        A file that is still changing is not loaded: an editor may empty it before writing.
        """
        now = stamp(self._file)
        unchanged, self._last = now == self._last, now
        if unchanged and now != self._loaded:
            self._loaded = now
            self._reload(app)

    def _reload(self, app: App) -> None:
        try:
            api = self._load()
        except ReadModelError as error:
            self._note(f"Not reloaded: {error}")
            return
        before, app.api = app.api, api
        for line in changes(before, api):
            self._note(f"Reloaded {self._file}: {line}")


def stamp(file: Path) -> Stamp:
    """A value that changes when the file changes; None if the file does not exist."""
    try:
        found = os.stat(file)  # noqa: PTH116 - runs ten times a second; faster than Path.stat
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def changes(before: Api, now: Api) -> list[str]:
    """The routes that were added, removed or changed, and other differences, a line each."""
    old = {route.path: route for route in before.routes}
    new = {route.path: route for route in now.routes}
    lines = [f"+ {path}" for path in new if path not in old]
    lines += [f"- {path}" for path in old if path not in new]
    lines += [f"~ {path}" for path in new if path in old and new[path] != old[path]]
    if now.stage != before.stage:
        lines.insert(0, f"the stage is {now.stage} instead of {before.stage}")
    lines += [
        f"not supported: {finding}" for finding in now.findings if finding not in before.findings
    ]
    return lines or ["the same routes"]
