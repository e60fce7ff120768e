"""The parts that the rules stand on: statuses, and lists in sentences."""

import pytest

from readmodel_cfn.analysis.audit.selection import contained, matched
from readmodel_cfn.analysis.audit.words import spoken


def test_matched_equals_contained_for_patterns_of_whole_statuses() -> None:
    pattern = "40[0-2]|40[5-9]|4[1-9][0-9]"
    assert matched(pattern) == contained(pattern) == set(range(400, 500)) - {403, 404}
    assert matched("40") != contained("40")


@pytest.mark.parametrize(
    ("things", "expected"),
    [([], ""), ([1], "1"), ([1, 2], "1 and 2"), ([1, 2, 3], "1, 2 and 3")],
)
def test_spoken_joins_items_with_and(things: list[int], expected: str) -> None:
    assert spoken(things) == expected


def test_spoken_cuts_long_lists() -> None:
    text_of_list = spoken(range(12))
    assert "8" in text_of_list
    assert "9" not in text_of_list
    assert "3" in text_of_list.rpartition("8")[2]
