"""Numbered bodies: a complete body has a version, any other has none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from readmodel_cfn.verify.race.body import SMALLEST, make, version_of

SIZE = 400
OLD, NEW = make(7, SIZE), make(8, SIZE)
versions = some.integers(1, 10**15)


@given(versions, some.integers(SMALLEST, 3000))
def test_body_is_json_with_its_version_and_size(version: int, size: int) -> None:
    body = make(version, size)
    assert (version_of(body), len(body)) == (version, size)
    assert json.loads(body)["version"] == version


def test_body_of_5_mb_has_its_version() -> None:
    assert version_of(make(1, 5_000_000)) == 1


def test_bodies_of_one_version_differ() -> None:
    assert make(1, SMALLEST) != make(1, SMALLEST)


def test_truncated_body_has_no_version() -> None:
    for length in range(SIZE):
        assert version_of(NEW[:length]) is None
        assert version_of(NEW[SIZE - length :]) is None


def test_body_mixed_of_two_versions_has_no_version() -> None:
    mixed = {OLD[:at] + NEW[at:] for at in range(1, SIZE)} - {OLD, NEW}
    assert mixed
    assert {version_of(body_) for body_ in mixed} == {None}


@given(some.integers(0, SIZE), some.integers(0, SIZE))
def test_body_with_a_part_of_another_has_no_version(start: int, end: int) -> None:
    mixed = NEW[:start] + OLD[start:end] + NEW[max(start, end) :]
    assert version_of(mixed) is None or mixed in (OLD, NEW)


@given(some.integers(0, SIZE - 1), some.integers(1, 255))
def test_body_with_a_wrong_byte_has_no_version(at: int, change: int) -> None:
    changed = bytearray(NEW)
    changed[at] ^= change
    assert version_of(bytes(changed)) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"message":"Not Found"}', OLD + NEW, NEW + b"\n", b" " + NEW, NEW * 2],
    ids=["nothing", "empty", "error", "two", "longer", "shifted", "twice"],
)
def test_other_bytes_have_no_version(body: bytes) -> None:
    assert version_of(body) is None
