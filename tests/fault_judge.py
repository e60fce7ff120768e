"""Judges whether the output of a command is true, by what CloudFormation itself returns."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# An event as `report` prints it: time, status and logical ID.
_EVENT_LINE = re.compile(r"^\d\d:\d\d:\d\d +([A-Z_]+) +(\S+)", re.MULTILINE)
_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_ROLLED_BACK = {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


@dataclass(frozen=True)
class Truth:
    """The state that AWS returns without faults; all empty if there is no such stack.

    `api` is the API's ID, `events` are id to (status, logical id); `kept` is whether the document
    and its bucket exist.
    """

    stack_id: str = ""
    status: str = ""
    template: Any = None
    protected: bool = False
    api: str = ""
    change_sets: tuple[str, ...] = ()
    events: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    kept: bool = False


@dataclass(frozen=True)
class Run:
    """The output of a command; `crash` is a traceback, or that it took too long."""

    exit_code: int
    stdout: str
    stderr: str
    crash: str = ""

    @property
    def last_line(self) -> str:
        """The last line on the screen."""
        return (self.stderr.strip().splitlines() or [""])[-1]

    @property
    def printed(self) -> Counter[tuple[str, str]]:
        """The printed events, as (status, logical ID)."""
        return Counter((found[1], found[2]) for found in _EVENT_LINE.finditer(self.stderr))


@dataclass(frozen=True)
class Goal:
    """The goal of the command, and how it may end.

    `template` and `protected` are the desired stack's, None if it is deleted, whose documents
    are deleted too if it `purges`. `ends` are the exit codes that may be right, `prints` whether a
    success prints the URLs of the API, `asked` whether something was started that can be
    unfinished, `whole` whether the run itself began what it followed, so that it must print every
    event, and `may_leave` whether a change set could not be removed.
    """

    template: Any = None
    protected: bool = False
    purges: bool = False
    ends: tuple[int, ...] = (0, 1, 4, 5, 6, 9)
    prints: bool = True
    asked: bool = True
    whole: bool = True
    may_leave: bool = False

    @property
    def deletes(self) -> bool:
        """Whether the command deletes the stack."""
        return self.template is None


@dataclass(frozen=True)
class Case:
    """One run, with the truth before and after."""

    goal: Goal
    before: Truth
    run: Run
    after: Truth

    @property
    def new(self) -> Counter[tuple[str, str]]:
        """The events of the time of the run."""
        found = self.after.events.items()
        return Counter(event for id_, event in found if id_ not in self.before.events)

    @property
    def followed(self) -> Counter[tuple[str, str]]:
        """The events that the run may print, with earlier ones of an operation in progress."""
        return self.new if self.goal.whole else Counter(self.after.events.values())


def judge(case: Case) -> list[str]:
    """What is wrong with the run; empty if everything is right."""
    return [*run_faults(case.run), *(wrong for rule in _RULES for wrong in rule(case))]


def run_faults(run: Run) -> Iterator[str]:
    """What is wrong with the output of any command.

    An error is one line, the last one, and says what to do after a semicolon.
    """
    if run.crash or "Traceback" in run.stderr or "this is a bug" in run.stderr:
        yield f"it crashed: {run.crash.strip() or run.last_line}"
    errors = [line for line in run.stderr.splitlines() if line.startswith("Error:")]
    if len(errors) != (run.exit_code not in (0, 5)):
        yield f"exit {run.exit_code} with {len(errors)} lines of error"
    if errors and errors[-1] != run.last_line:
        yield "the error is not the last line"
    if errors and not errors[-1].partition("; ")[2]:
        yield "the error does not say what to do"


def _end(case: Case) -> Iterator[str]:
    if case.run.exit_code not in case.goal.ends:
        right = " or ".join(map(str, case.goal.ends))
        yield f"exit {case.run.exit_code}, right is {right}"


def _verdict(case: Case) -> Iterator[str]:
    rule = _VERDICTS.get(case.run.exit_code)
    for wrong in rule(case) if rule else [f"exit {case.run.exit_code} has no meaning here"]:
        yield f"{wrong} (status {case.after.status or 'none'})"


def _done(case: Case) -> Iterator[str]:
    goal, after = case.goal, case.after
    if goal.deletes:
        if after.status or (goal.purges and after.kept):
            yield "exit 0, but it is not deleted"
        return
    # If there was nothing to do, an earlier operation may have been rolled back.
    if after.status not in _DONE | ({"UPDATE_ROLLBACK_COMPLETE"} & {case.before.status}):
        yield "exit 0, but the stack is not done"
    if (after.template, after.protected) != (goal.template, goal.protected):
        yield "exit 0, but the stack is not the desired stack"
    if goal.prints and after.api not in case.run.stdout:
        yield f"exit 0 without the URL of the API {after.api}"


def _untouched(case: Case) -> Iterator[str]:
    parts = ("stack_id", "status", "template", "protected", "events", "kept")
    changed = [part for part in parts if getattr(case.before, part) != getattr(case.after, part)]
    if changed:
        yield f"exit {case.run.exit_code}, but there was a change: {', '.join(changed)}"


def _differs(case: Case) -> Iterator[str]:
    yield from _untouched(case)
    if (case.after.template, case.after.protected) == (case.goal.template, case.goal.protected):
        yield "exit 5, but nothing differs"


def _rolled_back(case: Case) -> Iterator[str]:
    failed = any(status.endswith("_FAILED") for status, _ in case.followed)
    if case.after.status not in _ROLLED_BACK or not failed:
        yield "exit 4, but nothing was rolled back"


def _stuck(case: Case) -> Iterator[str]:
    left = case.goal.purges and not case.after.status and case.after.kept
    if not case.after.status.endswith("_FAILED") and not left:
        yield "exit 6, but nothing is stuck"


def _unfinished(case: Case) -> Iterator[str]:
    if not case.goal.asked and not case.before.status.endswith("_IN_PROGRESS"):
        yield "exit 9, but nothing was started"
    if not re.search("readmodel-cfn|again|repeat|retry", case.run.last_line):
        yield "exit 9 without a command to continue"


_VERDICTS = {0: _done, 1: _untouched, 4: _rolled_back, 5: _differs, 6: _stuck, 9: _unfinished}


def _no_change(case: Case) -> Iterator[str]:
    lines = case.run.stderr.lower().splitlines()
    if case.new and any(line.startswith("no change") for line in lines):
        yield "it says no change, but there was one"


def _kept(case: Case) -> Iterator[str]:
    """Nothing is deleted, and no stack created again, unless the command requests it."""
    if case.before.kept and not case.after.kept and not case.goal.purges:
        yield "the document is deleted"
    # A stack that was never created completely may be created again.
    alive = case.before.status not in ("", "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS")
    same = case.before.stack_id == case.after.stack_id
    if alive and not same and not case.goal.deletes:
        yield "it is not the same stack any more"


def _change_sets(case: Case) -> Iterator[str]:
    if case.after.status and case.after.change_sets and not case.goal.may_leave:
        yield f"change sets are left: {', '.join(case.after.change_sets)}"


def _events(case: Case) -> Iterator[str]:
    twice = case.run.printed - case.followed
    if twice:
        yield f"printed too often: {_names(twice)}"
    silent = case.new - case.run.printed
    if silent and case.goal.whole and case.run.exit_code in (0, 4):
        yield f"not printed: {_names(silent)}"


def _names(events: Counter[tuple[str, str]]) -> str:
    found = [f"{status} {name}" for status, name in events]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(found[:3]) + more


_RULES: tuple[Callable[[Case], Iterator[str]], ...] = (
    _end,
    _verdict,
    _no_change,
    _kept,
    _change_sets,
    _events,
)
