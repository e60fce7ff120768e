"""The figures say what was measured."""

import json
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
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value


def test_one_value_is_every_percentile() -> None:
    assert [percentile([7], share) for share in (0.5, 0.99, 1.0)] == [7, 7, 7]


def test_only_reads_that_brought_the_document_count_for_the_latency() -> None:
    reads = [read(0, 10, 1), read(20, 30, 1), read(60, 1, 1, 304), read(70, 99, None, 500)]
    assert latency(reads) == Latency(10.0, 30.0, 30.0)
    assert latency(reads[2:]) is None


def test_a_phase_is_a_row() -> None:
    assert rows(measured()) == [
        Row(IDLE.name, 10, 0, 0, Latency(14.0, 19.0, 19.0)),
        Row(ANOTHER.name, 2, 0, 1, Latency(20.0, 40.0, 40.0)),
        Row(REPLACED.name, 3, 0, 1, Latency(30.0, 60.0, 60.0)),
        Row(ASKED.name, 2, 2, 1, None),
    ]


def test_replaced_is_compared_with_idle_and_with_another_document() -> None:
    assert ratios(measured()) == [Ratio(IDLE.name, 2.14, 3.16), Ratio(ANOTHER.name, 1.5, 1.5)]


def test_nothing_is_compared_with_a_phase_that_brought_no_document() -> None:
    found = measured()
    empty = [Span(IDLE, [], []), *found.spans[1:]]
    assert [one.to for one in ratios(replace(found, spans=empty))] == [ANOTHER.name]


def test_programs_get_all_of_it() -> None:
    found = measured(torn=True)
    told = json.loads(
        json.dumps(as_json(RacePlan(100, 1, 2.0), found, check(found.writes, found.reads)))
    )
    assert not told["passed"]
    assert (told["reads"], told["broken_reads"], told["violations"]["torn"]) == (17, 1, 1)
    assert (told["versions"], told["acknowledged"], told["document_bytes"]) == (3, 3, 100)
    (example,) = told["examples"]
    assert (example["kind"], example["started"]) == ("torn", 340 * MS)
    assert [one["phase"] for one in told["phases"]] == [
        IDLE.name,
        ANOTHER.name,
        REPLACED.name,
        ASKED.name,
    ]


def test_people_are_told_the_counts_and_the_first_of_each_kind() -> None:
    found = measured(torn=True)
    summary, example = as_lines(found, check(found.writes, found.reads))
    assert summary.startswith("16 of 17 reads passed: 0 error, 1 torn, 0 stale")
    assert "torn" in example


def test_people_are_told_of_a_write_without_an_answer() -> None:
    found = measured()
    lost = replace(found, writes=[*found.writes, write(4, 460, None)])
    assert as_lines(lost, check(lost.writes, lost.reads))[-1].startswith("The last write")


@pytest.mark.parametrize("size", [200, 5_000_000, 10_485_760])
def test_a_plan_is_bounded_in_requests_and_bytes(size: int) -> None:
    plan = RacePlan(size, 4, 10)
    assert 0 < plan.reads <= 10_000
    assert plan.reads * size <= 10_000_000_000
    assert 0 < plan.writes <= 1_000
    assert plan.writes * size <= 2_000_000_000
