"""Judges what a command says about documents, by the state of the bucket before and after."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fault_commands import Command
from fault_judge import Run, run_faults
from fault_kinds import UNKNOWN_AFTER
from fault_proxy import Call
from fault_store import State

_POINTER = "releases/live.json"
_UNFINISHED = (".building.json", ".deleting.json")  # what a release is started and deleted with


@dataclass(frozen=True)
class Said:
    """What a command printed with `--json`, by the kind of the line."""

    lines: Sequence[Mapping[str, Any]] = ()
    single: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, run: Run) -> "Said":
        """The JSON objects on stdout: one for a single document, else one on each line."""
        text = run.stdout.strip()
        if "\n  " in text:
            return cls(single=json.loads(text))
        return cls([json.loads(line) for line in text.splitlines()])

    def each(self, *kinds: str) -> list[Mapping[str, Any]]:
        """The values of all lines of these kinds."""
        return [line[kind] for line in self.lines for kind in kinds if kind in line]

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        """The documents that were sent."""
        single = self.single
        return [
            *self.each("sent"),
            *([single] if single and single.get("outcome") == "sent" else []),
        ]

    @property
    def result(self) -> Mapping[str, Any] | None:
        """The last line of several documents."""
        return next(iter(self.each("result")), None)


@dataclass(frozen=True)
class Case:
    """One run: the state before and after, and the one after a run without faults.

    `ends` are the exit codes that may be right. After a signal, `stopped`, what was in progress is
    not known.
    """

    command: Command
    before: State
    goal: State
    run: Run
    after: State
    calls: Sequence[Call]
    ends: tuple[int, ...]
    stopped: bool = False

    @cached_property
    def said(self) -> Said:
        """What it printed."""
        return Said.of(self.run)

    @property
    def changed(self) -> set[str]:
        """What is not as before: keys, and stages."""
        return differing_keys(self.before, self.after)

    def is_unknown(self, key: str) -> bool:
        """Whether an answer about this key was lost, so that the command cannot know it."""
        faulty = [call.action for call in self.calls if call.fault in UNKNOWN_AFTER]
        return self.stopped or any(key in action or action.endswith("?delete") for action in faulty)


def differing_keys(one: State, other: State) -> set[str]:
    """The keys and stages whose contents are not the same."""
    old, new = one.contents, other.contents
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def judge(case: Case) -> list[str]:
    """What is wrong with the run; empty if everything is right."""
    wrong = [*run_faults(case.run)]
    return [*wrong, *(each for rule in _RULES for each in rule(case))]


def _end(case: Case) -> Iterator[str]:
    if case.run.exit_code not in case.ends:
        yield f"exit {case.run.exit_code}, right is {' or '.join(map(str, case.ends))}"


def _done(case: Case) -> Iterator[str]:
    """Exit code 0: all is as it should be, except for what it says it has kept."""
    if case.run.exit_code != 0:
        return
    kept = {each["key"] for each in case.said.each("kept")}
    if missing := differing_keys(case.after, case.goal) - kept:
        yield f"exit 0, but this is not done: {_names(missing)}"


def _untouched(case: Case) -> Iterator[str]:
    if case.run.exit_code in (1, 2, 8, 10) and case.changed:
        yield f"exit {case.run.exit_code}, but this was changed: {_names(case.changed)}"


def _nothing_lost(case: Case) -> Iterator[str]:
    """Each object is what it was, or what it is to be; a probe that is left is named."""
    old, new, now = case.before.contents, case.goal.contents, case.after.contents
    for key in old.keys() | new.keys() | now.keys():
        if now.get(key) in (old.get(key), new.get(key)) or key.endswith(_UNFINISHED):
            continue
        if not case.command.changes and f"{key}: " in case.run.stderr:
            continue
        yield f"{key} is neither as before nor as it should be: {str(now.get(key))[:60]}"


def _whole_release(case: Case) -> Iterator[str]:
    """What the pointer and the stages name is a complete release."""
    objects = case.after.objects
    named = set(case.after.stages.values())
    if _POINTER in objects:
        named.add(json.loads(objects[_POINTER].body)["release"])
    for release in named:
        if f"releases/{release}.json" not in objects:
            yield f"release {release} is served, but not complete"


def _sent_is_stored(case: Case) -> Iterator[str]:
    for each in case.said.sent:
        key = each["key"]
        found = [
            stored
            for name, stored in case.after.objects.items()
            if name == key or (name.startswith("releases/") and name.endswith(f"/{key}"))
        ]
        if not any(stored.etag.strip('"') == each["etag"].strip('"') for stored in found):
            yield f"it says that {key} was sent, but another object or none is stored"


def _deleted_is_gone(case: Case) -> Iterator[str]:
    for each in case.said.each("deleted", "unpublished"):
        if each["key"] in case.after.objects:
            yield f"it says that {each['key']} was deleted, but it is there"


def _stored_is_said(case: Case) -> Iterator[str]:
    """Each change of a document has a line, unless its answer was lost."""
    if not case.command.reports_each or case.run.exit_code not in (0, 9):
        return
    said = {each["key"] for each in (*case.said.sent, *case.said.each("deleted"))}
    documents = {key for key in case.changed if not key.startswith(("releases/", "stage "))}
    silent = {key for key in documents - said if not case.is_unknown(key)}
    if silent:
        yield f"no line says that these were changed: {_names(silent)}"


def _result(case: Case) -> Iterator[str]:
    """Several documents end with a result, whose counts are those of the lines."""
    if not case.command.reports_each or case.run.exit_code not in (0, 9):
        return
    result = case.said.result
    if result is None:
        yield f"exit {case.run.exit_code} without a line with the result"
    elif (result["sent"], result.get("deleted", 0)) != (
        len(case.said.each("sent")),
        len(case.said.each("deleted")),
    ):
        yield f"the result's counts are not those of the lines: {result}"


def _names(found: set[str]) -> str:
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(sorted(found)[:3]) + more


_RULES: tuple[Callable[[Case], Iterator[str]], ...] = (
    _end,
    _done,
    _untouched,
    _nothing_lost,
    _whole_release,
    _sent_is_stored,
    _deleted_is_gone,
    _stored_is_said,
    _result,
)
