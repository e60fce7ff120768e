"""Intrinsic functions: what each gives, what stays unknown, and what is wrong."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.cloudformation.evaluate import (
    Evaluator,
    Unreadable,
    parameter_values,
    show,
)
from readmodel_cfn.cloudformation.resources import references, resources
from readmodel_cfn.cloudformation.values import Text, Unknown, fill, is_known, reference_of, walk

NOTHING = {"Ref": "AWS::NoValue"}
TEMPLATE: dict[str, Any] = {
    "Mappings": {
        "Sizes": {"eu-west-1": {"small": 1, "names": ["a", "b"]}, "1": {"2": "by number"}}
    },
    "Conditions": {
        "Yes": {"Fn::Equals": ["a", "a"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Live": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Open": {"Fn::Equals": [{"Ref": "Missing"}, "x"]},
        "Same": {"Fn::Equals": [{"Ref": "Missing"}, {"Ref": "Missing"}]},
        "Numbers": {"Fn::Equals": [1, "1"]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "Open"}]},
        "Neither": {"Fn::And": [{"Condition": "No"}, {"Condition": "Open"}]},
        "Either": {"Fn::Or": [{"Condition": "Open"}, {"Condition": "Yes"}]},
        "Perhaps": {"Fn::Or": [{"Condition": "Open"}, {"Condition": "No"}]},
        "Itself": {"Fn::Not": [{"Condition": "Itself"}]},
        "Odd": {"Fn::Xor": [{"Condition": "Yes"}]},
    },
    "Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi"},
        "Bucket": {"Type": "AWS::S3::Bucket"},
    },
}
VALUES = {
    "Stage": "prod",
    "AWS::Region": "eu-west-1",
    "List": ["x", "y"],
    "Role.Arn": "arn:role",
    "Partial": Text(("a-", Unknown("Missing"))),
}
EVALUATOR = Evaluator(TEMPLATE, VALUES)


def shown(value: Any) -> Any:
    """An evaluated value with unknown parts as Fn::Sub writes them."""
    return fill(EVALUATOR.evaluate(value), str)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "List"}, ["x", "y"]),
        (NOTHING, None),
        ([1, NOTHING, 2], [1, 2]),
        ({"a": NOTHING, "b": None}, {"b": None}),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "arn:role"),
        ({"Fn::GetAtt": "Role.Arn"}, "arn:role"),
        ({"Fn::Sub": "a-${Stage}-${ Stage }"}, "a-prod-prod"),
        ({"Fn::Sub": "${!Stage}-${Stage}"}, "${Stage}-prod"),
        ({"Fn::Sub": "${Role.Arn}/x"}, "arn:role/x"),
        ({"Fn::Sub": ["${x}/${Stage}", {"x": {"Fn::Sub": "${Stage}!"}}]}, "prod!/prod"),
        ({"Fn::Sub": ["${Stage}", {"Stage": "own"}]}, "own"),
        ({"Fn::Sub": ["${x}", {"x": 5}]}, "5"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Stage"}, 7, True]]}, "a/prod/7/true"),
        ({"Fn::Join": ["", ["b", NOTHING, "/k"]]}, "b/k"),
        ({"Fn::Join": ["-", {"Ref": "List"}]}, "x-y"),
        ({"Fn::Join": ["-", {"Fn::Split": ["/", "a/b"]}]}, "a-b"),
        ({"Fn::Join": ["-", []]}, ""),
        ({"Fn::Select": [1, ["a", {"Ref": "Stage"}]]}, "prod"),
        ({"Fn::Select": ["0", {"Ref": "List"}]}, "x"),
        ({"Fn::Split": [",", "a,,b"]}, ["a", "", "b"]),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", "b"]}, "b"),
        ({"Fn::If": ["Live", "a", NOTHING]}, "a"),
        ([{"Fn::If": ["No", "a", NOTHING]}], []),
        ({"Fn::If": ["Open", {"Ref": "Stage"}, "prod"]}, "prod"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]}, 1),
        ({"Fn::FindInMap": ["Sizes", "eu-west-1", "names"]}, ["a", "b"]),
        ({"Fn::FindInMap": ["Sizes", 1, 2]}, "by number"),
        ({"Fn::FindInMap": ["Sizes", "none", "small", {"DefaultValue": "d"}]}, "d"),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::Length": [1, 2, 3]}, 3),
        ({"Fn::Length": {"Ref": "List"}}, 2),
        ({"Fn::ToJsonString": {"a": [{"Ref": "Stage"}]}}, '{"a":["prod"]}'),
        (
            {"Fn::ForEach::Each": ["X", ["a", "b-c"], {"N${X}": {"Ref": "X"}, "M&{X}": "${X}"}]},
            {"Na": "a", "Ma": "a", "Nb-c": "b-c", "Mbc": "b-c"},
        ),
        (
            {
                "Fn::ForEach::A": [
                    "X",
                    {"Ref": "List"},
                    {"Fn::ForEach::B": ["Y", [1], {"${X}${Y}": 0}]},
                ]
            },
            {"x1": 0, "y1": 0},
        ),
    ],
)
def test_a_function_gives_its_value(value: Any, expected: Any) -> None:
    assert EVALUATOR.evaluate(value) == expected
    assert is_known(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Bucket"}, "${Bucket}"),
        ({"Ref": "AWS::AccountId"}, "${AWS::AccountId}"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "${Bucket.Arn}"),
        ({"Fn::GetAtt": ["Bucket", {"Ref": "Missing"}]}, "${Fn::GetAtt=Bucket,${Missing}}"),
        ({"Fn::GetAtt": ["Api", "RestApiId"]}, "${Api}"),
        ({"Fn::GetAtt": ["Bucket", "RestApiId"]}, "${Bucket.RestApiId}"),
        ({"Fn::Sub": "${Stage}/${Bucket}/${!x}"}, "prod/${Bucket}/${x}"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Bucket"}, {"Ref": "Stage"}]]}, "a/${Bucket}/prod"),
        ({"Fn::Sub": "${Partial}-${Stage}"}, "a-${Missing}-prod"),
        ({"Fn::Join": ["/", {"Ref": "Missing"}]}, "${Fn::Join=/,${Missing}}"),
        ({"Fn::Select": [0, {"Ref": "Missing"}]}, "${Fn::Select=0,${Missing}}"),
        ({"Fn::Select": [{"Ref": "Missing"}, ["a"]]}, "${Fn::Select=${Missing},a}"),
        ({"Fn::Split": ["/", {"Fn::Sub": "a/${Missing}"}]}, "${Fn::Split=/,a/${Missing}}"),
        ({"Fn::If": ["Open", "a", {"Ref": "Stage"}]}, "${Fn::If=Open,a,prod}"),
        ({"Fn::If": ["Undeclared", 1, 2]}, "${Fn::If=Undeclared,1,2}"),
        (
            {"Fn::FindInMap": ["Sizes", {"Ref": "Missing"}, "x"]},
            "${Fn::FindInMap=Sizes,${Missing},x}",
        ),
        ({"Fn::Base64": {"Ref": "Missing"}}, "${Fn::Base64=${Missing}}"),
        ({"Fn::Length": {"Ref": "Missing"}}, "${Fn::Length=${Missing}}"),
        ({"Fn::ToJsonString": {"a": {"Ref": "Missing"}}}, "${Fn::ToJsonString=a=${Missing}}"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Stage}-bucket"}}, "${Fn::ImportValue=prod-bucket}"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, "${Fn::Cidr=10.0.0.0/16,2,8}"),
        ({"Fn::GetAZs": ""}, "${Fn::GetAZs=}"),
        ({"Fn::Transform": {"Name": "x"}}, "${Fn::Transform=Name=x}"),
        ({"a": 1, "Fn::Transform": {"Name": "x"}}, "${Fn::Transform=Name=x}"),
        ({"Fn::ForEach::Each": ["X", {"Ref": "Missing"}, {}]}, None),
        ("a{{resolve:ssm:/name}}b", "a{{resolve:ssm:/name}}b"),
    ],
)
def test_unknown_value_stays_visible(value: Any, expected: str | None) -> None:
    found = EVALUATOR.evaluate(value)
    assert not is_known(found)
    assert expected is None or shown(value) == expected
    assert not any(isinstance(part, Unknown) and part.problem for _, part in walk(found))


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": ["a"]},
        {"Fn::GetAtt": "Bucket"},
        {"Fn::GetAtt": [["Bucket"], "Arn"]},
        {"Fn::Sub": 5},
        {"Fn::Sub": ["${x}"]},
        {"Fn::Sub": ["${x}", {"x": ["a"]}]},
        {"Fn::Sub": "${List}"},
        {"Fn::Join": "prod"},
        {"Fn::Join": ["-", "prod"]},
        {"Fn::Join": ["-", {"Ref": "Stage"}]},
        {"Fn::Join": ["-", ["a", {"b": "c"}]]},
        {"Fn::Select": [0, "prod"]},
        {"Fn::Select": [0, {"Ref": "Stage"}]},
        {"Fn::Select": [5, ["a"]]},
        {"Fn::Select": ["x", ["a"]]},
        {"Fn::Select": [-1, ["a"]]},
        {"Fn::Split": ["", "a"]},
        {"Fn::Split": ["/", ["a"]]},
        {"Fn::If": ["Yes", "a"]},
        {"Fn::FindInMap": ["Sizes", "eu-west-1", "large"]},
        {"Fn::FindInMap": ["Sizes"]},
        {"Fn::Length": "prod"},
        {"Fn::ToJsonString": "prod"},
        {"Fn::Base64": ["a"]},
    ],
)
def test_a_wrong_argument_is_an_unknown_with_its_problem(value: Any) -> None:
    found = EVALUATOR.evaluate(value)
    assert isinstance(found, Unknown)
    assert found.problem.startswith(next(iter(value)))


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("Yes", True),
        ("No", False),
        ("Live", True),
        ("Open", None),
        ("Same", True),
        ("Numbers", True),
        ("Both", None),
        ("Neither", False),
        ("Either", True),
        ("Perhaps", None),
        ("Itself", None),
        ("Odd", None),
        ("Undeclared", None),
    ],
)
def test_a_condition_holds_or_not_or_is_not_known(name: str, holds: bool | None) -> None:
    assert EVALUATOR.condition(name) is holds


def test_equal_expressions_are_equal_and_others_are_not() -> None:
    written = {"Fn::ImportValue": {"Fn::Sub": "a"}}
    assert EVALUATOR.text(written) == EVALUATOR.text({"Fn::ImportValue": "a"})
    assert EVALUATOR.text(written) != EVALUATOR.text({"Fn::ImportValue": "b"})
    long, longer = ({"Fn::ImportValue": "x" * 1000 + end} for end in "ab")
    assert EVALUATOR.text(long) != EVALUATOR.text(longer)
    assert len(str(EVALUATOR.text(long))) < 500


def test_a_literal_in_braces_is_not_the_reference_of_that_name() -> None:
    literal, reference = (
        EVALUATOR.text({"Fn::Sub": "${!Bucket}"}),
        EVALUATOR.text({"Ref": "Bucket"}),
    )
    assert str(literal) == str(reference) == "${Bucket}"
    assert literal != reference
    assert (reference_of(literal), reference_of(reference)) == (None, "Bucket")


def test_references_are_found_at_any_depth() -> None:
    value = {
        "a": [{"Fn::If": ["C", {"Ref": "X"}, {"Fn::Sub": "${Y.Arn}${!Literal}"}]}],
        "b": {"Fn::Sub": ["${own}${Z}", {"own": {"Fn::GetAtt": "W.Arn"}}]},
        "c": {"Fn::GetAtt": ["V", "Arn"]},
    }
    assert sorted(references(value)) == ["V.Arn", "W.Arn", "X", "Y.Arn", "Z"]


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
PLAIN: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


@given(PLAIN)
def test_a_value_without_functions_is_given_back(value: Any) -> None:
    assert EVALUATOR.evaluate(value) == value


@given(st.lists(st.text("ab-", max_size=4), min_size=1), st.sampled_from(["/", "::", "x"]))
def test_split_gives_back_what_join_joined(items: list[str], delimiter: str) -> None:
    joined = {"Fn::Join": [delimiter, items]}
    assert EVALUATOR.evaluate({"Fn::Split": [delimiter, joined]}) == items


@given(st.lists(st.text("a${}!", max_size=5) | st.sampled_from(["${Stage}", "${Bucket}"])))
def test_a_text_is_the_same_by_sub_and_by_join(parts: list[str]) -> None:
    joined = [{"Fn::Sub": part} for part in parts]
    if all(part.count("{") == part.count("}") for part in parts) and "$" not in "".join(
        part for part in parts if "{" not in part
    ):
        text = EVALUATOR.text({"Fn::Join": ["|", joined]})
        assert text == EVALUATOR.text({"Fn::Sub": "|".join(parts)})


def nested(value: Any, levels: int, wrap: str = "Fn::Join") -> Any:
    for _ in range(levels):
        value = {wrap: ["", [value]]}
    return value


def doubled(levels: int) -> Any:
    value: Any = {"Fn::Sub": "aaaaaaaaaa${Bucket}"}
    for _ in range(levels):
        value = {"Fn::Sub": ["${a}${a}", {"a": value}]}
    return value


def doubled_json(levels: int) -> Any:
    value: Any = {"a": '"' * 10}
    for _ in range(levels):
        value = {"Fn::ToJsonString": [value]}
    return value


LOOP: Any = {"k": "v"}
for level in range(6):
    LOOP = {f"Fn::ForEach::L{level}": [f"X{level}", list(range(100)), {f"${{X{level}}}": LOOP}]}
CONDITIONS = {
    f"C{n}": {"Fn::Equals": [{"Fn::If": [f"C{n + 1}", "a", "b"]}, "a"]} for n in range(1000)
}


@pytest.mark.parametrize(
    "value",
    [
        nested("end", 100_000),
        nested("end", 100_000, "Fn::Unheard"),
        nested("end", 100_000, "a"),
        doubled(40),
        doubled_json(20),
        LOOP,
        {"Fn::If": ["C0", "a", "b"]},
    ],
    ids=["deep", "deep function", "deep object", "doubled", "doubled JSON", "loops", "conditions"],
)
def test_nothing_that_multiplies_or_is_deep_is_evaluated_without_a_bound(value: Any) -> None:
    assert not is_known(Evaluator({"Conditions": CONDITIONS}).evaluate(value))


def test_parameters_have_the_given_value_else_their_default() -> None:
    template = {
        "Parameters": {
            "Default": {"Type": "String", "Default": "d"},
            "Given": {"Type": "String", "Default": "d"},
            "Needed": {"Type": "String"},
            "Number": {"Type": "Number", "Default": 5},
            "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
            "Ids": {"Type": "List<AWS::EC2::Subnet::Id>"},
            "Kept": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/where"},
            "Odd": "text",
        }
    }
    given = {"Given": "g", "Ids": "x,y", "Kept": "/there", "AWS::Region": "eu-west-1"}
    assert parameter_values(template, given) == {
        "Default": "d",
        "Given": "g",
        "Number": "5",
        "List": ["a", "b"],
        "Ids": ["x", "y"],
        "AWS::Region": "eu-west-1",
    }


def test_structure_is_read_through_what_is_decided() -> None:
    chosen = {"Fn::If": ["Yes", {"a": {"Ref": "Stage"}, "b": NOTHING}, {}]}
    assert EVALUATOR.fields(chosen) == {"a": {"Ref": "Stage"}}
    listed = ["a", {"Fn::If": ["No", "b", NOTHING]}, None, "c"]
    assert EVALUATOR.items(listed) == [(0, "a"), (3, "c")]
    assert EVALUATOR.items({"Fn::FindInMap": ["Sizes", "eu-west-1", "names"]}) == [
        (0, "a"),
        (1, "b"),
    ]
    assert EVALUATOR.one_or_more("a") == EVALUATOR.one_or_more(["a"]) == ["a"]
    assert EVALUATOR.fields(None) == {}
    assert EVALUATOR.items(NOTHING) == []


@pytest.mark.parametrize("value", [{"Fn::If": ["Open", {}, {}]}, {"Ref": "Missing"}, "text", [1]])
def test_structure_that_is_not_known_is_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable):
        EVALUATOR.fields(value)
    if not isinstance(value, list):
        with pytest.raises(Unreadable):
            EVALUATOR.items(value)


def test_a_literal_must_be_known() -> None:
    assert EVALUATOR.literal({"Fn::Sub": "${Stage}"}) == "prod"
    with pytest.raises(Unreadable):
        EVALUATOR.literal({"Fn::Sub": "${Bucket}"})


def test_resources_are_those_that_may_exist_with_loops_written_out() -> None:
    template = {
        "Conditions": TEMPLATE["Conditions"],
        "Resources": {
            "Kept": {"Type": "T", "Condition": "Yes"},
            "Perhaps": {"Type": "T", "Condition": "Open", "DependsOn": ["Kept", 5]},
            "Dropped": {"Type": "T", "Condition": "No"},
            "Fn::ForEach::Each": [
                "X",
                ["A", "B"],
                {"Made${X}": {"Type": "T", "DependsOn": "Kept"}},
            ],
            "Fn::ForEach::Unknown": ["X", {"Ref": "Missing"}, {"${X}": {"Type": "T"}}],
            "Unreadable": {"Type": "T", "Properties": {"Fn::If": ["Open", {"a": 1}, {}]}},
            "NoType": {},
            "Text": "text",
        },
    }
    found = resources(template, Evaluator(template))
    assert list(found) == ["Kept", "Perhaps", "MadeA", "MadeB", "Unreadable"]
    assert found["Perhaps"].depends_on == found["MadeA"].depends_on == ("Kept",)
    assert found["Unreadable"].properties == {}


def test_a_value_is_shown_as_sub_writes_it() -> None:
    value = {"a": [{"Fn::Join": ["", [{"Fn::GetAtt": ["Store", "Arn"]}, "/a.json"]]}, {"Ref": "B"}]}
    assert show(value) == {"a": ["${Store.Arn}/a.json", "${B}"]}
    assert json.dumps(show(5)) == "5"
