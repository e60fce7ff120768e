"""What the documents say of the code is what the code does."""

import re
from pathlib import Path

import pytest
from test_plan import ACTIONS

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
def test_the_table_of_states_says_what_the_plan_does(status: str, action: str) -> None:
    rows = [one for one in DEPLOYING.splitlines() if re.search(rf"\b{status}\b", one)]
    assert len(rows) == 1
    assert WORDS[action] in rows[0].rsplit("|", 2)[1]
