"""The parts that the rules stand on: statuses, and lists in sentences."""

import pytest

from readmodel_cfn.analysis.status_patterns import contained, matched
from readmodel_cfn.analysis.words import join_words


def test_matched_equals_contained_for_patterns_of_whole_statuses() -> None:
    pattern = "40[0-2]|40[5-9]|4[1-9][0-9]"
    assert matched(pattern) == contained(pattern) == set(range(400, 500)) - {403, 404}
    assert matched("40") != contained("40")


@pytest.mark.parametrize(
    ("things", "expected"),
    [([], ""), ([1], "1"), ([1, 2], "1 and 2"), ([1, 2, 3], "1, 2 and 3")],
)
def test_join_words_joins_items_with_and(things: list[int], expected: str) -> None:
    assert join_words(things) == expected


def test_join_words_cuts_long_lists() -> None:
    text_of_list = join_words(range(12))
    assert "8" in text_of_list
    assert "9" not in text_of_list
    assert "3" in text_of_list.rpartition("8")[2]
