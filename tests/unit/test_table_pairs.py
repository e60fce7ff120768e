"""Every two settings of two tables: the template is clean, or `ReadModel` refuses them."""

import json
from itertools import permutations, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from readmodel_cfn import build_template, render
from readmodel_cfn.analysis.audit import audit_report
from readmodel_cfn.config.origins import origins
from readmodel_cfn.deploy.obstacles import obstacles
from readmodel_cfn.lint import lint
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.pairs import PAIRS
from table_pairs import (
    SETTINGS,
    Row,
    all_pairs,
    covering_set,
    is_accepted,
    model_of,
    options_of,
    pairs_of,
    row_name,
)

ROWS, REFUSED = covering_set()
UNDONE = [frozenset(pair.tables) for pair in PAIRS]


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_template_of_every_accepted_pair_has_no_findings(row: Row) -> None:
    model = model_of(row)
    template = json.loads(render(build_template(model), "compact"))
    assert lint(render(build_template(model), "compact"), ["us-east-1"]) == []
    report = audit_report(template)
    assert (report.findings, report.unchecked) == ((), ())
    assert template["Resources"].keys() - origins(model).keys() == set()


def test_no_change_from_one_row_to_another_has_an_obstacle() -> None:
    """Such as another type for a logical ID, or a name that the old resource still has.

    But a resource policy cannot be removed from an API, only replaced.
    """
    templates = [json.loads(render(build_template(model_of(row)), "compact")) for row in ROWS]
    for old, new in permutations(templates, 2):
        loses_policy = has_policy(old) and not has_policy(new)
        assert [found.where for found in obstacles(old, new)] == ["ApiGateway"] * loses_policy


def has_policy(template: dict[str, Any]) -> bool:
    return "Policy" in template["Resources"]["ApiGateway"]["Properties"]


@pytest.mark.parametrize("row", REFUSED, ids=row_name)
def test_refused_pair_is_one_line_that_names_a_setting(row: Row) -> None:
    with pytest.raises(OptionError) as refused:
        model_of(row)
    assert refused.value.key in {pair.key for pair in PAIRS}
    assert refused.value.hint
    assert "\n" not in str(refused.value)


def test_every_pair_is_in_a_row_or_refused() -> None:
    together = {pair for row in ROWS for pair in pairs_of(row)}
    refused = {frozenset(row.items()) for row in REFUSED}
    assert together | refused == {frozenset(pair.items()) for pair in all_pairs()}
    assert not together & refused


@pytest.mark.parametrize("row", REFUSED, ids=row_name)
def test_only_tables_of_the_page_are_refused(row: Row) -> None:
    """Two tables of the page; or one that requires [cdn], or its absence, and one that refuses it.

    The first kind is refused in itself, the second only because of a third table.
    """
    tables = frozenset(row)
    needs_or_refuses_cdn = all(tables_with_cdn in UNDONE for tables_with_cdn in _with_cdn(tables))
    assert tables in UNDONE or needs_or_refuses_cdn


def _with_cdn(tables: frozenset[str]) -> list[frozenset[str]]:
    return [frozenset([table, "cdn"]) for table in tables]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{'-'.join(pair.tables)}-{pair.key}")
def test_every_pair_of_the_page_is_refused_and_its_tables_have_settings_that_fit(pair: Any) -> None:
    tables = dict.fromkeys([*pair.tables, pair.key.partition(".")[0]])
    rows = [
        dict(zip(tables, names, strict=True))
        for names in product(*(SETTINGS[table] for table in tables))
    ]
    refused = [row for row in rows if pair.is_refused(SimpleNamespace(**options_of(row)))]
    assert refused
    assert not any(map(is_accepted, refused))
    assert any(map(is_accepted, rows))


def test_page_of_fidelity_has_every_type_that_only_tables_add() -> None:
    """API keys and usage plans are among its facts: the gateway evaluates them."""
    page = (Path(__file__).parents[2] / "docs/fidelity.md").read_text(encoding="utf-8")
    added = {kind for row in ROWS for kind in types(row)} - types({})
    unnamed = {kind for kind in added if f"`{kind}`" not in page}
    assert unnamed == {
        f"AWS::ApiGateway::{kind}" for kind in ("ApiKey", "UsagePlan", "UsagePlanKey")
    }


def types(row: Row) -> set[str]:
    template = json.loads(render(build_template(model_of(row)), "compact"))
    return {resource["Type"] for resource in template["Resources"].values()}
