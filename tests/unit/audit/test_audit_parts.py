"""The parts that the rules stand on: statuses, and lists in sentences."""

import pytest

from readmodel_cfn.analysis.methods import contained, matched
from readmodel_cfn.analysis.words import join_words


def test_a_pattern_that_enumerates_statuses_means_the_same_anchored_or_not() -> None:
    pattern = "40[0-2]|40[5-9]|4[1-9][0-9]"
    assert matched(pattern) == contained(pattern) == set(range(400, 500)) - {403, 404}
    assert matched("40") != contained("40")


@pytest.mark.parametrize(
    ("things", "expected"),
    [([], ""), ([1], "1"), ([1, 2], "1 and 2"), ([1, 2, 3], "1, 2 and 3")],
)
def test_lists_are_spoken(things: list[int], expected: str) -> None:
    assert join_words(things) == expected


def test_a_long_list_is_cut() -> None:
    assert join_words(range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8 and 3 more"
