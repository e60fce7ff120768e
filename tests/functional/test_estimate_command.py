"""`estimate`: the table, the prices with their sources, and the options."""

import json
from pathlib import Path

import pytest
from functional_aws import error_of, run

from widths import too_long

FILE = '[stack]\nname = "shop"\n[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
USAGE = ("--reads", "1_000_000", "--writes", "1000")
PRICE = """
[[price]]
name = "api-requests"
region = "eu-north-1"
per = 1_000_000
tiers = [{ usd = "3.50" }]
date = "2026-11-29"
source = "our contract"
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("readmodel.toml").write_text(FILE)
    Path("data/products").mkdir(parents=True)
    Path("data/products/42.json").write_text(json.dumps("x" * 2_000))


def test_table_has_the_costs_of_three_designs() -> None:
    done = run("estimate", "data", *USAGE)
    assert done.exit_code == 0
    (total,) = (line for line in done.stdout.splitlines() if line.startswith("total "))
    printed = json.loads(run("estimate", "data", *USAGE, "--json").stdout)
    assert total.split()[1:] == [design["usd"] for design in printed["designs"]]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_each_price_is_printed_with_its_date_and_source(region: str) -> None:
    words = ("estimate", "data", *USAGE, "--region", region)
    printed = json.loads(run(*words, "--json").stdout)
    lines = run(*words).stdout.splitlines()
    for price in printed["prices"]:
        assert any(price["date"] in line and price["source"] in line for line in lines)


def test_what_is_unknown_is_printed_as_unknown() -> None:
    done = run("estimate", *USAGE, "--region", "eu-west-1")
    rows = {line.partition("  ")[0]: line for line in done.stdout.splitlines()}
    assert rows["total"].split()[1:] == ["unknown"] * 3
    assert "unknown" in rows["S3 storage"]


def test_region_without_prices_names_those_that_have_some() -> None:
    done = run("estimate", *USAGE, "--region", "eu-wets-1")
    assert done.exit_code == 0
    assert "us-east-1" in done.stderr


def test_region_of_the_file_is_used() -> None:
    Path("readmodel.toml").write_text(FILE.replace("[stack]", '[stack]\nregion = "eu-west-1"'))
    assert json.loads(run("estimate", *USAGE, "--json").stdout)["region"] == "eu-west-1"


def test_prices_of_a_file_replace_those_of_the_package() -> None:
    Path("prices.toml").write_text(PRICE)
    words = ("estimate", *USAGE, "--region", "eu-north-1", "--prices", "prices.toml")
    printed = json.loads(run(*words, "--json").stdout)
    assert [price["source"] for price in printed["prices"]] == ["our contract"]
    Path("prices.toml").write_text(PRICE.replace('source = "our contract"', ""))
    assert "prices.toml" in error_of(run(*words), 2)


@pytest.mark.parametrize(
    "words",
    [
        ("--reads", "1"),
        ("--writes", "1"),
        ("--reads", "-1", "--writes", "1"),
        ("--reads", "1", "--writes", "1.5"),
        ("--reads", "9" * 20, "--writes", "1"),
        (*USAGE, "--hit-rate", "101"),
        (*USAGE, "--hit-rate", "nan"),
        (*USAGE, "--region", ""),
        (*USAGE, "--prices", "missing.toml"),
        (*USAGE, "missing"),
        (*USAGE, "readmodel.toml"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_refused_in_one_line(words: tuple[str, ...]) -> None:
    done = run("estimate", *words)
    error_of(done, 2)
    assert done.stdout == ""


def test_invalid_document_is_named() -> None:
    Path("data/products/43.json").write_text("{")
    assert "43.json" in error_of(run("estimate", "data", *USAGE), 2)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    done = run("estimate", "data", *USAGE, env={"COLUMNS": str(width)})
    assert too_long(done.output, width) == []
