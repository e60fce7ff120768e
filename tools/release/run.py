"""The run: built, looked into, tried on each Python, the newest all the way, and told."""

import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from release import contents, pythons, typed
from release.build import build
from release.commands import Failed
from release.place import place
from release.tour import first_steps, whole_tour


def main() -> int:
    """Make a release's files and try them; 1 where something is wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    began = time.monotonic()
    try:
        _release()
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    _tell(f"It took {time.monotonic() - began:.0f} s.")
    return 0


def _release() -> None:
    built = build()
    _check(contents.faults(built))
    _tell(f"{built.sdist.name}, {built.wheel.name}: built, with all they need and no more")
    found = {version: pythons.find(version) for version in pythons.VERSIONS}
    newest = max((version for version, there in found.items() if there), default=None)
    if newest is None:
        raise Failed(f"none of these Pythons is on this machine: {', '.join(found)}")
    for version, interpreter in found.items():
        if interpreter is None:
            _tell(f"Python {version}: SKIPPED, it is not on this machine")
        else:
            _try_on(interpreter, built.wheel, whole=version == newest)


def _try_on(interpreter: Path, wheel: Path, *, whole: bool) -> None:
    with place(interpreter, wheel) as made:
        name = made.python("--version").strip()
        first_steps(made)
        _tell(f"{name}: template, lint, audit and the library work")
        if whole:
            whole_tour(made)
            _tell(f"{name}: deployed, published, read back and deleted on the embedded AWS")
            _check(typed.faults(made))
            _tell(f"{name}: mypy and pyright accept a client, and refuse a wrong one")


def _check(faults: Iterable[str]) -> None:
    if found := list(faults):
        raise Failed("\n".join(found))


def _tell(line: str) -> None:
    print(line, flush=True)
