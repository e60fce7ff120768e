"""What is wrong with a document, as far as that is known without AWS."""

import pytest

from readmodel_cfn.publish.documents import MAX_BYTES, body_fault, key_fault


@pytest.mark.parametrize("key", ["payload.json", "a/b/c.json", "A-z_0.9", "a" * 1024, "..a/b..c"])
def test_a_key_of_safe_characters_is_fine(key: str) -> None:
    assert key_fault(key, "f") is None


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("a b.json", "the key 'a b.json' is unsafe"),
        ("ü.json", "the key 'ü.json' is unsafe"),
        ("a\n.json", "the key 'a\\n.json' is unsafe"),
        ("50%.json", "the key '50%.json' is unsafe"),
        ("", "the key '' is unsafe"),
        ("a" * 1025, "the key has more than 1024 bytes"),
        ("a//b", "the key 'a//b' has a segment that is empty, . or .."),
        ("/a", "the key '/a' has a segment that is empty, . or .."),
        ("a/", "the key 'a/' has a segment that is empty, . or .."),
        ("a/../b", "the key 'a/../b' has a segment that is empty, . or .."),
        ("./b", "the key './b' has a segment that is empty, . or .."),
    ],
)
def test_any_other_key_is_not(key: str, what: str) -> None:
    fault = key_fault(key, "f")
    assert fault
    assert fault.what == what
    assert str(fault).startswith(f"f: {what}; ")


def test_a_key_that_no_route_serves_is_named() -> None:
    fault = key_fault("other.json", "data/other.json", {"payload.json"}.__contains__)
    assert str(fault) == (
        "data/other.json: no route serves the key 'other.json'; add a route, or rename it"
    )
    assert key_fault("payload.json", "f", {"payload.json"}.__contains__) is None


def test_what_is_kept_counts_for_the_limit() -> None:
    """Compressed it is passed on compressed, and that is what API Gateway answers with."""
    long = b'"' + b"x" * MAX_BYTES + b'"'
    assert body_fault(long, b"short", "f") is None
    fault = body_fault(b"1", b"x" * (MAX_BYTES + 1), "f")
    assert fault
    assert fault.what.startswith("10,485,761 bytes are more than the 10,485,760")


def test_the_place_of_a_fault_is_told() -> None:
    fault = body_fault(b'{\n "a": 1,\n "b" 2}', b"", "f")
    assert fault
    assert "line 3 column 6" in fault.what


def test_a_mark_that_no_eye_sees_is_named() -> None:
    """Some editors of Windows write it."""
    fault = body_fault(b"\xef\xbb\xbf{}", b"", "f")
    assert fault
    assert fault.what == "not JSON: it begins with a byte order mark, which JSON must not"
