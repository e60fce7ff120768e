"""The tables of docs/deploying.md have the actions of the plan."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from test_plan import ACTIONS, SPEC, TEMPLATE, UP_TO_DATE

from readmodel_cfn.deploy.plan import plan

DEPLOYING = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("status", "action"), ACTIONS.items())
def test_table_of_stack_statuses_has_the_action_of_the_plan(status: str, action: str) -> None:
    assert documented_action(status, "What deploy does for each stack status") == action


@pytest.mark.parametrize("status", [status for status in ACTIONS if status != "DELETE_COMPLETE"])
def test_table_of_adoption_has_the_action_of_the_plan(status: str) -> None:
    stack = replace(UP_TO_DATE, status=status, tags={}, disable_rollback=True)
    action = plan(stack, TEMPLATE, SPEC, adopt=True).action
    assert documented_action(status, "Adopt a stack of another tool") == action


def documented_action(status: str, heading: str) -> str:
    """The action of a status in the table under a heading; the last row is for all others."""
    section = DEPLOYING.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    named = [row for row in rows if re.search(rf"\b{status}\b", row)]
    assert len(named) <= 1
    return (named or rows)[-1].split("|")[2].strip(" `")
