"""The sorted rows of a partition on disk, and which partition a key belongs to."""

import tracemalloc
from collections import Counter
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn import partition_of
from readmodel_cfn.publish.partition import rows as module
from readmodel_cfn.publish.partition.rows import Rows, as_entry, as_line
from readmodel_cfn.publish.release.manifest import Entry

MD5 = "0" * 32
KEYS = st.text("aZ09._/-", min_size=1, max_size=12)
ENTRIES = st.builds(Entry, KEYS, st.sampled_from([MD5, "other"]), st.integers(0, 9), st.just(MD5))


def entry(number: int) -> Entry:
    return Entry(f"p/{number:07}.json", MD5, number, MD5)


@given(ENTRIES)
def test_line_has_the_whole_entry(found: Entry) -> None:
    assert as_entry(as_line(found)) == found


@given(st.lists(ENTRIES, max_size=40), st.integers(1, 7), st.integers(1, 200))
def test_rows_are_sorted_by_key_however_many_fit_into_memory(
    entries: list[Entry], in_memory: int, read: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, closing(Rows()) as rows:
        patch.setattr(module, "_IN_MEMORY", in_memory)
        patch.setattr(module, "_MOST_READ", read)
        patch.setattr(module, "_LEAST_READ", 1)
        for each in entries:
            rows.add(each)
        for _ in range(2):  # they can be read again
            found = list(map(as_entry, rows))
            assert [each.key for each in found] == sorted(each.key for each in entries)
            assert Counter(found) == Counter(entries)


def test_sorted_runs_of_files_are_merged() -> None:
    with closing(Rows()) as rows:
        rows.add_run([b"a 1 1\nc 1", b" 1\n"])
        rows.add_run([])
        rows.add_run(iter([b"", b"b 1 1\n"]))
        assert [as_entry(line).key for line in rows] == ["a", "b", "c"]


def test_memory_does_not_grow_with_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY", 1000)
    monkeypatch.setattr(module, "_READ_AHEAD", 1 << 20)
    count = 60_000  # more than 6 MB as lines alone
    with closing(Rows()) as rows:
        tracemalloc.start()
        try:
            for number in reversed(range(count)):
                rows.add(entry(number))
            assert sum(1 for _ in rows) == count
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 3 << 20


def test_partition_of_a_key_is_the_same_everywhere() -> None:
    """Another hash would cut the documents of a running job in another way."""
    keys = ["products/42.json", "a", "p/1.json"]
    assert [partition_of(key, 1000) for key in keys] == [628, 177, 929]
    assert [partition_of(key, 1) for key in keys] == [0, 0, 0]


def test_partitions_are_of_similar_size() -> None:
    found = Counter(partition_of(f"products/{number:06}.json", 16) for number in range(16_000))
    assert len(found) == 16
    assert 850 < min(found.values()) < max(found.values()) < 1150
