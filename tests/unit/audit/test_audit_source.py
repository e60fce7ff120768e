"""Templates whose text is YAML; and the page about the rules."""

import yaml
from audit_templates import good

from readmodel_cfn.analysis.audit import RULES, audit, read_template
from readmodel_cfn.analysis.audit.page import page


def test_short_sub_of_a_number_is_audited_as_text() -> None:
    text = yaml.safe_dump(good()).replace("StatusCode: '", "StatusCode: !Sub '")
    assert "!Sub '200'" in text
    assert audit(read_template(text, "t")) == []


def test_page_has_a_row_for_each_rule() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| R")]
    assert len(rows) == len(RULES)
    assert all(row.count("|") == 5 for row in rows)
