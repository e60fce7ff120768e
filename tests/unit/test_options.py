"""Options: declared once, checked when a value is made."""

import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any, Literal

import pytest

from facts import missing
from readmodel_cfn import Access
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
    digits: str = option("1", "Digits.", pattern=r"\d+", allowed="0-9")
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
def test_valid_value_is_accepted(values: dict[str, Any]) -> None:
    made = Sample(**values)
    assert {name: getattr(made, name) for name in values} == values


BAD: list[tuple[str, Any, list[str]]] = [
    ("text", 1, []),
    ("short", "abcd", ["1 to 3 of a-z"]),
    ("short", "ab\n", ["1 to 3 of a-z"]),
    ("maybe", "A", ["a-z"]),
    ("maybe", 1, ["a-z"]),
    ("count", 0, ["1", "9"]),
    ("count", 10, ["1", "9"]),
    ("count", True, ["1", "9"]),
    ("count", 1.0, ["1", "9"]),
    ("least", -1, ["0"]),
    ("any_number", "1", []),
    ("on", 1, ["true", "false"]),
    ("on", "true", ["true", "false"]),
    ("word", "z", ["'x'", "'y'"]),
    ("word", ["x"], ["'x'", "'y'"]),
    ("words", ("x", "z"), ["'x'", "'y'"]),
    ("words", "x", ["'x'", "'y'"]),
    ("words", ({},), ["'x'", "'y'"]),
    ("digits", "\N{FULLWIDTH DIGIT ONE}", ["0-9"]),
    ("texts", ("a", "bb"), ["a-z"]),
    ("texts", ("a", 1), ["a-z"]),
    ("table", {"a": "B"}, ["a-z"]),
    ("table", {"A": "b"}, ["a-z"]),
    ("table", {"a": 1}, ["a-z"]),
    ("table", [], ["a-z"]),
    ("free_table", {"a": 1}, []),
]


@pytest.mark.parametrize(("key", "value", "facts"), BAD, ids=str)
def test_invalid_value_is_refused_with_key_value_and_allowed_values(
    key: str, value: Any, facts: list[str]
) -> None:
    with pytest.raises(OptionError) as refused:
        Sample(**{key: value})
    assert repr(value) in refused.value.what
    assert refused.value.key == f"sample.{key}"
    assert refused.value.hint is not None
    assert refused.value.allowed in refused.value.hint
    assert missing(facts, refused.value.allowed) == []
    assert isinstance(refused.value, ConfigError)


def test_replaced_copy_is_checked() -> None:
    with pytest.raises(OptionError, match=re.escape("sample.count: 10")):
        replace(Sample(), count=10)


def test_options_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Sample().count = 10  # type: ignore[misc]


def test_only_fields_declared_with_option_are_options() -> None:
    declared = [field.name for field, _ in options_of(Sample)]
    assert declared == [field.name for field in fields(Sample) if field.name != "plain"]


def test_instances_share_no_default_table() -> None:
    assert Sample().table is not Sample().table


def test_without_none_omits_only_none() -> None:
    assert without_none(A=None, B="", C=0, D=False) == {"B": "", "C": 0, "D": False}


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Sample(text=None), "sample.text"),  # type: ignore[arg-type]
        (lambda: Access("api-key", throttle_rate=5), "access.throttle_burst"),
    ],
)
def test_missing_value_is_said_to_be_missing(make: Callable[[], Any], key: str) -> None:
    with pytest.raises(OptionError) as refused:
        make()
    assert refused.value.key == key
    assert refused.value.value is None
    assert "None" not in str(refused.value)
