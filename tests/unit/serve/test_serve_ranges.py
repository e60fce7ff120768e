"""Byte ranges, against what Python's own slices say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.serve.ranges import asked


@given(st.binary(min_size=1, max_size=30), st.integers(0, 40), st.none() | st.integers(0, 40))
def test_from_first_to_last(body: bytes, first: int, last: int | None) -> None:
    found = asked(f"bytes={first}-{'' if last is None else last}", len(body))
    if last is not None and last < first:
        assert found is None
    else:
        assert found is not None
        stop = None if last is None else last + 1
        assert body[found.start : found.stop] == body[first:stop]
        assert (not found) == (first >= len(body))


@given(st.binary(min_size=1, max_size=30), st.integers(1, 40))
def test_the_last_ones(body: bytes, count: int) -> None:
    found = asked(f"bytes=-{count}", len(body))
    assert found
    assert body[found.start : found.stop] == body[-count:]


@pytest.mark.parametrize("header", ["bytes=-", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "", "x"])
def test_anything_else_is_the_whole(header: str) -> None:
    assert asked(header, 5) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=5-", 5), ("bytes=-0", 5), ("bytes=0-0", 0)])
def test_beyond_the_end_is_nothing(header: str, size: int) -> None:
    found = asked(header, size)
    assert found is not None
    assert not found


@given(st.text(max_size=60))
def test_no_header_is_an_error(header: str) -> None:
    asked(header, 10)
    asked(f"bytes={header}", 10)
