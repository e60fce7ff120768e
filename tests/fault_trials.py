"""Trials of the commands that read and write documents: with faults, and then again without."""

import signal
import subprocess
from dataclasses import dataclass

from fault_bench import Trial
from fault_commands import Command
from fault_judge import Run
from fault_kinds import Fault
from fault_proxy import Call
from fault_store import State
from fault_targets import Target
from fault_truth import Case, differing_keys, judge
from stacks import until

_TIMEOUT = 120
_BY_HAND = 6  # the exit code of what a person must remove before the command works again


@dataclass(frozen=True)
class Undisturbed:
    """A run without faults: its calls, and the state after it."""

    calls: tuple[Call, ...]
    goal: State
    seconds: float = 0.0


def undisturbed(target: Target, command: Command) -> Undisturbed:
    """Run the command without faults; it must end as it should."""
    before = target.states[command.before]
    target.restore(before)
    run = target.run(command)
    calls, goal = tuple(target.proxy.calls), target.state()
    wrong = judge(Case(command, before, goal, run, goal, calls, (command.ends,)))
    assert not wrong, (command.name, run, wrong)
    assert command.changes == (goal.contents != before.contents), (command.name, run)
    return Undisturbed(calls, goal)


def faulted(target: Target, command: Command, clean: Undisturbed, *faults: Fault) -> Trial:
    """Run the command with faults, and again without."""
    before = target.states[command.before]
    target.restore(before)
    run = target.run(command, *faults)
    calls, after = tuple(target.proxy.calls), target.state()
    ends = (command.ends,) if all(fault.unnoticed for fault in faults) else (0, 1, 9, *command.may)
    wrong = judge(Case(command, before, clean.goal, run, after, calls, ends))
    what = " and ".join(map(str, faults))
    return Trial(command, what, calls, run, (*wrong, *_again(target, command, clean, run)))


def signalled(
    target: Target, command: Command, clean: Undisturbed, held: Fault, by: signal.Signals
) -> Trial:
    """Send a signal to the command while a call is held, and run it again.

    If the command ends before such a call, nothing is injected.
    """
    before = target.states[command.before]
    target.restore(before)
    with (
        target.started(command, held) as process,
        target.proxy.holding(lambda: process.poll() is None),
    ):
        process.send_signal(by)
        if by == signal.SIGKILL:
            process.wait()
        else:  # it waits for what is in progress, which is held
            target.proxy.release()
        stdout, stderr = process.communicate(timeout=_TIMEOUT)
    return _stopped(target, command, clean, Run(process.returncode, stdout, stderr), by, str(held))


def signalled_after(
    target: Target, command: Command, clean: Undisturbed, seconds: float, by: signal.Signals
) -> Trial:
    """Send a signal so long after the first call, unless it has ended, and run it again."""
    target.restore(target.states[command.before])
    with target.started(command) as process:
        until(lambda: target.proxy.calls or process.poll() is not None)
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(by)
            stdout, stderr = process.communicate(timeout=_TIMEOUT)
    run = Run(process.returncode, stdout, stderr)
    return _stopped(target, command, clean, run, by, f"after {seconds:.2f} s")


def _stopped(
    target: Target, command: Command, clean: Undisturbed, run: Run, by: signal.Signals, when: str
) -> Trial:
    before, after = target.states[command.before], target.state()
    calls = tuple(target.proxy.calls)
    wrong: list[str] = []
    if run.exit_code != -signal.SIGKILL:
        ends = (0, 1, 9, *command.may)
        case = Case(command, before, clean.goal, run, after, calls, ends, stopped=True)
        wrong = judge(case)
        wrong += [f"a temporary file is left: {name}" for name in target.left()]
    what = f"{by.name}: {when}"
    return Trial(command, what, calls, run, (*wrong, *_again(target, command, clean, run)))


def _again(target: Target, command: Command, clean: Undisturbed, disturbed: Run) -> list[str]:
    """Run the command again without faults: then the state is that of an undisturbed run."""
    before = target.state()
    run = target.run(command, again=True)
    after = target.state()
    ends = command.again_ends if before.contents != target.states[command.before].contents else (0,)
    if disturbed.exit_code == _BY_HAND:
        ends = (*ends, 1)
    wrong = []
    if run.exit_code not in ends:
        wrong.append(f"exit {run.exit_code}")
    differing = differing_keys(after, clean.goal)
    if not command.changes:  # what could not be removed is named
        differing = {key for key in differing if f"{key}: " not in disturbed.stderr}
    if differing:
        wrong.append(f"these differ from an undisturbed run: {', '.join(sorted(differing)[:3])}")
    return [f"run again: {each}: {run.last_line}" for each in wrong]
