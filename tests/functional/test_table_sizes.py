"""What each table adds to the template, as docs/limits.md says."""

import json
import re
from pathlib import Path

import pytest

from readmodel_cfn import build_template, render
from readmodel_cfn.config.file import parse
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.model import OPTIONAL_SECTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
TABLES = {
    table: "\n".join([table, *re.findall(r"`([^`]+)`", settings)])
    for table, settings in re.findall(r"^\| `(\[\w+\])` \| (`.+`) \| \d+ \| ", PAGE, re.MULTILINE)
}
"""The text of each table in readmodel.toml."""
SETS = re.findall(r"^\| ((?:`\[\w+\]` ?){2,}) \| \d+ \| ", PAGE, re.MULTILINE)


def size(text: str) -> tuple[int, int]:
    """The resources and bytes of the template that a readmodel.toml describes."""
    template = render(build_template(parse(text, "readmodel.toml").model), "compact")
    return len(json.loads(template)["Resources"]), len(template.encode())


NONE = size("")


def test_page_has_the_size_without_tables_and_every_optional_table() -> None:
    assert f"has {NONE[0]} resources and {NONE[1]:,} bytes" in PAGE
    assert {f"[{table}]" for table in OPTIONAL_SECTIONS} <= TABLES.keys()


@pytest.mark.parametrize("table", TABLES)
def test_page_has_what_a_table_adds(table: str) -> None:
    resources, bytes_ = size(TABLES[table])
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{table}` | `"))
    assert row.endswith(f" | {resources - NONE[0]} | {bytes_ - NONE[1]:,} |")


@pytest.mark.parametrize("tables", SETS)
def test_page_has_the_largest_sets_and_no_other_table_fits_one(tables: str) -> None:
    names = re.findall(r"`([^`]+)`", tables)
    text = "\n".join(TABLES[name] for name in names)
    resources, bytes_ = size(text)
    assert f"| {tables} | {resources} | {bytes_:,} |" in PAGE
    for other in TABLES.keys() - {*names}:
        with pytest.raises(ConfigError):
            parse(f"{text}\n{TABLES[other]}", "readmodel.toml")


def test_page_has_two_sets() -> None:
    assert len(SETS) == 2
