"""Errors: text, exit codes and documentation."""

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
    "NoSuchDocument": 10,
}


def test_every_error_has_its_documented_exit_code() -> None:
    found = {
        name: value.exit_code
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, ReadModelError)
    }
    assert found == EXIT_CODES


def test_every_exit_code_is_documented_in_the_module() -> None:
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
def test_error_text_is_where_what_and_hint(where: str | None, hint: str | None, line: str) -> None:
    assert str(ReadModelError("what", where=where, hint=hint)) == line


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\x0b", "\u2028"])
def test_error_text_is_one_line(separator: str) -> None:
    text = f"a{separator}b"
    assert str(ReadModelError(text, where=text, hint=text)) == "a b: a b; a b"


def test_error_text_has_no_escape_sequences() -> None:
    text = "a\x1b[2J\u202e"
    assert str(ReadModelError(text, where=text, hint=text)).isprintable()


def test_option_error_truncates_long_values() -> None:
    line = str(OptionError("routes.key", "k" * 5000, "less"))
    assert line.startswith("routes.key: 'kkk")
    assert "less" in line
    assert len(line) < 150
