"""`make faults`: every fault at every call between the command line and AWS, and what it says.

    python tools/faults.py [--quick] [--scene NAME]

tests/sandbox/test_faults.py tries one fault of each kind; this tries the whole matrix: each call
that `deploy` and `delete` make meets each fault, and the process is killed and interrupted at each
call. After each trial the command's exit code and last line are compared with what CloudFormation
says, and the same command run again must succeed. The proxy and the judge are the tests' own
(tests/sandbox/fault_*.py). It exits with 1 where any trial is wrong.
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
from readmodel_cfn.cli.output import story
from readmodel_cfn.local import sandbox
from readmodel_cfn.local.sandbox.home import Home, ensure_installed

WORKERS = 2
QUICK = 11  # --quick tries one cell in so many
PROGRESS = 100  # trials
HOW = {"faults": trial, "killed": killed, "interrupted": interrupted}
_places: list[Place] = []  # a worker has one


@contextmanager
def own_sandbox() -> Iterator[tuple[sandbox.Sandbox, Path]]:
    """A sandbox in a folder of its own, beside a running one; it shares the installation."""
    shared = Home.at(None)
    with shared.lock():
        ensure_installed(shared, print)
    with tempfile.TemporaryDirectory(prefix="readmodel-faults-") as name:
        folder = Path(name)
        (folder / shared.venv.name).symlink_to(shared.venv)
        try:
            yield sandbox.start(home=folder), folder
        finally:
            sandbox.stop(home=folder)


def begin(box: sandbox.Sandbox, folder: Path) -> None:
    """Give this worker a proxy in front of the sandbox, and a part of the folder."""
    key = Credentials(box.access_key_id, box.secret_access_key)
    connection = Connection(box.region, None, box.endpoint_url, key)

    @cache
    def clients(service: str) -> Any:
        return connection.client(service)

    _places.append(Place(box, Proxy(box.port), Path(tempfile.mkdtemp(dir=folder)), clients))


def cells_of(scene: Scene) -> list[Cell]:
    """The cells of a scene, which must succeed without any fault."""
    clean = trial(_places[0], scene)
    assert not clean.wrong, clean
    return list(cells(scene, clean.calls))


def attempt(cell: Cell) -> Trial:
    """The trial of a cell; one that cannot be judged is wrong, and does not hide the others."""
    try:
        return HOW[cell.how](_places[0], cell.scene, cell.fault)
    except Exception as error:  # noqa: BLE001
        what = f"{cell.how}: {cell.fault}"
        return Trial(cell.scene, what, (), Run(-1, "", ""), (f"not judged: {error!r}",))


def main() -> int:
    """Work through the matrix; 1 where any trial is wrong."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"one trial in {QUICK}")
    names = [scene.name for scene in SCENES]
    parser.add_argument("--scene", action="append", choices=names, help="only this scene")
    asked = parser.parse_args()
    scenes = [scene for scene in SCENES if scene.name in (asked.scene or names)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the sandbox is stopped
    met = wrong = 0
    with own_sandbox() as own, ProcessPoolExecutor(WORKERS, None, begin, own) as pool:
        every = [cell for part in pool.map(cells_of, scenes) for cell in part]
        tried = every[:: QUICK if asked.quick else 1]
        for number, done in enumerate(pool.map(attempt, tried), 1):
            met += bool(done.injected or done.wrong)
            wrong += bool(done.wrong)
            if done.wrong:
                print(f"WRONG {done}", flush=True)
            if number % PROGRESS == 0:
                story(f"{number} of {len(tried)} trials done")
    print(f"{met - wrong} of {met} faults survived, in {len(tried)} trials")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
