"""Faults of a document that are found without AWS."""

import pytest

from facts import missing
from readmodel_cfn.publish.documents import MAX_BYTES, body_fault, key_fault


@pytest.mark.parametrize("key", ["payload.json", "a/b/c.json", "A-z_0.9", "a" * 1024, "..a/b..c"])
def test_safe_key_has_no_fault(key: str) -> None:
    assert key_fault(key, "f") is None


@pytest.mark.parametrize(
    ("key", "fact"),
    [
        ("a b.json", "'a b.json'"),
        ("ü.json", "'ü.json'"),
        ("a\n.json", "'a\\n.json'"),
        ("50%.json", "'50%.json'"),
        ("", "''"),
        ("a" * 1025, "1024"),
        ("a//b", "'a//b'"),
        ("/a", "'/a'"),
        ("a/", "'a/'"),
        ("a/../b", "'a/../b'"),
        ("./b", "'./b'"),
    ],
)
def test_unsafe_key_is_a_fault(key: str, fact: str) -> None:
    fault = key_fault(key, "f")
    assert fault
    assert fact in fault.what
    assert str(fault).startswith(f"f: {fault.what}; ")


def test_key_without_route_is_a_fault() -> None:
    fault = key_fault("other.json", "data/other.json", {"payload.json"}.__contains__)
    assert str(fault).startswith("data/other.json: ")
    assert "'other.json'" in str(fault)
    assert key_fault("payload.json", "f", {"payload.json"}.__contains__) is None


def test_size_limit_applies_to_the_stored_body() -> None:
    """Compressed it is passed on compressed, and that is what API Gateway answers with."""
    long = b'"' + b"x" * MAX_BYTES + b'"'
    assert body_fault(long, b"short", "f") is None
    fault = body_fault(b"1", b"x" * (MAX_BYTES + 1), "f")
    assert fault
    assert missing(["10,485,761", "10,485,760"], fault.what) == []


def test_json_fault_has_line_and_column() -> None:
    fault = body_fault(b'{\n "a": 1,\n "b" 2}', b"", "f")
    assert fault
    assert "line 3 column 6" in fault.what


def test_byte_order_mark_is_a_fault() -> None:
    """Some editors of Windows write it."""
    fault = body_fault(b"\xef\xbb\xbf{}", b"", "f")
    assert fault
    assert "JSON" in fault.what
