"""The limits of files in docs/limits.md are those of the code."""

from pathlib import Path

import pytest

from readmodel_cfn import limits

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "limit"),
    [
        ("readmodel.toml, a file of prices", limits.CONFIG_BYTES),
        ("a key with dots in TOML", limits.CONFIG_KEY_PARTS),
        ("tables and lists in TOML", limits.CONFIG_LEVELS),
        ("environments of a readmodel.toml", limits.CONFIG_ENVIRONMENTS),
        ("a JSON Schema", limits.SCHEMA_BYTES),
        ("a template in JSON, which may be indented", limits.TEMPLATE_FILE_BYTES),
        ("values of a template, with those of its aliases", limits.TEMPLATE_VALUES),
        ("objects and lists of a template, or of a JSON Schema", limits.TEMPLATE_LEVELS),
        ("objects and lists of a template, or of a JSON Schema", limits.SCHEMA_LEVELS),
        ("a number in TOML or in a template", limits.NUMBER_DIGITS),
        ("objects and lists of a document", limits.DOCUMENT_LEVELS),
    ],
)
def test_limit_of_a_file_on_the_page_is_the_one_of_the_code(row: str, limit: int) -> None:
    assert f"\n| {row} | {limit:,}" in PAGE
