"""Policy documents in every form that IAM takes, and IAM's patterns."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.patterns import before_star, covers
from readmodel_cfn.cloudformation.policies import Document, Statement, parse_policy
from readmodel_cfn.cloudformation.values import PartialText


def policy(statement: Any) -> Document:
    return parse_policy({"Statement": statement}, "Role", "Policy", Evaluator({}))


def one(**elements: Any) -> Statement:
    document = policy({"Effect": "Allow", **elements})
    assert document.complete
    (statement,) = document.statements
    return statement


def sub(value: str) -> PartialText:
    return Evaluator({}).text({"Fn::Sub": value})


def test_one_statement_may_stand_for_a_list() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject"}
    (alone,) = policy(statement).statements
    (listed,) = policy([statement]).statements
    assert (alone.path, listed.path) == ("Policy/Statement", "Policy/Statement/0")
    assert alone.actions == listed.actions == ("s3:GetObject",)


def test_elements_are_one_value_or_a_list() -> None:
    for value in ("s3:GetObject", ["s3:GetObject"]):
        statement = one(Action=value, Resource=value)
        assert statement.actions == ("s3:GetObject",)
        assert statement.resources == ("s3:GetObject",)
    assert one(Action=["a", {"Ref": "AWS::NoValue"}, "b"]).actions == ("a", "b")


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", (("", "*"),)),
        ({"AWS": "*"}, (("AWS", "*"),)),
        ({"AWS": ["1", "2"], "Service": "s"}, (("AWS", "1"), ("AWS", "2"), ("Service", "s"))),
        ({"Service": {"Fn::Sub": "a.${X}"}}, (("Service", sub("a.${X}")),)),
        (None, ()),
    ],
)
def test_principals_are_pairs_of_kind_and_name(principal: Any, expected: Any) -> None:
    assert one(Principal=principal).principals == expected


def test_conditions_are_operator_key_and_values() -> None:
    statement = one(Condition={"StringLike": {"s3:prefix": ["a*", "b"]}, "Bool": {"k": False}})
    assert statement.conditions == (
        ("StringLike", "s3:prefix", ("a*", "b")),
        ("Bool", "k", ("false",)),
    )


def test_what_a_statement_says_by_exclusion_is_named() -> None:
    statement = one(NotAction="a", NotResource="b", NotPrincipal="c")
    assert statement.all_but == ("NotPrincipal", "NotAction", "NotResource")
    assert one(Action="a").all_but == ()


def test_actions_match_by_pattern_whatever_their_case() -> None:
    statement = one(Action=["S3:Get*", "s3:Put?bject", "sqs:*"])
    assert statement.may("s3:GetObject")
    assert statement.may("s3:PutObject")
    assert not statement.may("s3:DeleteObject")
    assert statement.wildcards == ["S3:Get*", "s3:Put?bject"]


@pytest.mark.parametrize(
    "statement",
    [
        {"Fn::If": ["C", {}, {}]},
        [{"Fn::If": ["C", {}, {}]}],
        ["text"],
        [{"Effect": "Allow", "Principal": 5}],
        [{"Effect": "Allow", "Condition": {"Bool": "x"}}],
        {"Ref": "Statements"},
    ],
)
def test_a_policy_with_a_statement_that_is_not_known_is_not_complete(statement: Any) -> None:
    assert not policy(statement).complete


def test_the_other_statements_of_an_incomplete_policy_are_read() -> None:
    document = policy(["text", {"Effect": "Allow", "Action": "a"}])
    assert [statement.path for statement in document.statements] == ["Policy/Statement/1"]


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
        ("*", sub("${A}")),
        (sub("a${A}*"), sub("a${A}b")),
        ("a*b", sub("a${A}b")),
    ],
)
def test_the_wider_pattern_covers(wide: PartialText, narrow: PartialText) -> None:
    assert covers(wide, narrow)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("a", "b"),
        ("a", ""),
        ("a*c", "a*"),
        ("a?c", "a*c"),
        ("*.json", "*"),
        ("", "*"),
        ("a?", "a"),
        ("?", sub("${A}")),
        (sub("${A}"), sub("${B}")),
        (sub("${!A}"), sub("${A}")),
        (sub("${A}"), "a"),
    ],
)
def test_the_narrower_pattern_does_not_cover(wide: PartialText, narrow: PartialText) -> None:
    assert not covers(wide, narrow)


@given(st.text("ab*?/", max_size=8), st.text("ab*?/", max_size=8), st.text("ab/", max_size=8))
def test_what_a_covered_pattern_matches_the_wider_matches_too(
    wide: str, narrow: str, name: str
) -> None:
    if covers(wide, narrow) and covers(narrow, name):
        assert covers(wide, name)


def test_the_beginning_of_a_pattern_ends_at_its_first_star() -> None:
    assert before_star("a/b*c*") == "a/b"
    assert before_star(sub("${A}/b*")) == sub("${A}/b")
