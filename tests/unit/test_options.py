"""Options: declared once, checked whenever a value is made, described in words."""

import re
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, Literal

import pytest

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.options import (
    OptionError,
    check_options,
    option,
    options_of,
    without_none,
)


@dataclass(frozen=True)
class Sample:
    """Has an option of every type that there is."""

    text: str = option("a", "A text.")
    short: str = option("a", "A short text.", pattern="[a-z]{1,3}", allowed="1 to 3 of a-z")
    maybe: str | None = option(None, "Perhaps.", pattern="[a-z]+", allowed="a-z")
    count: int = option(1, "A number.", minimum=1, maximum=9)
    least: int = option(1, "A number.", minimum=0)
    any_number: int = option(1, "A number.")
    on: bool = option(False, "A switch.")
    word: Literal["x", "y"] = option("x", "A word.")
    words: tuple[Literal["x", "y"], ...] = option((), "Words.")
    texts: tuple[str, ...] = option((), "Texts.", pattern="[a-z]", allowed="one of a-z")
    table: dict[str, str] = option(dict, "A table.", pattern="[a-z]", allowed="one of a-z each")
    free_table: dict[str, str] = option(dict, "A table.")
    plain: int = field(default=0)

    def __post_init__(self) -> None:
        check_options(self, "sample")


GOOD: list[dict[str, Any]] = [
    {"text": ""},
    {"short": "abc"},
    {"maybe": "x"},
    {"maybe": None},
    {"count": 1},
    {"count": 9},
    {"least": 0},
    {"any_number": -(10**30)},
    {"on": True},
    {"word": "y"},
    {"words": ("x", "y")},
    {"texts": ("a", "b")},
    {"table": {"a": "b"}},
    {"free_table": {"A key": "any value"}},
]


@pytest.mark.parametrize("values", GOOD, ids=str)
def test_a_value_within_its_rules_is_taken(values: dict[str, Any]) -> None:
    made = Sample(**values)
    assert {name: getattr(made, name) for name in values} == values


BAD: list[tuple[str, Any, str]] = [
    ("text", 1, "a text"),
    ("text", None, "a text"),
    ("short", "abcd", "1 to 3 of a-z"),
    ("short", "ab\n", "1 to 3 of a-z"),
    ("maybe", "A", "a-z"),
    ("maybe", 1, "a-z"),
    ("count", 0, "a whole number, at least 1, at most 9"),
    ("count", 10, "a whole number, at least 1, at most 9"),
    ("count", True, "a whole number, at least 1, at most 9"),
    ("count", 1.0, "a whole number, at least 1, at most 9"),
    ("least", -1, "a whole number, at least 0"),
    ("any_number", "1", "a whole number"),
    ("on", 1, "true or false"),
    ("on", "true", "true or false"),
    ("word", "z", "one of 'x', 'y'"),
    ("word", ["x"], "one of 'x', 'y'"),
    ("words", ("x", "z"), "a list, each one of 'x', 'y'"),
    ("words", "x", "a list, each one of 'x', 'y'"),
    ("words", ({},), "a list, each one of 'x', 'y'"),
    ("texts", ("a", "bb"), "a list, each one of a-z"),
    ("texts", ("a", 1), "a list, each one of a-z"),
    ("table", {"a": "B"}, "one of a-z each"),
    ("table", {"A": "b"}, "one of a-z each"),
    ("table", {"a": 1}, "one of a-z each"),
    ("table", [], "one of a-z each"),
    ("free_table", {"a": 1}, "a table of texts"),
]


@pytest.mark.parametrize(("key", "value", "allowed"), BAD, ids=str)
def test_any_other_is_refused_by_table_key_value_and_what_is_allowed(
    key: str, value: Any, allowed: str
) -> None:
    with pytest.raises(OptionError) as refused:
        Sample(**{key: value})
    assert repr(value) in refused.value.what
    assert refused.value.hint is not None
    assert allowed in refused.value.hint
    assert (refused.value.key, refused.value.allowed) == (f"sample.{key}", allowed)
    assert isinstance(refused.value, ConfigError)


def test_a_changed_copy_is_checked_too() -> None:
    with pytest.raises(OptionError, match=re.escape("sample.count: 10")):
        replace(Sample(), count=10)


def test_a_value_cannot_be_changed_past_the_check() -> None:
    with pytest.raises(FrozenInstanceError):
        Sample().count = 10  # type: ignore[misc]


def test_options_are_the_fields_declared_with_option_and_no_other() -> None:
    declared = [one.name for one, _ in options_of(Sample)]
    assert declared == [one.name for one in fields(Sample) if one.name != "plain"]


def test_two_values_share_no_table() -> None:
    assert Sample().table is not Sample().table


def test_given_leaves_out_what_has_no_value_and_nothing_else() -> None:
    assert without_none(A=None, B="", C=0, D=False) == {"B": "", "C": 0, "D": False}
