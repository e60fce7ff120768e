"""The judge of commands with faults is tested too: it accepts what is right, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from fault_judge import Case, Goal, Run, Truth, judge

OLD, NEW = {"Resources": {"A": 1}}, {"Resources": {"B": 2}}
API = "abc123"
STARTED, MADE = ("UPDATE_IN_PROGRESS", "shop"), ("UPDATE_COMPLETE", "shop")
BEFORE = Truth("id-1", "CREATE_COMPLETE", OLD, events={"0": ("CREATE_COMPLETE", "shop")}, kept=True)
AFTER = replace(
    BEFORE,
    status="UPDATE_COMPLETE",
    template=NEW,
    api=API,
    events={**BEFORE.events, "1": STARTED, "2": MADE},
)
EVENTS = "12:00:00  UPDATE_IN_PROGRESS  shop  t\n12:00:01  UPDATE_COMPLETE  shop  t\n"
DONE = Case(Goal(NEW), BEFORE, Run(0, f"https://{API}.example", f"{EVENTS}Done."), AFTER)
ROLLED_BACK = Case(
    Goal(NEW),
    BEFORE,
    Run(
        4,
        "",
        "12:00:00  UPDATE_FAILED  A  t\n12:00:01  UPDATE_ROLLBACK_COMPLETE  shop  t\n"
        "Error: shop: rolled back; fix it",
    ),
    replace(
        BEFORE,
        status="UPDATE_ROLLBACK_COMPLETE",
        events={"1": ("UPDATE_FAILED", "A"), "2": ("UPDATE_ROLLBACK_COMPLETE", "shop")},
    ),
)
REFUSED = Case(Goal(NEW), BEFORE, Run(1, "", "Error: shop: throttled; run it again"), BEFORE)
UNFINISHED = Case(
    Goal(NEW), BEFORE, Run(9, "", "Error: shop: lost; run: readmodel-cfn follow"), AFTER
)
STUCK = Case(
    Goal(NEW),
    BEFORE,
    Run(6, "", "Error: shop: stuck; run: readmodel-cfn status"),
    replace(AFTER, status="UPDATE_ROLLBACK_FAILED"),
)
DIFFERS = Case(Goal(NEW), BEFORE, Run(5, "~ Products", ""), BEFORE)
GONE = Case(Goal(), BEFORE, Run(0, "", "Deleted."), Truth("id-1", events=BEFORE.events, kept=True))
PURGED = replace(GONE, goal=Goal(purges=True), after=Truth("id-1", events=BEFORE.events))
RIGHT = {
    "done": DONE,
    "rolled back": ROLLED_BACK,
    "refused": REFUSED,
    "unfinished": UNFINISHED,
    "stuck": STUCK,
    "differs": DIFFERS,
    "gone": GONE,
    "purged": PURGED,
}


def with_run(case: Case, exit_code: int, stderr: str, stdout: str = "") -> Case:
    return replace(case, run=Run(exit_code, stdout, stderr))


def found(case: Case, **parts: Any) -> Case:
    return replace(case, after=replace(case.after, **parts))


WRONG = {
    "it crashed": replace(DONE, run=replace(DONE.run, crash="KeyError: 'Stacks'")),
    "exit 1 with 0 lines": with_run(REFUSED, 1, "nothing"),
    "exit 1 with 2 lines": with_run(
        REFUSED, 1, "Error: a; b\nError: shop: throttled; run it again"
    ),
    "exit 0 with 1 lines": with_run(DONE, 0, f"{EVENTS}Error: a; b", API),
    "the error is not the last line": with_run(REFUSED, 1, "Error: a; b\nDone."),
    "the error does not say what to do": with_run(REFUSED, 1, "Error: shop: throttled"),
    "exit 1, right is 0": replace(REFUSED, goal=Goal(NEW, ends=(0,))),
    "exit 7 has no meaning here": with_run(REFUSED, 7, "Error: a; b"),
    "exit 0, but the stack is not done": found(DONE, status="UPDATE_ROLLBACK_COMPLETE"),
    "exit 0, but the stack is not the": found(DONE, template=OLD),
    "exit 0 without the URL": with_run(DONE, 0, f"{EVENTS}Done."),
    "exit 0, but it is not deleted": found(GONE, status="DELETE_FAILED"),
    "exit 1, but there was a change: status": replace(REFUSED, after=AFTER),
    "exit 5, but nothing differs": replace(DIFFERS, goal=Goal(OLD)),
    "exit 5, but there was a change": replace(DIFFERS, after=AFTER),
    "exit 4, but nothing was rolled back": replace(ROLLED_BACK, after=AFTER),
    "exit 6, but nothing is stuck": replace(STUCK, after=AFTER),
    "exit 9, but nothing was started": replace(UNFINISHED, goal=Goal(NEW, asked=False)),
    "exit 9 without a command": with_run(UNFINISHED, 9, "Error: shop: lost; good luck"),
    "it says no change": with_run(DONE, 0, f"{EVENTS}No change.", API),
    "the document is deleted": found(DONE, kept=False),
    "it is not the same stack": found(DONE, stack_id="id-2"),
    "change sets are left: readmodel-cfn-1": found(DONE, change_sets=("readmodel-cfn-1",)),
    "printed too often: UPDATE_IN_PROGRESS shop": with_run(DONE, 0, f"{EVENTS}{EVENTS}Done.", API),
    "not printed: UPDATE_IN_PROGRESS shop": with_run(DONE, 0, "Done.", API),
}


@pytest.mark.parametrize("case", RIGHT.values(), ids=RIGHT)
def test_judge_accepts_a_right_verdict(case: Case) -> None:
    assert judge(case) == []


@pytest.mark.parametrize(("wrong", "case"), WRONG.items(), ids=WRONG)
def test_judge_rejects_a_wrong_verdict(wrong: str, case: Case) -> None:
    assert any(fault.startswith(wrong) for fault in judge(case)), judge(case)


@pytest.mark.parametrize("name", RIGHT)
def test_judge_rejects_every_other_exit_code(name: str) -> None:
    """Each of these states has a single right exit code, or 9 if the state is unknown."""
    case = RIGHT[name]
    for code in {0, 4, 6} - {case.run.exit_code}:
        assert judge(with_run(case, code, "Error: shop: what; do" if code else "", API))
