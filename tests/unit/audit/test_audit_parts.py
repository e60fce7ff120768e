"""The parts that the rules stand on: expressions, patterns of keys, statuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.audit.expressions import references, text
from readmodel_cfn.audit.globs import covers
from readmodel_cfn.audit.s3 import Objects, objects_of, s3_uri
from readmodel_cfn.audit.selection import contained, matched
from readmodel_cfn.audit.words import spoken


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        (404, "404"),
        (True, "true"),
        (None, ""),
        ({"Ref": "Store"}, "${Store}"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "${Role.Arn}"),
        ({"Fn::GetAtt": "Role.Arn"}, "${Role.Arn}"),
        ({"Fn::Sub": "a-${Store}-${AWS::Region}"}, "a-${Store}-${AWS::Region}"),
        ({"Fn::Sub": ["${x}/${y}", {"x": {"Ref": "Store"}}]}, "${Store}/${y}"),
        ({"Fn::Join": ["/", ["a", {"Ref": "B"}, {"Fn::Join": ["", ["c", "d"]]}]]}, "a/${B}/cd"),
        ({"Fn::ImportValue": "x"}, "${Fn:Fn:ImportValue=x}"),
        ({"Fn::Join": "x"}, "${Fn:Fn:Join=x}"),
    ],
)
def test_an_expression_is_its_text(value: Any, expected: str) -> None:
    assert text(value, {}) == expected


def test_equal_functions_have_equal_texts_and_others_do_not() -> None:
    one, other = ({"Fn::ImportValue": {"Fn::Sub": name}} for name in ("a", "b"))
    assert text(one, {}) == text({"Fn::ImportValue": {"Fn::Sub": "a"}}, {}) != text(other, {})


def test_references_are_found_at_any_depth() -> None:
    value = {"a": [{"Fn::If": ["C", {"Ref": "X"}, {"Fn::Sub": "${Y.Arn}"}]}]}
    assert list(references(value)) == ["X", "Y.Arn"]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("a", "a"),
        ("*", ""),
        ("*", "a/b"),
        ("a*c", "a*c"),
        ("a*", "a*b"),
        ("a?c", "abc"),
        ("**", "*"),
    ],
)
def test_the_wider_pattern_covers(wide: str, narrow: str) -> None:
    assert covers(wide, narrow)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [("a", "b"), ("a", ""), ("a*c", "a*"), ("a?c", "a*c"), ("*.json", "*"), ("", "*"), ("a?", "a")],
)
def test_the_narrower_pattern_does_not(wide: str, narrow: str) -> None:
    assert not covers(wide, narrow)


@given(st.text("ab*?/", max_size=8), st.text("ab*?/", max_size=8), st.text("ab/", max_size=8))
def test_what_a_covered_pattern_matches_the_wider_matches_too(
    wide: str, narrow: str, name: str
) -> None:
    if covers(wide, narrow) and covers(narrow, name):
        assert covers(wide, name)


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("arn:aws:apigateway:eu-west-1:s3:path/b/k/{id}.json", "b", "k/{id}.json"),
        ("arn:${AWS::Partition}:apigateway:${AWS::Region}:s3:path/${B}/k", "${B}", "k"),
        ("arn:aws:apigateway:eu-west-1:b.s3:path/k/l", "b", "k/l"),
        ("arn:aws:apigateway:eu-west-1:s3:path/b/k?versionId=1", "b", "k"),
        ("arn:aws:apigateway:eu-west-1:s3:path/b", "b", ""),
    ],
)
def test_an_s3_uri_is_a_bucket_and_a_key(uri: str, bucket: str, key: str) -> None:
    found = s3_uri(uri)
    assert found is not None
    assert (found.bucket, found.key) == (bucket, key)


@pytest.mark.parametrize(
    "uri", ["", "http://example.com", "arn:aws:apigateway:eu-west-1:s3:action/ListBuckets"]
)
def test_other_uris_are_none(uri: str) -> None:
    assert s3_uri(uri) is None


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("*", Objects("*", "*")),
        ("arn:aws:s3:::b", Objects("b", None)),
        ("arn:aws:s3:::b/k/*", Objects("b", "k/*")),
        ("arn:aws:s3:::b*", Objects("b*", "*")),
        ("${Fn:ImportValue=x}/k", Objects("${Fn:ImportValue=x}", "k")),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/t", None),
    ],
)
def test_the_resource_of_a_statement_is_a_bucket_and_a_key(arn: str, expected: Objects) -> None:
    assert objects_of(arn) == expected


def test_a_pattern_that_enumerates_statuses_means_the_same_anchored_or_not() -> None:
    pattern = "40[0-2]|40[5-9]|4[1-9][0-9]"
    assert matched(pattern) == contained(pattern) == set(range(400, 500)) - {403, 404}
    assert matched("40") != contained("40")


@pytest.mark.parametrize(
    ("things", "expected"),
    [([], ""), ([1], "1"), ([1, 2], "1 and 2"), ([1, 2, 3], "1, 2 and 3")],
)
def test_lists_are_spoken(things: list[int], expected: str) -> None:
    assert spoken(things) == expected


def test_a_long_list_is_cut() -> None:
    assert spoken(range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8 and 3 more"
