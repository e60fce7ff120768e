"""Text and tables fit the width of a terminal; what is copied stays whole."""

import re
import shlex

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.cli.fit import columns, fitted, fitted_table

WIDTHS = (60, 80, 120)
URL = "https://abc123.execute-api.eu-west-1.amazonaws.com/v1/" + "x" * 100
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:" + "s" * 80
COMMAND = shlex.join(
    ["readmodel-cfn", "deploy", "--stack-name", "s" * 60, "--config", "a file.toml", "--yes"]
)
WORDS = st.one_of(
    st.text("abcXYZ0-9/._é世", min_size=1, max_size=200),
    st.sampled_from(["AWS::S3::Bucket", "fix", "it", "run:", click.style("broken", fg="red")]),
    st.sampled_from([URL, ARN, f"{COMMAND};"]),
)
TEXTS = st.lists(WORDS, max_size=20).map(" ".join)


def is_copied(line: str) -> bool:
    """Whether the line is nothing but a URL, an ARN or a command."""
    word = line.strip()
    return word in (URL, ARN, COMMAND, f"{COMMAND};")


@given(TEXTS, st.sampled_from(WIDTHS), st.integers(0, 8))
def test_no_line_is_longer_unless_it_is_copied(text: str, width: int, indent: int) -> None:
    lines = fitted(" " * indent + text, width)
    assert [line for line in lines if columns(line) > width and not is_copied(line)] == []


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4), st.sampled_from(WIDTHS))
def test_no_line_of_a_table_is_longer_unless_it_is_copied(
    rows: list[tuple[str, ...]], width: int
) -> None:
    lines = list(fitted_table(rows, width))
    assert [line for line in lines if columns(line) > width and not is_copied(line)] == []


def test_cell_that_never_fits_does_not_divide_the_other_rows() -> None:
    rows = [["bucket", "shop-data"], ["secret", ARN], ["user", "shop-writer"]]
    lines = list(fitted_table(rows, 60))
    assert [line.split() for line in lines if ARN not in line] == [
        ["bucket", "shop-data"],
        ["secret"],
        ["user", "shop-writer"],
    ]
    assert lines[2].strip() == ARN


def test_long_path_is_divided_after_a_slash() -> None:
    lines = fitted("bucket-with-a-name/products/" + "x" * 50, 60)
    assert [line.strip() for line in lines] == ["bucket-with-a-name/products/", "x" * 50]


@given(TEXTS, st.sampled_from(WIDTHS))
def test_nothing_is_lost(text: str, width: int) -> None:
    plain = re.sub(r"\s", "", click.unstyle(text))
    assert re.sub(r"\s", "", click.unstyle("".join(fitted(text, width)))) == plain


@pytest.mark.parametrize("text", [URL, ARN, COMMAND])
@pytest.mark.parametrize("before", ["", "run:", "the stack has failed because of many words; run:"])
def test_what_is_copied_stands_whole_on_a_line_of_its_own(before: str, text: str) -> None:
    lines = fitted(f"{before} {text}; and then more words", 60)
    assert text in [line.strip().rstrip(";") for line in lines]


@pytest.mark.parametrize(
    "command",
    [
        "readmodel-cfn follow --stack-name shop --region eu-west-1",
        "readmodel-cfn sandbox start",
        "readmodel-cfn publish data --exclude 'drafts and more/*' --sandbox",
        "readmodel-cfn verify --route products/{id}",
        "aws configure list-profiles",
    ],
)
@pytest.mark.parametrize("after", ["", "; then wait", ", or another", ". Then wait", " (again)"])
def test_command_is_not_divided_wherever_it_stands(command: str, after: str) -> None:
    for count in range(1, 20):
        lines = fitted("word " * count + command + after, 70)
        assert any(command in line for line in lines)


def test_words_after_a_command_are_divided() -> None:
    text = "the tag readmodel-cfn = managed says whose a stack is, so that no other is changed"
    assert len(fitted(text, 40)) == 3


def test_lines_that_fit_and_texts_without_a_width_are_unchanged() -> None:
    text = f"a  b   c\n  {URL} and more"
    assert fitted(text, None) == text.split("\n")
    assert fitted("a  b   c", 8) == ["a  b   c"]


def test_following_lines_are_indented() -> None:
    assert fitted("  one two three", 10) == ["  one two", "    three"]


def test_long_last_cell_is_divided_in_its_column() -> None:
    assert list(fitted_table([("kept", "word " * 12), ("broken", "x")], 50)) == [
        "kept    word word word word word word word word",
        "        word word word word",
        "broken  x",
    ]


def test_cells_that_do_not_fit_stand_below_their_row() -> None:
    assert list(fitted_table([("a" * 30, "b" * 30, "c", "d")], 60)) == [
        "a" * 30,
        "    " + "b" * 30 + "  c  d",
    ]


def test_colours_take_no_columns() -> None:
    red = click.style("broken", fg="red")
    assert fitted(f"{red} 345", 10) == [f"{red} 345"]
