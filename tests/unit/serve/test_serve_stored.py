"""What publishing leaves in S3."""

import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.serve.stored import content_type, objection, store
from readmodel_cfn.store.publish import DEFAULT, MOST_BYTES, Settings


@given(st.binary(), st.binary())
def test_the_etag_changes_exactly_when_the_bytes_do(one: bytes, other: bytes) -> None:
    first, second = (store("a.json", body, 0, DEFAULT) for body in (one, other))
    assert (first.etag == second.etag) == (one == other)


def test_the_headers_of_a_plain_payload() -> None:
    stored = store("a.json", b"{}", 1_700_000_000, Settings(cache_control="max-age=5"))
    assert stored.headers == {
        "content-type": "application/json",
        "content-length": "2",
        "etag": f'"{hashlib.md5(b"{}", usedforsecurity=False).hexdigest()}"',
        "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "cache-control": "max-age=5",
        "accept-ranges": "bytes",
    }


@given(st.binary())
def test_a_compressed_payload_is_stored_and_tagged_as_publishing_does(document: bytes) -> None:
    stored = store("a.json", document, 0, Settings(gzip=True))
    assert gzip.decompress(stored.body) == document
    assert stored.headers["content-encoding"] == "gzip"
    assert stored.headers["content-length"] == str(len(stored.body))
    assert stored.etag == store("a.json", document, 9, Settings(gzip=True)).etag


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a.json", "application/json"),
        ("a", "application/json"),
        ("a.b/c", "application/json"),
        ("a.unheard-of", "application/json"),
        ("a.", "application/json"),
        ("a.txt", "text/plain"),
        ("a/B.HTML", "text/html"),
        ("a.svg", "image/svg+xml"),
    ],
)
def test_a_type_is_json_unless_the_suffix_is_known(key: str, expected: str) -> None:
    assert content_type(key) == expected


def test_publishing_objects_to_what_is_no_json() -> None:
    assert objection("a.json", b"{}", DEFAULT, "data/a.json") is None
    line = objection("a.json", b"{", DEFAULT, "data/a.json")
    assert line is not None
    assert line.startswith("data/a.json: not JSON")
    assert "\n" not in line
    assert objection("a.txt", b"{", DEFAULT, "data/a.txt") is None


def test_publishing_objects_to_what_is_too_large() -> None:
    large = b'"' + b"x" * MOST_BYTES + b'"'
    assert "more than" in (objection("a", large, DEFAULT, "a") or "")
    assert objection("a", large, Settings(gzip=True), "a") is None
