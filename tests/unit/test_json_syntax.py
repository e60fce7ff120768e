"""The fast check of JSON accepts what the standard library's decoder accepts, and nothing else."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.publish.documents import body_fault
from readmodel_cfn.publish.json_syntax import is_json

TOKENS = [
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"'", b" ", b"\t", b"\n", b"\r", b"\x0b", b"\x00"),
    *(b"\\", b"\\n", b"\\x", b"\\/", b"\\u", b"\\u00e9", b"\\u12", b"\\u+123", b"\\u 123"),
    *(b"\\ud800", b"\\udc00", b"\\uD83D\\uDE00", b"\xed\xa0\x80", b"\xff", b"\xc2\xa0", b"\x7f"),
    *(b"0", b"1", b"-", b"+", b".", b"e", b"01", b"1e5", b"-0.5E-3", b"1e999", b"1" * 5000),
    *(b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity", b"//", b"/**/", b"\x1f"),
    *(b"\xef\xbb\xbf", b"\xe2\x80\xa8", b'"a"', b'"a":', b'"a":1,"a":2', b'"\xc3\xa9"'),
    *(b"[" * 2000, b"]" * 2000, b'{"a":' * 300, b"}" * 300, b"[[]]" * 150),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def refuse(constant: str) -> None:
    raise ValueError(constant)


DECODER = json.JSONDecoder(parse_int=str, parse_constant=refuse)


def is_decoded(body: bytes) -> bool:
    """What was accepted before there was a fast check."""
    try:
        DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        return False
    return True


def assert_same(body: bytes) -> None:
    accepted = is_decoded(body)
    assert (body_fault(body, body, "a.json") is None) == accepted, body
    if is_json(body):
        assert accepted, body


@given(st.lists(st.sampled_from(TOKENS), max_size=8).map(b"".join))
def test_same_tokens_are_accepted(body: bytes) -> None:
    assert_same(body)


@given(VALUES, st.booleans(), st.randoms(use_true_random=False))
def test_same_documents_with_a_fault_are_accepted(
    value: object, ascii_only: bool, randomly: random.Random
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=randomly.choice([None, 1]))
    body = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(randomly.randrange(3)):
        at = randomly.randrange(len(body) + 1)
        body[at : at + randomly.randrange(2)] = randomly.choice(TOKENS[:-5])
    assert_same(bytes(body))


@pytest.mark.parametrize("levels", [1, 99, 100, 101, 200, 201, 250])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"":', "}"), ('[{"]":', "}]")])
def test_levels_that_every_decoder_reads_are_accepted(levels: int, opens: str, closes: str) -> None:
    body = f"{opens * levels}1{closes * levels}".encode()
    assert body_fault(body, body, "a.json") is None
    assert is_json(body) == (levels * len(closes) <= 200)


@pytest.mark.parametrize("text", ["[]" * 3, '"]"', '"\\"[["', '{"[": 1}'])
def test_many_brackets_are_not_many_levels(text: str) -> None:
    body = f"[{','.join([text.replace('[]' * 3, '[[],{}]')] * 500)}]".encode()
    assert is_json(body)
