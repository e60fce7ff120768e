"""`make faults`: runs deploy and delete with every fault at every call to AWS.

    python tools/faults.py [--quick] [--scene NAME]

tests/sandbox/test_faults.py tries one fault of each kind; this tries all combinations: each fault
at each call, and the process killed or interrupted at each call. After each trial the exit code and
the last line of the command are compared with the state in CloudFormation, and the same command
must succeed when it is run again. The proxy and the checks are those of the tests
(tests/sandbox/fault_*.py). The exit code is 1 if any trial fails.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sandbox"))

from fault_bench import Trial, interrupted, killed, trial
from fault_judge import Run
from fault_matrix import Cell, cells
from fault_proxy import Proxy
from fault_scenes import SCENES, Scene
from fault_site import Place

from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.local import sandbox
from readmodel_cfn.local.sandbox.home import Home, ensure_installed

WORKERS = 2
QUICK = 11  # --quick runs one trial in 11
PROGRESS = 100  # trials between two lines of progress
HOW = {"faults": trial, "killed": killed, "interrupted": interrupted}
_places: list[Place] = []  # one in each worker process


@contextmanager
def own_sandbox() -> Iterator[tuple[sandbox.Sandbox, Path]]:
    """A new sandbox in a temporary directory; it shares the installation of the default home."""
    shared = Home.at(None)
    with shared.lock():
        ensure_installed(shared, report)
    with tempfile.TemporaryDirectory(prefix="readmodel-faults-") as name:
        folder = Path(name)
        (folder / shared.venv.name).symlink_to(shared.venv)
        try:
            yield sandbox.start(home=folder, on_progress=report), folder
        finally:
            sandbox.stop(home=folder)


def begin(box: sandbox.Sandbox, folder: Path) -> None:
    """Start this worker's proxy in front of the sandbox."""
    key = Credentials(box.access_key_id, box.secret_access_key)
    connection = Connection(box.region, None, box.endpoint_url, key)

    @cache
    def clients(service: str) -> Any:
        return connection.client(service)

    _places.append(Place(box, Proxy(box.port), Path(tempfile.mkdtemp(dir=folder)), clients))


def cells_of(scene: Scene) -> list[Cell]:
    """The cells of a scene; without faults the scene must succeed."""
    clean = trial(_places[0], scene)
    assert not clean.wrong, clean
    return list(cells(scene, clean.calls))


def attempt(cell: Cell) -> Trial:
    """The trial of a cell; an unexpected error counts as a failed trial, and the run continues."""
    try:
        return HOW[cell.how](_places[0], cell.scene, cell.fault)
    except Exception as error:  # noqa: BLE001
        what = f"{cell.how}: {cell.fault}"
        return Trial(cell.scene, what, (), Run(-1, "", ""), (f"not checked: {error!r}",))


def main() -> int:
    """Run all trials; the exit code is 1 if any fails."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"run one trial in {QUICK}")
    names = [scene.name for scene in SCENES]
    parser.add_argument("--scene", action="append", choices=names, help="run only this scene")
    options = parser.parse_args()
    scenes = [scene for scene in SCENES if scene.name in (options.scene or names)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the sandbox is stopped
    injected = wrong = 0
    with own_sandbox() as own, ProcessPoolExecutor(WORKERS, None, begin, own) as pool:
        every = [cell for part in pool.map(cells_of, scenes) for cell in part]
        tried = every[:: QUICK if options.quick else 1]
        for number, done in enumerate(pool.map(attempt, tried), 1):
            injected += bool(done.injected or done.wrong)
            wrong += bool(done.wrong)
            if done.wrong:
                print(f"WRONG {done}", flush=True)
            if number % PROGRESS == 0:
                report(f"{number} of {len(tried)} trials done")
    print(f"{injected - wrong} of {injected} faults handled correctly, in {len(tried)} trials")
    return int(bool(wrong))


def report(progress: object) -> None:
    """Print a line, or the text of a Step or a Note."""
    print(getattr(progress, "text", progress), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
