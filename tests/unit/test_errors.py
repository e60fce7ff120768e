"""Errors: one line that says where, what and what next, with the exit code of the contract."""

import pytest

from readmodel_cfn import errors
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.options import OptionError

# As the issue and the module's own table give them.
EXIT_CODES = {
    "ReadModelError": 1,
    "ConfigError": 2,
    "FindingsError": 3,
    "RolledBack": 4,
    "Stale": 5,
    "Stuck": 6,
    "PromiseBroken": 7,
    "LostRace": 8,
    "Unfinished": 9,
}


def test_every_error_has_the_exit_code_of_the_table() -> None:
    found = {
        name: one.exit_code
        for name, one in vars(errors).items()
        if isinstance(one, type) and issubclass(one, ReadModelError)
    }
    assert found == EXIT_CODES


def test_the_modules_table_gives_a_meaning_to_every_code_in_use() -> None:
    table = errors.__doc__ or ""
    for code in {0, *EXIT_CODES.values()}:
        assert f"| {code} | " in table


@pytest.mark.parametrize(
    ("where", "hint", "line"),
    [
        (None, None, "what"),
        ("where", None, "where: what"),
        (None, "hint", "what; hint"),
        ("where", "hint", "where: what; hint"),
    ],
)
def test_an_error_says_where_what_and_what_next(
    where: str | None, hint: str | None, line: str
) -> None:
    assert str(ReadModelError("what", where=where, hint=hint)) == line


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\x0b", "\u2028"])
def test_an_error_is_one_line_whatever_it_quotes(separator: str) -> None:
    text = f"a{separator}b"
    assert str(ReadModelError(text, where=text, hint=text)) == "a b: a b; a b"


def test_an_option_error_shows_a_long_value_by_its_beginning() -> None:
    line = str(OptionError("routes.key", "k" * 5000, "less"))
    assert line.startswith("routes.key: 'kkk")
    assert "kkk... is not allowed" in line
    assert line.endswith(" less")
    assert len(line) < 150
