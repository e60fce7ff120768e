"""Obstacles: updates that CloudFormation would fail, found before they start."""

import copy
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from articles import article_template
from facts import missing
from readmodel_cfn import (
    Access,
    DataStore,
    GatewayRole,
    ReadModel,
    Route,
    Writer,
    build_template,
    render,
)
from readmodel_cfn.deploy.obstacles import obstacles
from readmodel_cfn.deploy.physical_names import NAMINGS
from strategies import read_models

Template = dict[str, Any]


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
    return [obstacle.where for obstacle in obstacles(before, after)]


# What holds for every read model.


def test_new_stack_has_no_obstacles() -> None:
    assert obstacles(None, content(ReadModel())) == []


@given(read_models)
def test_unchanged_template_has_no_obstacles(model: ReadModel) -> None:
    assert obstacles(content(model), content(model)) == []


@given(read_models, st.data())
def test_added_and_removed_routes_have_no_obstacles(model: ReadModel, data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(model.routes), min_size=1, unique=True))
    fewer = replace(model, routes=tuple(kept))
    assert obstacles(content(fewer), content(model)) == []
    assert obstacles(content(model), content(fewer)) == []


@given(read_models, st.data())
def test_renamed_path_parameter_is_an_obstacle(model: ReadModel, data: st.DataObject) -> None:
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


def test_renamed_path_parameter_has_two_remedies() -> None:
    (found,) = obstacles(routes("products/{id}"), routes("products/{sku}"))
    assert found.where == "ProductsSku99CE1545Resource"
    assert missing(["products/{sku}", "{id}"], found.what) == []
    assert missing(["{id}", "products/{sku}"], found.hint) == []


def test_following_the_remedy_has_no_obstacles() -> None:
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
def test_different_variables_at_one_place_are_an_obstacle(before: str, after: str) -> None:
    (found,) = obstacles(routes(before), routes(after))
    assert after.partition("/")[0] in found.what


def test_variables_at_other_places_are_no_obstacle() -> None:
    assert obstacles(routes("a/{id}"), routes("b/{sku}", "a/b/{rest+}")) == []


def test_children_of_a_new_resource_have_no_obstacles() -> None:
    before = template(A=part("a"), B=part("{id}", {"Ref": "A"}), C=part("c", {"Ref": "B"}))
    for below in ("{sku}", "{id}"):
        after = template(A=part("x"), B=part(below, {"Ref": "A"}), D=part("c", {"Ref": "B"}))
        assert obstacles(before, after) == []


def test_replaced_path_part_is_created_before_the_old_one_is_deleted() -> None:
    assert where(template(A=part("{id}")), template(A=part("{sku}"))) == ["A"]
    assert where(template(A=part("a")), template(A=part("b"))) == []


def test_path_part_under_another_logical_id_is_an_obstacle() -> None:
    (found,) = obstacles(template(A=part("a")), template(B=part("a")))
    assert found.where == "B"
    assert "A" in found.what
    assert "A" in found.hint


def test_swapped_path_parts_are_both_obstacles() -> None:
    before, after = template(A=part("a"), B=part("b")), template(A=part("b"), B=part("a"))
    assert where(before, after) == ["A", "B"]


def test_second_variable_beside_an_unchanged_one_must_have_its_name() -> None:
    before = template(A=part("{id}"))
    (found,) = obstacles(before, template(A=part("{id}"), B=part("{sku}")))
    assert "{id}" in found.hint
    assert "{sku}" not in found.hint


def test_same_path_part_of_two_apis_is_no_obstacle() -> None:
    kind, properties = part("{sku}")
    other = (kind, {**properties, "RestApiId": {"Ref": "Other"}})
    assert where(template(A=part("{id}")), template(B=other)) == []


def test_path_parts_made_by_functions_are_no_variables() -> None:
    before = template(A=part({"Ref": "One"}))
    assert where(before, template(B=part({"Ref": "Two"}))) == []
    assert where(before, template(B=part({"Ref": "One"}))) == ["B"]
    assert where(before, template(B=part("{id}"))) == []


def test_circular_path_parts_are_handled() -> None:
    circle = {"A": part("a", {"Ref": "B"}), "B": part("b", {"Ref": "A"})}
    before = template(**circle, C=part("{id}", {"Ref": "A"}))
    assert where(before, template(**circle, D=part("{sku}", {"Ref": "A"}))) == ["D"]


# Fixed names.


def named(kind: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A resource of the type with its name fixed, as a function as the article's are."""
    name = {"Fn::Join": ["", [{"Ref": "StackName"}, "-x"]]}
    return kind, {**dict.fromkeys(NAMINGS[kind].names[0], name), **more}


@pytest.mark.parametrize("kind", NAMINGS)
def test_name_moved_to_another_logical_id_is_an_obstacle(kind: str) -> None:
    (found,) = obstacles(template(A=named(kind)), template(B=named(kind)))
    assert found.where == "B"
    assert "A" in found.what
    assert "A" in found.hint


@pytest.mark.parametrize(
    ("kind", "property_"),
    [(kind, name) for kind, fixed in NAMINGS.items() for name in fixed.others],
)
def test_replaced_resource_with_a_fixed_name_is_an_obstacle(kind: str, property_: str) -> None:
    before, after = template(A=named(kind)), template(A=named(kind, **{property_: "new"}))
    (found,) = obstacles(before, after)
    assert found.where == "A"
    assert property_ in found.what
    assert property_ in found.hint


def test_bucket_moved_to_the_account_namespace_under_its_name_is_an_obstacle() -> None:
    before = template(A=named("AWS::S3::Bucket"))
    after = template(A=named("AWS::S3::Bucket", BucketNamespace="account-regional"))
    assert where(before, after) == ["A"]


def test_account_namespace_prefix_is_a_fixed_name() -> None:
    prefix = {"BucketNamePrefix": "shop", "BucketNamespace": "account-regional"}
    before, after = (template(**{title: ("AWS::S3::Bucket", prefix)}) for title in "AB")
    assert where(before, after) == ["B"]


def test_other_name_type_or_property_is_no_obstacle() -> None:
    before = template(A=named("AWS::IAM::Role"))
    assert where(before, template(A=named("AWS::IAM::Role", RoleName="y", Path="/x/"))) == []
    assert where(before, template(B=named("AWS::IAM::User"))) == []
    assert where(before, template(A=named("AWS::IAM::Role", MaxSessionDuration=7200))) == []


def test_resource_with_a_generated_name_may_be_replaced() -> None:
    unnamed = {"RoleName": {"Ref": "AWS::NoValue"}}
    before = template(A=("AWS::IAM::Role", unnamed), B=("AWS::IAM::Role", {}))
    after = template(
        A=("AWS::IAM::Role", {**unnamed, "Path": "/x/"}), B=("AWS::IAM::Role", {"Path": "/x/"})
    )
    assert where(before, after) == []


def test_resource_keeps_its_type() -> None:
    before, after = template(A=("AWS::IAM::User", {})), template(A=("AWS::IAM::Role", {}))
    (found,) = obstacles(before, after)
    assert found.where == "A"
    assert "AWS::IAM::User" in found.what
    assert where(before, template(B=("AWS::IAM::Role", {}))) == []


def test_stage_name_is_unique_in_its_api_only() -> None:
    stage, other = named("AWS::ApiGateway::Stage"), named("AWS::ApiGateway::Stage", RestApiId="b")
    assert where(template(A=stage), template(B=other)) == []


def test_conditional_resources_are_no_obstacles() -> None:
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
def test_fixed_names_of_a_read_model_are_obstacles(name: str, model: ReadModel) -> None:
    before = content(model)
    after = copy.deepcopy(before)
    after["Resources"]["Other"] = after["Resources"].pop(name)
    assert where(before, after) == ["Other"]


# The writer's access keys: IAM allows two for a user, and deletes come last.


def with_key(serial: int, *, keep: bool = False) -> Template:
    writer = Writer(serial=serial, keep_previous_key=keep)
    return content(ReadModel(writer=writer))


def of_older_version(serial: int) -> Template:
    """The template of a version that had one logical ID for every serial number."""
    made = with_key(1)
    made["Resources"]["DataStoreWriterAccessKey"]["Properties"]["Serial"] = serial
    return made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (with_key(1), with_key(2)),
        (with_key(1), with_key(2, keep=True)),
        (with_key(1), with_key(3)),
        (with_key(2, keep=True), with_key(2)),
        (with_key(2, keep=True), with_key(1)),
        (with_key(2), with_key(1)),
        (with_key(2), with_key(3, keep=True)),
        (of_older_version(2), with_key(2)),
        (of_older_version(2), with_key(3)),
        (with_key(1), content(ReadModel(writer=Writer(kind="none")))),
    ],
)
def test_two_access_keys_are_no_obstacle(before: Template, after: Template) -> None:
    assert where(before, after) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (with_key(1), with_key(3, keep=True)),
        (with_key(2, keep=True), with_key(3)),
        (with_key(2, keep=True), with_key(3, keep=True)),
        (of_older_version(2), with_key(2, keep=True)),
        (of_older_version(2), with_key(3, keep=True)),
    ],
)
def test_third_access_key_is_an_obstacle(before: Template, after: Template) -> None:
    # boto3 returns a deployed template as OrderedDict.
    deployed = json.loads(json.dumps(before), object_pairs_hook=OrderedDict)
    (found,) = obstacles(deployed, after)
    assert found.where.startswith("DataStoreWriterAccessKey")
    assert missing(["keep_previous_key", "serial"], found.hint) == []


def test_access_keys_of_another_user_are_no_obstacle() -> None:
    def keys(*users: str) -> Template:
        made = {f"Key{i}": ("AWS::IAM::AccessKey", {"UserName": u}) for i, u in enumerate(users)}
        return template(**made)

    assert where(keys("a", "a"), keys("a", "a", "b", "b")) == []
    assert where(keys("a", "a"), keys("b", "b")) == []
    assert where(keys("a", "a"), keys("a", "a", "a")) == ["Key2"]


# The article's stage.


def test_article_stack_with_a_separate_stage_is_an_obstacle() -> None:
    (found,) = obstacles(article_template(), content(ReadModel()))
    assert found.where == "ApiGatewayStage"


def test_separate_stage_moved_into_the_deployment_is_an_obstacle() -> None:
    """The stage resource would be deleted at the end of the update, and the stage with it."""
    found = obstacles(content(ReadModel()), article_template())
    (stage,) = (obstacle for obstacle in found if obstacle.where == "ApiGatewayStage")
    assert stage.hint


@pytest.mark.parametrize(
    ("deployment", "stage", "expected"),
    [
        ({"StageName": "v1"}, "v1", ["Stage"]),
        ({"StageName": "v1"}, "v2", []),
        ({}, "v1", []),
        ({"StageName": "v1", "RestApiId": "other"}, "v1", []),
    ],
)
def test_new_stage_is_an_obstacle_only_with_the_same_name_and_api(
    deployment: Mapping[str, Any], stage: str, expected: list[str]
) -> None:
    before = template(Deployment=("AWS::ApiGateway::Deployment", {**API, **deployment}))
    after = template(Stage=("AWS::ApiGateway::Stage", {**API, "StageName": stage}))
    assert where(before, after) == expected


def test_existing_stage_resource_is_no_obstacle() -> None:
    both = template(
        Deployment=("AWS::ApiGateway::Deployment", {**API, "StageName": "v1"}),
        Stage=("AWS::ApiGateway::Stage", {**API, "StageName": "v1"}),
    )
    assert where(both, both) == []


# Resource policies.


def test_resource_policy_is_replaced_and_not_removed() -> None:
    """CloudFormation leaves the old one, so whom it allows could still read."""
    plain = ReadModel()
    partner = replace(plain, access=Access(auth="iam", principals=("123456789012",)))
    alone = replace(plain, access=Access(auth="iam"))
    every = replace(plain, access=Access(source_ips=("0.0.0.0/0", "::/0")))
    for model in (plain, alone):
        assert [each.where for each in obstacles(content(partner), content(model))] == [
            "ApiGateway"
        ]
        assert obstacles(content(model), content(partner)) == []
    assert obstacles(content(partner), content(every)) == []
