"""Conditional reads: the table of RFC 9110, 13.2.2, with the forms that clients send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.serve.conditions import status

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
def test_the_table(headers: dict[str, str], expected: int) -> None:
    assert status(headers, ETAG, MODIFIED) == expected


@given(
    st.dictionaries(
        st.sampled_from(["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]),
        st.text(max_size=40),
    )
)
def test_whatever_a_client_sends_has_an_answer(headers: dict[str, str]) -> None:
    assert status(headers, ETAG, MODIFIED) in (200, 304, 412)


@given(st.lists(st.text("abcdef0123456789", min_size=1), min_size=1, unique=True), st.data())
def test_a_list_matches_each_of_its_tags(tags: list[str], data: st.DataObject) -> None:
    own = data.draw(st.sampled_from(tags))
    listed = ", ".join(f'"{tag}"' for tag in tags)
    assert status({"if-none-match": listed}, f'"{own}"', MODIFIED) == 304
    assert status({"if-match": listed}, f'"{own}"', MODIFIED) == 200
    assert status({"if-none-match": listed}, '"xyz"', MODIFIED) == 200
