"""Tables of the documentation match the code."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from test_plan import ACTIONS, AS_WANTED, TEMPLATE, WANTED

from readmodel_cfn.deploy.plan import plan

DEPLOYING = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8")
# How the document puts each action.
WORDS = {
    "create": "creates it",
    "update": "updates it",
    "recreate": "deletes and creates it",
    "continue rollback": "goes on with the rollback",
    "attach": "follows that operation",
    "refuse": "refuses",
}


@pytest.mark.parametrize(("status", "action"), ACTIONS.items())
def test_docs_table_of_states_matches_the_plan(status: str, action: str) -> None:
    assert WORDS[action] in outcome(status, "What each state leads to")


@pytest.mark.parametrize("status", [one for one in ACTIONS if one != "DELETE_COMPLETE"])
def test_the_table_of_adoption_says_what_the_plan_does(status: str) -> None:
    kept = replace(AS_WANTED, status=status, tags={}, disable_rollback=True)
    adopted = plan(kept, TEMPLATE, WANTED, adopt=True).action == "adopt"
    told = outcome(status, "A stack without the tag")
    assert told.strip().startswith("adopted" if adopted else "refused")


def outcome(status: str, heading: str) -> str:
    """What the table under a heading says of a status."""
    section = DEPLOYING.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    named = [line for line in rows if re.search(rf"\b{status}\b", line)]
    assert len(named) <= 1
    return (named or rows)[-1].rsplit("|", 2)[1]
