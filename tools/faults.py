"""`make faults`: runs commands with every fault, and every signal, at every call to AWS.

    python tools/faults.py [--quick] [--only NAME]

tests/robust draws from this matrix; this tries it wholly: each fault at each call of deploy,
delete, publish, release and verify, and the process killed or interrupted at each call. After each
trial the exit code and the output are compared with the state in AWS, and the same command must
succeed when it is run again. The proxy and the checks are those of the tests (tests/fault_*.py).
The exit code is 1 if any trial fails.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fault_bench import Trial, interrupted, killed, trial
from fault_commands import BUCKET, COMMANDS, Command
from fault_judge import Run
from fault_matrix import Cell, cells
from fault_proxy import Proxy
from fault_scenes import SCENES, Scene
from fault_site import Place
from fault_targets import Target, bucket_target, stack_target
from fault_trials import Undisturbed, faulted, signalled, undisturbed
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.local import sandbox
from readmodel_cfn.local.sandbox.home import Home, ensure_installed

WORKERS = 2
QUICK = 11  # --quick runs one trial in 11
PROGRESS = 100  # trials between two lines of progress
HOW = {"faults": trial, "killed": killed, "interrupted": interrupted}
_places: list[Place] = []  # one in each worker process
_open = ExitStack()  # what the worker uses until it ends


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


@cache
def target_of(store: str) -> Target:
    """This worker's target for a kind of store; it ends with the sandbox."""
    place = _places[0]
    made: Any = bucket_target(place.folder) if store == BUCKET else stack_target(place, store)
    target: Target = _open.enter_context(made)
    return target


@cache
def clean_run(command: Command) -> Undisturbed:
    """What the command does without faults."""
    return undisturbed(target_of(command.store), command)


def cells_of(scene: Scene | Command) -> list[Cell]:
    """The cells of a scene or a command; without faults it must succeed."""
    if isinstance(scene, Command):
        return list(cells(scene, clean_run(scene).calls))
    clean = trial(_places[0], scene)
    assert not clean.wrong, clean
    return list(cells(scene, clean.calls))


def attempt(cell: Cell) -> Trial:
    """The trial of a cell; an unexpected error counts as a failed trial, and the run continues."""
    try:
        if isinstance(cell.scene, Scene):
            return HOW[cell.how](_places[0], cell.scene, cell.fault)
        target, clean = target_of(cell.scene.store), clean_run(cell.scene)
        if cell.how == "faults":
            return faulted(target, cell.scene, clean, cell.fault)
        by = signal.SIGKILL if cell.how == "killed" else signal.SIGINT
        return signalled(target, cell.scene, clean, cell.fault, by)
    except Exception as error:  # noqa: BLE001
        what = f"{cell.how}: {cell.fault}"
        return Trial(cell.scene, what, (), Run(-1, "", ""), (f"not checked: {error!r}",))


def main() -> int:
    """Run all trials; the exit code is 1 if any fails."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"run one trial in {QUICK}")
    every: list[Scene | Command] = [*SCENES, *COMMANDS]
    names = [scene.name for scene in every]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help="run this")
    options = parser.parse_args()
    scenes = [scene for scene in every if scene.name in (options.only or names)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the sandbox is stopped
    injected = wrong = 0
    with own_sandbox() as own, ProcessPoolExecutor(WORKERS, None, begin, own) as pool:
        matrix = [cell for part in pool.map(cells_of, scenes) for cell in part]
        tried = matrix[:: QUICK if options.quick else 1]
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
