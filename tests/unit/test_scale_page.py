"""The costs in docs/scale.md are those that `estimate` computes."""

import re
from decimal import Decimal

import pytest

from documents import ROOT
from readmodel_cfn.estimate.cost import Usage, estimate, percentage
from readmodel_cfn.estimate.prices import known_prices
from readmodel_cfn.estimate.sizes import Sizes
from readmodel_cfn.estimate.usage import log_event_bytes

SECONDS = 30 * 24 * 60 * 60
PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\d,]+) \| (\d+) % \|(.+)\|$", PAGE, re.MULTILINE)
DOCUMENTS = 1_000


@pytest.mark.parametrize(("reads", "hit_rate", "cells"), ROWS)
def test_row_of_the_page_is_what_estimate_computes(reads: str, hit_rate: str, cells: str) -> None:
    stored, sent = 10_000 * DOCUMENTS, 2_000 * DOCUMENTS
    sizes = Sizes(DOCUMENTS, stored, sent, sent, sent)
    a_month = int(reads.replace(",", "")) * SECONDS
    usage = Usage(a_month, 1_000_000, percentage(float(hit_rate)), sizes)
    found = estimate(usage, "us-east-1", known_prices())
    printed = [Decimal(cell.strip().replace(",", "")) for cell in cells.split("|")]
    assert printed == [design.usd for design in found.designs]


def test_page_has_each_load() -> None:
    assert {row[0] for row in ROWS} == {"1", "100", "10,000", "1,000,000"}


def test_bytes_of_an_access_log_are_those_of_the_estimate() -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith("- **Access logs**"))
    found = [int(number) for number in re.findall(r"\b\d{3}\b", line)]
    assert found == [log_event_bytes(addresses=False), log_event_bytes(addresses=True)]
