"""What may be the version of a document, and how two compare."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.publish.versions import (
    DIGITS,
    DocumentVersion,
    marked,
    version_of,
    version_of_text,
)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 1.0, 1.5, [], {}, b"1", "", "1", "-5", "yesterday", 10**DIGITS),
        *("2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-02-30T00:00:00Z"),
        *("2026-01-01T24:00:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00"),
        *("2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00.Z", "0000-01-01T00:00:00Z"),
        *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2026-01-01T00:00:00Z\n"),
        "٢026-01-01T00:00:00Z",
    ],
)
def test_anything_else_is_no_version(value: object) -> None:
    assert version_of(value) is None


@pytest.mark.parametrize(
    "times",
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2025-12-31t23:30:00.000-00:30"),
        ("2017-01-01T00:00:00Z", "2016-12-31T23:59:60Z"),
        ("2026-01-01T00:00:00.5Z", "2026-01-01 00:00:00.50z"),
    ],
)
def test_spellings_of_one_time_are_one_version(times: tuple[str, ...]) -> None:
    assert len({version_of(time) for time in times}) == 1


def test_text_of_a_number_is_a_number_only_in_metadata() -> None:
    assert version_of("12") is None
    assert version_of_text("12") == DocumentVersion(12)


NUMBERS = st.integers(-(10**DIGITS) + 1, 10**DIGITS - 1)


@given(NUMBERS, NUMBERS)
def test_numbers_compare_as_numbers(one: int, other: int) -> None:
    first, second = version_of(one), version_of(other)
    assert first
    assert second
    assert first.is_newer(second) == (one > other)
    assert (marked(b"1", first) == marked(b"1", second)) == (one == other)
    assert version_of_text(str(first)) == first


@given(st.integers(1, 9_999), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-900, 900))
def test_times_compare_as_moments(year: int, one: int, other: int, offset: int) -> None:
    hours, minutes = divmod(abs(offset), 60)
    sign = "-" if offset < 0 else "+"
    base = f"{year:04}-06-15T12:00:00"
    first = version_of(f"{base}.{one:09}{sign}{hours:02}:{minutes:02}")
    second = version_of(f"{base}.{other:09}{sign}{hours:02}:{minutes:02}")
    assert first
    assert second
    assert first.is_newer(second) == (one > other)
    assert (first == second) == (one == other)
    assert version_of_text(str(first)) == first


@given(st.integers(-720, 720), st.integers(-720, 720))
def test_offsets_count(one: int, other: int) -> None:
    def at(offset: int) -> DocumentVersion:
        hours, minutes = divmod(abs(offset), 60)
        found = version_of(
            f"2026-01-01T00:00:00{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"
        )
        assert found
        return found

    assert at(one).is_newer(at(other)) == (one < other)


def test_numbers_and_times_are_not_comparable() -> None:
    number, time = version_of(1), version_of("2026-01-01T00:00:00Z")
    assert number
    assert time
    assert not number.is_comparable(time)


@given(st.lists(st.text()), NUMBERS)
def test_a_marked_document_has_the_same_value(value: list[str], number: int) -> None:
    assert json.loads(marked(json.dumps(value).encode(), DocumentVersion(number))) == value


def test_publishing_one_version_loads_no_aws_sdk_and_no_command_line() -> None:
    program = (
        "import sys, readmodel_cfn.publish.newer, readmodel_cfn.publish.documents\n"
        "wrong = {'boto3', 'botocore', 'troposphere', 'awacs', 'yaml', 'click', 'rich'}\n"
        "sys.exit(', '.join(wrong & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
