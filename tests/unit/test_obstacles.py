"""Obstacles: what an update would fail on half way, told before it begins, and the way out."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from articles import article_template
from readmodel_cfn import DataStore, GatewayRole, ReadModel, Route, Writer, build_template, render
from readmodel_cfn.deploy.obstacles import Obstacle, obstacles
from readmodel_cfn.deploy.physical_names import NAMINGS
from strategies import read_models

Template = dict[str, Any]
slow = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def content(model: ReadModel) -> Template:
    parsed: Template = json.loads(render(build_template(model), "compact"))
    return parsed


def routes(*paths: str) -> Template:
    """The template of routes whose keys are their paths."""
    made = (Route(path, f"{path.replace('+}', '}')}.json") for path in paths)
    return content(ReadModel(routes=tuple(made)))


def template(**resources: tuple[str, Mapping[str, Any]]) -> Template:
    """A template of resources: type and properties."""
    return {
        "Resources": {
            title: {"Type": kind, "Properties": dict(properties)}
            for title, (kind, properties) in resources.items()
        }
    }


API = {"RestApiId": {"Ref": "Api"}}
ROOT = {"Fn::GetAtt": ["Api", "RootResourceId"]}


def part(path_part: Any, parent: Any = ROOT) -> tuple[str, dict[str, Any]]:
    return "AWS::ApiGateway::Resource", {**API, "ParentId": parent, "PathPart": path_part}


def where(before: Template, after: Template) -> list[str]:
    return [one.where for one in obstacles(before, after)]


# What holds for every read model.


def test_a_new_stack_has_none() -> None:
    assert obstacles(None, content(ReadModel())) == []


@slow
@given(read_models)
def test_a_template_has_none_against_itself(model: ReadModel) -> None:
    assert obstacles(content(model), content(model)) == []


@slow
@given(read_models, st.data())
def test_added_and_removed_routes_have_none(model: ReadModel, data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(model.routes), min_size=1, unique=True))
    fewer = replace(model, routes=tuple(kept))
    assert obstacles(content(fewer), content(model)) == []
    assert obstacles(content(model), content(fewer)) == []


@slow
@given(read_models, st.data())
def test_a_renamed_parameter_always_has_one(model: ReadModel, data: st.DataObject) -> None:
    names = {name for route in model.routes for name in re.findall(r"\{(\w+)\+?\}", route.path)}
    assume(names)
    name = data.draw(st.sampled_from(sorted(names)))
    renamed = [
        replace(
            route,
            path=re.sub(rf"\{{{name}(\+?)\}}", r"{renamed\1}", route.path),
            key=route.key.replace(f"{{{name}}}", "{renamed}"),
        )
        for route in model.routes
    ]
    assert obstacles(content(model), content(replace(model, routes=tuple(renamed))))


# Path parts.


def test_a_parameter_renamed_in_place_is_told_with_both_ways_out() -> None:
    (found,) = obstacles(routes("products/{id}"), routes("products/{sku}"))
    assert found == Obstacle(
        "ProductsSku99CE1545Resource",
        "products/{sku} would be made while {id} is still there: API Gateway takes one variable "
        "at one place",
        "name it {id}, or deploy once without products/{sku} and all below it, then once more "
        "with it",
    )


def test_the_way_out_has_no_obstacle() -> None:
    steps = [routes(*paths) for paths in (["a", "p/{id}"], ["a"], ["a", "p/{sku}"])]
    assert obstacles(steps[0], steps[1]) == obstacles(steps[1], steps[2]) == []
    assert obstacles(steps[0], steps[2]) != []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{id}", "{sku}"),
        ("{id}", "{rest+}"),
        ("{rest+}", "{id}"),
        ("{id}/reviews", "{sku}/reviews"),
    ],
)
def test_one_variable_a_place_whatever_its_kind_and_what_is_below(before: str, after: str) -> None:
    (found,) = obstacles(routes(before), routes(after))
    assert f"{after.partition('/')[0]} would be made" in found.what


def test_variables_at_other_places_are_nobodys_concern() -> None:
    assert obstacles(routes("a/{id}"), routes("b/{sku}", "a/b/{rest+}")) == []


def test_below_a_part_that_is_made_anew_there_is_nothing_yet() -> None:
    before = template(A=part("a"), B=part("{id}", {"Ref": "A"}), C=part("c", {"Ref": "B"}))
    for below in ("{sku}", "{id}"):
        after = template(A=part("x"), B=part(below, {"Ref": "A"}), D=part("c", {"Ref": "B"}))
        assert obstacles(before, after) == []


def test_a_part_changed_under_its_logical_id_is_made_before_the_old_one_goes() -> None:
    assert where(template(A=part("{id}")), template(A=part("{sku}"))) == ["A"]
    assert where(template(A=part("a")), template(A=part("b"))) == []


def test_a_part_under_another_logical_id_is_taken() -> None:
    (found,) = obstacles(template(A=part("a")), template(B=part("a")))
    assert found.what == "a would be made while A still has it"
    assert found.hint.startswith("call it A, or deploy once without a ")


def test_two_parts_that_change_places_are_both_taken() -> None:
    before, after = template(A=part("a"), B=part("b")), template(A=part("b"), B=part("a"))
    assert where(before, after) == ["A", "B"]


def test_beside_a_variable_that_stays_only_its_own_name_helps() -> None:
    before = template(A=part("{id}"))
    (found,) = obstacles(before, template(A=part("{id}"), B=part("{sku}")))
    assert found.hint == "name it {id}"


def test_two_apis_do_not_share_their_parts() -> None:
    kind, properties = part("{sku}")
    other = (kind, {**properties, "RestApiId": {"Ref": "Other"}})
    assert where(template(A=part("{id}")), template(B=other)) == []


def test_parts_of_functions_are_compared_but_are_no_variables() -> None:
    before = template(A=part({"Ref": "One"}))
    assert where(before, template(B=part({"Ref": "Two"}))) == []
    assert where(before, template(B=part({"Ref": "One"}))) == ["B"]
    assert where(before, template(B=part("{id}"))) == []


def test_parts_in_a_circle_are_no_reason_to_go_round() -> None:
    circle = {"A": part("a", {"Ref": "B"}), "B": part("b", {"Ref": "A"})}
    before = template(**circle, C=part("{id}", {"Ref": "A"}))
    assert where(before, template(**circle, D=part("{sku}", {"Ref": "A"}))) == ["D"]


# Fixed names.


def named(kind: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A resource of the type with its name fixed, as a function as the article's are."""
    name = {"Fn::Join": ["", [{"Ref": "StackName"}, "-x"]]}
    return kind, {**dict.fromkeys(NAMINGS[kind].names[0], name), **more}


@pytest.mark.parametrize("kind", NAMINGS)
def test_a_name_that_moves_to_another_logical_id_is_taken(kind: str) -> None:
    (found,) = obstacles(template(A=named(kind)), template(B=named(kind)))
    assert found.where == "B"
    assert "is still A's when it is made" in found.what
    assert "call it A" in found.hint


@pytest.mark.parametrize(
    ("kind", "property_"), [(kind, name) for kind, one in NAMINGS.items() for name in one.others]
)
def test_what_is_made_anew_cannot_keep_its_name(kind: str, property_: str) -> None:
    before, after = template(A=named(kind)), template(A=named(kind, **{property_: "new"}))
    (found,) = obstacles(before, after)
    assert found.where == "A"
    assert f"to change its {property_} it is made anew" in found.what
    assert found.hint == f"give it another name, or leave {property_} as before"


def test_a_bucket_that_keeps_its_name_cannot_move_to_the_accounts_name_space() -> None:
    before = template(A=named("AWS::S3::Bucket"))
    after = template(A=named("AWS::S3::Bucket", BucketNamespace="account-regional"))
    assert where(before, after) == ["A"]


def test_a_prefix_in_the_accounts_name_space_is_a_name_too() -> None:
    prefix = {"BucketNamePrefix": "shop", "BucketNamespace": "account-regional"}
    before, after = (template(**{title: ("AWS::S3::Bucket", prefix)}) for title in "AB")
    assert where(before, after) == ["B"]


def test_another_name_another_type_and_other_properties_are_no_matter() -> None:
    before = template(A=named("AWS::IAM::Role"))
    assert where(before, template(A=named("AWS::IAM::Role", RoleName="y", Path="/x/"))) == []
    assert where(before, template(B=named("AWS::IAM::User"))) == []
    assert where(before, template(A=named("AWS::IAM::Role", MaxSessionDuration=7200))) == []


def test_what_cloudformation_names_may_be_made_anew() -> None:
    unnamed = {"RoleName": {"Ref": "AWS::NoValue"}}
    before = template(A=("AWS::IAM::Role", unnamed), B=("AWS::IAM::Role", {}))
    after = template(
        A=("AWS::IAM::Role", {**unnamed, "Path": "/x/"}), B=("AWS::IAM::Role", {"Path": "/x/"})
    )
    assert where(before, after) == []


def test_a_stages_name_is_its_apis() -> None:
    stage, other = named("AWS::ApiGateway::Stage"), named("AWS::ApiGateway::Stage", RestApiId="b")
    assert where(template(A=stage), template(B=other)) == []


def test_where_a_condition_decides_nothing_is_claimed() -> None:
    role = named("AWS::IAM::Role")
    before, after = template(A=role), template(B=role)
    conditional = copy.deepcopy(before)
    conditional["Resources"]["A"]["Condition"] = "Sometimes"
    assert where(conditional, after) == []
    if_ = {"Fn::If": ["Sometimes", "a", {"Ref": "AWS::NoValue"}]}
    before, after = (template(A=named("AWS::IAM::Role", RoleName=if_, Path=path)) for path in "ab")
    assert where(before, after) == []


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("DataStore", ReadModel(data_store=DataStore(name="shop"))),
        ("ApiGatewayRole", ReadModel(gateway_role=GatewayRole(name="shop"))),
        ("DataStoreWriter", ReadModel(writer=Writer(name="shop"))),
        ("ApiGatewayStage", ReadModel()),
    ],
)
def test_the_fixed_names_of_a_read_model_are_known(name: str, model: ReadModel) -> None:
    before = content(model)
    after = copy.deepcopy(before)
    after["Resources"]["Other"] = after["Resources"].pop(name)
    assert where(before, after) == ["Other"]


# The article's stage.


def test_an_articles_stack_cannot_become_one_with_a_stage_of_its_own() -> None:
    (found,) = obstacles(article_template(), content(ReadModel()))
    assert found.where == "ApiGatewayStage"
    assert found.what.startswith("the stage exists")
    assert found.hint.startswith("deploy under another stack name")


def test_nor_can_one_with_a_stage_of_its_own_become_an_articles() -> None:
    """Its Deployment would lead the stage on, which then goes with its resource."""
    found = obstacles(content(ReadModel()), article_template())
    (stage,) = (one for one in found if one.where == "ApiGatewayStage")
    assert "would be deleted at the end" in stage.what
    assert "another stack name" in stage.hint


@pytest.mark.parametrize(
    ("deployment", "stage", "expected"),
    [
        ({"StageName": "v1"}, "v1", ["Stage"]),
        ({"StageName": "v1"}, "v2", []),
        ({}, "v1", []),
        ({"StageName": "v1", "RestApiId": "other"}, "v1", []),
    ],
)
def test_the_same_stage_of_the_same_api_is_meant(
    deployment: Mapping[str, Any], stage: str, expected: list[str]
) -> None:
    before = template(Deployment=("AWS::ApiGateway::Deployment", {**API, **deployment}))
    after = template(Stage=("AWS::ApiGateway::Stage", {**API, "StageName": stage}))
    assert where(before, after) == expected


def test_a_stage_that_is_a_resource_already_is_no_new_one() -> None:
    both = template(
        Deployment=("AWS::ApiGateway::Deployment", {**API, "StageName": "v1"}),
        Stage=("AWS::ApiGateway::Stage", {**API, "StageName": "v1"}),
    )
    assert where(both, both) == []
