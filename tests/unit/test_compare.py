"""Comparison of a bucket listing with the desired documents."""

import itertools
import math
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.publish.compare import (
    Checked,
    Difference,
    Known,
    Sample,
    correct_since,
    merge_by_key,
)
from readmodel_cfn.publish.objects import Listed

THEN = datetime(2026, 1, 1, tzinfo=UTC)
keys = st.text("ab/.-0", min_size=1, max_size=4)
md5s = st.sampled_from(["0" * 32, "1" * 32, "2" * 32])
etags = md5s | st.just("0" * 32 + "-2")  # that of an upload in parts


def at(key: str, seconds: float = 0, etag: str = "0" * 32) -> Listed:
    return Listed(key, etag, THEN + timedelta(seconds=seconds), 2)


def found(local: dict[str, str], listed: dict[str, str]) -> Difference:
    made = Difference()
    made.find(
        (Checked(key, "file", md5) for key, md5 in sorted(local.items())),
        (at(key, 0, etag) for key, etag in sorted(listed.items())),
        lambda key: not key.startswith("-"),
    )
    return made


@given(st.dictionaries(keys, md5s), st.dictionaries(keys, etags))
def test_different_documents_are_sent_and_others_missing(
    local: dict[str, str], listed: dict[str, str]
) -> None:
    made = found(local, listed)
    sent = [Checked._make(row) for row in made.send]
    assert [(document.key, document.md5) for document in sent] == sorted(
        local.items() - listed.items()
    )
    missing = dict(made.missing)
    assert missing == {
        key: etag for key, etag in listed.items() if key not in local and not key.startswith("-")
    }
    made.close()


@given(st.dictionaries(keys, md5s), st.dictionaries(keys, etags))
def test_comparison_by_known_keys_gives_the_same_result(
    local: dict[str, str], listed: dict[str, str]
) -> None:
    known = Known()
    for key, etag in listed.items():
        known.add(at(key, 0, etag))
    unchanged = {key for key, md5 in local.items() if known.has(Checked(key, "file", md5))}
    assert unchanged == {key for key, _ in local.items() & listed.items()}


def test_nothing_is_missing_without_routes() -> None:
    made = Difference()
    made.find([], [at("a")], None)
    assert len(made.missing) == 0
    made.close()


def test_merge_uses_constant_memory() -> None:
    def local(count: int) -> Iterator[Checked]:
        return (Checked(f"{n:08}", "f", "0" * 32) for n in range(0, count, 2))

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in merge_by_key(local(count), (at(f"{n:08}") for n in range(0, count, 3))):
            pass
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return taken

    peak(100)
    assert peak(20_000) < 2 * peak(1000)


@dataclass
class Asked:
    """Is right from a time on, and counts how often it was asked."""

    since: float
    count: int = 0

    def __call__(self, listed: Listed) -> bool:
        self.count += 1
        return listed.modified >= THEN + timedelta(seconds=self.since)


def sample(*seconds: float) -> Sample:
    made = Sample()
    for number, second in enumerate(seconds):
        made.add(at(f"{number:06}", second))
    return made


def test_all_are_trusted_if_all_samples_match() -> None:
    asked = Asked(0)
    assert correct_since(sample(*range(10_000)), asked) == -math.inf
    assert asked.count <= 8


def test_none_is_trusted_if_the_newest_differs() -> None:
    assert correct_since(sample(*range(100)), Asked(100)) == math.inf


def test_empty_bucket_needs_no_head_request() -> None:
    asked = Asked(0)
    assert correct_since(Sample(), asked) == -math.inf
    assert asked.count == 0


@pytest.mark.parametrize("boundary", [1, 2, 500, 5000, 9998, 9999])
@pytest.mark.parametrize("order", [1, 7919], ids=["in time", "scattered"])
def test_objects_older_than_the_header_change_are_not_trusted(boundary: int, order: int) -> None:
    """However few are asked; of those after it, most are."""
    seconds = [number * order % 10_000 for number in range(10_000)]
    since = correct_since(sample(*seconds), Asked(boundary))
    assert since >= (THEN + timedelta(seconds=boundary)).timestamp()
    assert since <= (THEN + timedelta(seconds=boundary + 1000)).timestamp() or since == math.inf


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=300))
def test_sample_is_small_and_has_the_oldest_and_newest(seconds: list[int]) -> None:
    by_time = sample(*seconds).by_time
    times = [(listed.modified - THEN).total_seconds() for listed in by_time]
    assert times[0] == min(seconds)
    assert times[-1] == max(seconds)
    assert times == sorted(times)
    assert len(times) <= 62
    assert all(a <= b for a, b in itertools.pairwise(times))
