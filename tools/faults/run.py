"""The run: the matrix worked through by two processes, and its table."""

import argparse
import json
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fault_bench import Trial, interrupted, killed, trial
from fault_judge import Run
from fault_matrix import Cell, cells
from fault_scenes import SCENES, Scene
from fault_site import Place

from faults.places import own_sandbox, place
from readmodel_cfn.report import story, table
from readmodel_cfn.sandbox import Sandbox

WORKERS = 2
_PROGRESS = 100  # trials
_QUICK = 11  # of so many trials the quick run does one, so that it meets some of each kind
_HOW = {"faults": trial, "killed": killed, "interrupted": interrupted}
_here: list[Place] = []  # a worker's own


@dataclass(frozen=True)
class Done:
    """A cell, and what its trial came to."""

    cell: Cell
    trial: Trial

    @property
    def met(self) -> bool:
        """Did the fault happen? A trial that could not be judged counts as well."""
        return bool(self.trial.injected or self.trial.wrong)


def main(arguments: Sequence[str]) -> int:
    """Work through the matrix and print it; 1 where any verdict was wrong."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the sandbox is stopped
    asked = _options(arguments)
    start = time.monotonic()
    names = asked.scene or [one.name for one in SCENES]
    with own_sandbox() as own:
        found = list(_work(own, names, quick=asked.quick))
    summary = _summary(found, round(time.monotonic() - start))
    if asked.json:
        print(json.dumps(summary, indent=2))
    else:
        _print(found, summary)
    return int(bool(summary["wrong"]))


def _options(arguments: Sequence[str]) -> Any:
    parser = argparse.ArgumentParser(prog="faults.py", description="The fault bench.")
    parser.add_argument("--quick", action="store_true", help=f"one trial in {_QUICK}")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    names = [one.name for one in SCENES]
    parser.add_argument("--scene", action="append", choices=names, help="only this scene")
    return parser.parse_args(arguments)


def _work(own: tuple[Sandbox, Path], names: Sequence[str], *, quick: bool) -> Iterator[Done]:
    scenes = [one for one in SCENES if one.name in names]
    with ProcessPoolExecutor(WORKERS, initializer=_begin, initargs=own) as pool:
        every = [one for part in pool.map(_cells, scenes) for one in part]
        found = every[:: _QUICK if quick else 1]
        for number, done in enumerate(pool.map(_try, found), 1):
            yield done
            if number % _PROGRESS == 0:
                story(f"{number} of {len(found)} trials done")


def _begin(box: Sandbox, folder: Path) -> None:
    _here.append(place(box, folder))


def _cells(scene: Scene) -> list[Cell]:
    """The cells of a scene, which must be all right without any fault."""
    clean = trial(_here[0], scene)
    assert not clean.wrong, clean
    return list(cells(scene, clean.calls))


def _try(cell: Cell) -> Done:
    try:
        return Done(cell, _HOW[cell.how](_here[0], cell.scene, cell.fault))
    except Exception as error:  # noqa: BLE001 - one that cannot be judged must not hide the others
        nothing = Run(-1, "", "")
        what = f"{cell.how}: {cell.fault}"
        return Done(cell, Trial(cell.scene, what, (), nothing, (f"not judged: {error!r}",)))


def _summary(found: Sequence[Done], seconds: int) -> dict[str, Any]:
    met = [one for one in found if one.met]
    return {
        "trials": len(found),
        "faults_met": len(met),
        "calls_harmed": sum(one.trial.injected for one in met),
        "survived": sum(not one.trial.wrong for one in met),
        "seconds": seconds,
        "wrong": [str(one.trial) for one in found if one.trial.wrong],
    }


def _print(found: Sequence[Done], summary: dict[str, Any]) -> None:
    scenes = list(dict.fromkeys(one.cell.scene.name for one in found))
    rows: dict[str, dict[str, list[Done]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        if one.met:
            rows[one.cell.row][one.cell.scene.name].append(one)
    lines = [[name, *(_cell(of[scene]) for scene in scenes)] for name, of in rows.items()]
    table([["SURVIVED OF MET", *map(str.upper, scenes)], *lines])
    for line in summary["wrong"]:
        print(f"WRONG {line}")
    told = "{survived} of {faults_met} faults survived, {calls_harmed} calls harmed, in {seconds} s"
    print(told.format(**summary))


def _cell(found: Sequence[Done]) -> str:
    if not found:
        return "-"
    return f"{sum(not one.trial.wrong for one in found)}/{len(found)}"
