"""Trials: a scene is run with faults, judged, run again without faults, and judged again."""

import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fault_commands import Command
from fault_judge import Case, Goal, Run, Truth, judge
from fault_kinds import Fault
from fault_proxy import Call
from fault_scenes import FOLLOW, Scene
from fault_site import Place, Site, invoke, site

_READS = ("Describe", "List", "Get", "CreateChangeSet", "DeleteChangeSet", "s3 GET", "s3 HEAD")
_ANY_END = (0, 1, 4, 5, 6, 9)


@dataclass(frozen=True)
class Trial:
    """The result of a command with faults; it survived if nothing is `wrong`."""

    scene: Scene | Command
    what: str
    calls: tuple[Call, ...]
    run: Run
    wrong: tuple[str, ...]

    @property
    def injected(self) -> int:
        """The number of calls with a fault."""
        return sum(bool(call.fault) for call in self.calls)

    def __str__(self) -> str:
        found = "; ".join(self.wrong) or "survived"
        exit_ = f"exit {self.run.exit_code}: {self.run.last_line}"
        return f"{self.scene.name} | {self.what} | {exit_} | {found}"


def trial(place: Place, scene: Scene, *faults: Fault) -> Trial:
    """Run a scene with faults and again without; what is wrong with either verdict."""
    with site(place, scene) as made:
        before = made.witness.truth()
        run = made.run(*faults)
        return _judged(made, before, run, faults, "faults")


def interrupted(
    place: Place, scene: Scene, held: Fault, by: signal.Signals = signal.SIGINT
) -> Trial:
    """Press Ctrl-C, or send another signal, while a call is held, and run the command again.

    If the command ends before such a call, nothing is injected: it may need fewer polls.
    """
    with site(place, scene) as made:
        before = made.witness.truth()
        with made.started(held) as process, place.proxy.holding(lambda: process.poll() is None):
            process.send_signal(by)
            stdout, stderr = process.communicate(timeout=120)
        run = Run(process.returncode, stdout, stderr)
        return _judged(made, before, run, (held,), "interrupted")


def killed(place: Place, scene: Scene, held: Fault, *then: Fault) -> Trial:
    """Kill the command while a call is held, and run it again, with faults `then`."""
    with site(place, scene) as made:
        with made.started(held) as process, place.proxy.holding(lambda: process.poll() is None):
            process.kill()
            process.communicate()
        calls = tuple(place.proxy.calls)
        wrong = run_again(made, *then)
        return Trial(scene, f"killed: {held}", calls, Run(process.returncode, "", ""), (*wrong,))


def run_again(made: Site, *faults: Fault) -> list[str]:
    """Run the command again: it must succeed, whatever it finds."""
    before = made.witness.truth()
    run = made.run(*faults)
    goal = _goal(made.scene, ends=_again(made.scene, before), whole=False)
    case = Case(goal, before, run, made.witness.truth(recovered=False))
    return [f"run again: {wrong}: {run.last_line}" for wrong in judge(case)]


def _judged(made: Site, before: Truth, run: Run, faults: Sequence[Fault], what: str) -> Trial:
    calls = tuple(made.place.proxy.calls)
    after = made.witness.truth(recovered=run.exit_code in (1, 9))
    wrong = judge(Case(_goal_of(made.scene, faults, calls), before, run, after))
    label = f"{what}: {' and '.join(map(str, faults)) or 'none'}"
    return Trial(made.scene, label, calls, run, (*wrong, *run_again(made)))


def _goal_of(scene: Scene, faults: Sequence[Fault], calls: Sequence[Call]) -> Goal:
    """The goal of the command, and the results that the faults permit."""
    unnoticed = all(fault.unnoticed for fault in faults)
    seems_busy = any(fault.kind == "still in progress" for fault in faults)
    beginning = any(not call.action.startswith(_READS) for call in calls)
    return _goal(
        scene,
        ends=(scene.ends,) if unnoticed else _ANY_END,
        asked=beginning or seems_busy or scene == FOLLOW,
        whole=beginning and not seems_busy,
        may_leave=any(call.fault for call in calls if call.action == "DeleteChangeSet"),
    )


def _goal(scene: Scene, **more: Any) -> Goal:
    template = None if scene.deletes else template_of(scene.expected)
    protected = "termination_protection = true" in scene.expected
    return Goal(template, protected, scene.purges, prints=scene.command[0] == "deploy", **more)


def _again(scene: Scene, before: Truth) -> tuple[int, ...]:
    """Deleting a deleted stack may be an error."""
    return (0, 1) if scene.deletes and not before.status else scene.again


@cache
def template_of(text: str) -> Any:
    """The template that a readmodel.toml describes."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "readmodel.toml"
        file.write_text(text)
        return json.loads(invoke(["template", "--config", str(file)], {}).stdout)
