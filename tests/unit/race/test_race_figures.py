"""Figures of a measurement."""

import json
import re
from dataclasses import replace

import pytest
from race_histories import MS, measured, read, write

from readmodel_cfn.verify.race.figures import (
    Latency,
    Ratio,
    Row,
    as_json,
    as_lines,
    latency,
    percentile,
    ratios,
    rows,
)
from readmodel_cfn.verify.race.history import ANOTHER, ASKED, IDLE, REPLACED, RacePlan, Span, check


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1), (0.501, 51)]
)
def test_percentile_is_the_value_that_the_share_does_not_exceed(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value


def test_percentile_of_one_value_is_that_value() -> None:
    assert [percentile([7], share) for share in (0.5, 0.99, 1.0)] == [7, 7, 7]


def test_latency_counts_only_reads_with_status_200() -> None:
    reads = [read(0, 10, 1), read(20, 30, 1), read(60, 1, 1, 304), read(70, 99, None, 500)]
    assert latency(reads) == Latency(10.0, 30.0, 30.0)
    assert latency(reads[2:]) is None


def test_each_phase_is_a_row() -> None:
    assert rows(measured()) == [
        Row(IDLE.name, 10, 0, 0, Latency(14.0, 19.0, 19.0)),
        Row(ANOTHER.name, 2, 0, 1, Latency(20.0, 40.0, 40.0)),
        Row(REPLACED.name, 3, 0, 1, Latency(30.0, 60.0, 60.0)),
        Row(ASKED.name, 2, 2, 1, None),
    ]


def test_ratios_compare_replaced_with_idle_and_another() -> None:
    assert ratios(measured()) == [Ratio(IDLE.name, 2.14, 3.16), Ratio(ANOTHER.name, 1.5, 1.5)]


def test_ratios_skip_phases_without_documents() -> None:
    found = measured()
    empty = [Span(IDLE, [], []), *found.spans[1:]]
    assert [ratio.to for ratio in ratios(replace(found, spans=empty))] == [ANOTHER.name]


def test_json_has_all_figures() -> None:
    found = measured(torn=True)
    printed = json.loads(
        json.dumps(as_json(RacePlan(100, 1, 2.0), found, check(found.writes, found.reads)))
    )
    assert not printed["passed"]
    assert (printed["reads"], printed["broken_reads"], printed["violations"]["torn"]) == (17, 1, 1)
    assert (printed["versions"], printed["acknowledged"], printed["document_bytes"]) == (3, 3, 100)
    (example,) = printed["examples"]
    assert (example["kind"], example["started"]) == ("torn", 340 * MS)
    assert [phase["phase"] for phase in printed["phases"]] == [
        IDLE.name,
        ANOTHER.name,
        REPLACED.name,
        ASKED.name,
    ]


def test_lines_have_the_counts_and_the_first_example_of_each_kind() -> None:
    found = measured(torn=True)
    summary, example = as_lines(found, check(found.writes, found.reads))
    assert {"16", "17"} <= {*re.findall(r"\d+", summary)}
    assert "1 torn" in summary
    assert "torn" in example


def test_lines_mention_a_write_without_response() -> None:
    found = measured()
    lost = replace(found, writes=[*found.writes, write(4, 460, None)])
    answered = as_lines(found, check(found.writes, found.reads))
    assert len(as_lines(lost, check(lost.writes, lost.reads))) == len(answered) + 1


@pytest.mark.parametrize("size", [200, 5_000_000, 10_485_760])
def test_plan_has_limits_of_requests_and_bytes(size: int) -> None:
    plan = RacePlan(size, 4, 10)
    assert 0 < plan.reads <= 10_000
    assert plan.reads * size <= 10_000_000_000
    assert 0 < plan.writes <= 1_000
    assert plan.writes * size <= 2_000_000_000
