"""How S3 answers a read of an object: what publishing stores, conditions and byte ranges."""

import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.serve.s3 import (
    condition_status,
    content_type,
    publish_error,
    requested_range,
    store,
)
from serve_templates import storage

PLAIN = storage()
GZIP = storage(stored_encoding="gzip")
ETAG = '"abc"'
MODIFIED = 1_700_000_000
BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"
THEN = "Tue, 14 Nov 2023 22:13:20 GMT"
AFTER = "Tue, 14 Nov 2023 22:13:21 GMT"

TABLE = [
    ({}, 200),
    ({"if-none-match": '"abc"'}, 304),
    ({"if-none-match": 'W/"abc"'}, 304),
    ({"if-none-match": "abc"}, 304),
    ({"if-none-match": "*"}, 304),
    ({"if-none-match": '"x", "abc"'}, 304),
    ({"if-none-match": '"x",W/"abc" , "y"'}, 304),
    ({"if-none-match": '"x", "y"'}, 200),
    ({"if-none-match": '"ABC"'}, 200),
    ({"if-none-match": '"ab", "c"'}, 200),
    ({"if-none-match": '"a,abc"'}, 200),
    ({"if-none-match": '""'}, 200),
    ({"if-none-match": ""}, 200),
    ({"if-modified-since": BEFORE}, 200),
    ({"if-modified-since": THEN}, 304),
    ({"if-modified-since": AFTER}, 304),
    ({"if-modified-since": "Tue, 14 Nov 2023 23:13:20 +0100"}, 304),
    ({"if-modified-since": "Tue, 14 Nov 2023 22:13:20 -0000"}, 304),
    ({"if-modified-since": "yesterday"}, 200),
    ({"if-modified-since": "Tue, 99 Nov 2023 22:13:20 GMT"}, 200),
    ({"if-none-match": '"x"', "if-modified-since": AFTER}, 200),
    ({"if-none-match": '"abc"', "if-modified-since": BEFORE}, 304),
    ({"if-match": '"abc"'}, 200),
    ({"if-match": "*"}, 200),
    ({"if-match": '"x", "abc"'}, 200),
    ({"if-match": '"x"'}, 412),
    ({"if-match": 'W/"abc"'}, 412),
    ({"if-unmodified-since": BEFORE}, 412),
    ({"if-unmodified-since": THEN}, 200),
    ({"if-unmodified-since": "yesterday"}, 200),
    ({"if-match": '"abc"', "if-unmodified-since": BEFORE}, 200),
    ({"if-match": '"x"', "if-none-match": '"abc"'}, 412),
    ({"if-match": '"abc"', "if-none-match": '"abc"'}, 304),
    ({"if-unmodified-since": THEN, "if-modified-since": THEN}, 304),
]


@pytest.mark.parametrize(("headers", "expected"), TABLE)
def test_a_condition_has_the_status_of_rfc_9110(headers: dict[str, str], expected: int) -> None:
    assert condition_status(headers, ETAG, MODIFIED) == expected


@given(
    st.dictionaries(
        st.sampled_from(["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]),
        st.text(max_size=40),
    )
)
def test_any_condition_header_has_a_status(headers: dict[str, str]) -> None:
    assert condition_status(headers, ETAG, MODIFIED) in (200, 304, 412)


@given(st.lists(st.text("abcdef0123456789", min_size=1), min_size=1, unique=True), st.data())
def test_a_list_of_etags_matches_each_of_them(tags: list[str], data: st.DataObject) -> None:
    own = data.draw(st.sampled_from(tags))
    listed = ", ".join(f'"{tag}"' for tag in tags)
    assert condition_status({"if-none-match": listed}, f'"{own}"', MODIFIED) == 304
    assert condition_status({"if-match": listed}, f'"{own}"', MODIFIED) == 200
    assert condition_status({"if-none-match": listed}, '"xyz"', MODIFIED) == 200


@given(st.binary(min_size=1, max_size=30), st.integers(0, 40), st.none() | st.integers(0, 40))
def test_a_range_from_first_to_last_is_the_slice(body: bytes, first: int, last: int | None) -> None:
    found = requested_range(f"bytes={first}-{'' if last is None else last}", len(body))
    if last is not None and last < first:
        assert found is None
    else:
        assert found is not None
        stop = None if last is None else last + 1
        assert body[found.start : found.stop] == body[first:stop]
        assert (not found) == (first >= len(body))


@given(st.binary(min_size=1, max_size=30), st.integers(1, 40))
def test_a_suffix_range_is_the_last_bytes(body: bytes, count: int) -> None:
    found = requested_range(f"bytes=-{count}", len(body))
    assert found
    assert body[found.start : found.stop] == body[-count:]


@pytest.mark.parametrize("header", ["bytes=-", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "", "x"])
def test_a_header_that_is_no_single_range_requests_the_whole_object(header: str) -> None:
    assert requested_range(header, 5) is None


@pytest.mark.parametrize(("header", "size"), [("bytes=5-", 5), ("bytes=-0", 5), ("bytes=0-0", 0)])
def test_a_range_beyond_the_end_is_empty(header: str, size: int) -> None:
    found = requested_range(header, size)
    assert found is not None
    assert not found


@given(st.text(max_size=60))
def test_no_range_header_is_an_error(header: str) -> None:
    requested_range(header, 10)
    requested_range(f"bytes={header}", 10)


@given(st.binary(), st.binary())
def test_the_etag_changes_exactly_when_the_bytes_do(one: bytes, other: bytes) -> None:
    first, second = (store("a.json", body, 0, PLAIN) for body in (one, other))
    assert (first.etag == second.etag) == (one == other)


def test_the_headers_of_a_plain_payload() -> None:
    stored = store("a.json", b"{}", 1_700_000_000, storage(max_age=5))
    assert stored.headers == {
        "content-type": "application/json",
        "content-length": "2",
        "etag": f'"{hashlib.md5(b"{}", usedforsecurity=False).hexdigest()}"',
        "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "cache-control": "max-age=5",
        "accept-ranges": "bytes",
    }


@given(st.binary())
def test_a_compressed_document_is_stored_and_tagged_as_publishing_does(document: bytes) -> None:
    stored = store("a.json", document, 0, GZIP)
    assert gzip.decompress(stored.body) == document
    assert stored.headers["content-encoding"] == "gzip"
    assert stored.headers["content-length"] == str(len(stored.body))
    assert stored.etag == store("a.json", document, 9, GZIP).etag


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
    assert publish_error("a.json", b"{}", PLAIN, "data/a.json") is None
    line = publish_error("a.json", b"{", PLAIN, "data/a.json")
    assert line is not None
    assert line.startswith("data/a.json: not JSON")
    assert "\n" not in line
    assert publish_error("a.txt", b"{", PLAIN, "data/a.txt") is None


def test_publishing_objects_to_what_is_too_large() -> None:
    large = b'"' + b"x" * API_PAYLOAD_BYTES + b'"'
    assert "more than" in (publish_error("a", large, PLAIN, "a") or "")
    assert publish_error("a", large, GZIP, "a") is None
