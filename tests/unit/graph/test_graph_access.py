"""Domain names, lists, buckets that the request names, and conditional roles are drawn."""

from typing import Any

import pytest

from graph_reader import Drawn, read
from graph_templates import Content, of
from readmodel_cfn import ReadModel
from readmodel_cfn.analysis.graph import flowchart

PATH = "arn:${AWS::Partition}:apigateway:${AWS::Region}:s3:path"


def draw(template: Content) -> Drawn:
    return read(flowchart(template))


def with_domain(closed: bool) -> Content:
    template = of(ReadModel())
    resources = template["Resources"]
    (stage,) = (name for name, own in resources.items() if own["Type"].endswith("::Stage"))
    resources["ApiGateway"]["Properties"]["DisableExecuteApiEndpoint"] = closed
    resources["Domain"] = {
        "Type": "AWS::ApiGateway::DomainName",
        "Properties": {"DomainName": "facts.example.com"},
    }
    mapping = {
        "DomainName": {"Ref": "Domain"},
        "RestApiId": {"Ref": "ApiGateway"},
        "BasePath": "v9",
    }
    resources["Mapping"] = {
        "Type": "AWS::ApiGateway::BasePathMapping",
        "Properties": {**mapping, "Stage": {"Ref": stage}},
    }
    return template


@pytest.mark.parametrize("closed", [True, False])
def test_readers_come_by_the_domain_name(closed: bool) -> None:
    drawn = draw(with_domain(closed))
    assert drawn.between("readers", "Domain") == [(["facts.example.com/v9"], True)]
    (way,) = (target for source, target, _, _ in drawn.arrows if source == drawn.of("Domain"))
    assert bool(drawn.between("readers", drawn.nodes[way][0])) != closed


def with_uri(uri: str, **parameters: str) -> Content:
    template = of(ReadModel())
    for own in template["Resources"].values():
        if own["Type"].endswith("::Method") and own["Properties"]["HttpMethod"] == "GET":
            own["Properties"]["Integration"]["Uri"] = {"Fn::Sub": uri}
            own["Properties"]["Integration"]["RequestParameters"] = parameters
    return template


@pytest.mark.parametrize(
    ("uri", "bucket"), [(f"{PATH}//", "all buckets"), (f"{PATH}/${{DataStore}}", "DataStore")]
)
def test_a_list_is_drawn_as_one(uri: str, bucket: str) -> None:
    drawn = draw(with_uri(uri))
    assert "lists" in drawn.between("/samples", bucket)[0][0]


def test_a_bucket_that_the_request_names_is_any_bucket() -> None:
    mapped = {"integration.request.path.b": "method.request.header.X"}
    drawn = draw(with_uri(f"{PATH}/{{b}}/k.json", **mapped))
    assert drawn.between("/samples", "any bucket") == [(["k.json"], True)]


@pytest.mark.parametrize(
    "roles",
    [
        [{"Fn::If": ["A", {"Ref": "R1"}, {"Ref": "R2"}]}],
        {"Fn::If": ["A", [{"Ref": "R1"}], [{"Ref": "R2"}]]},
    ],
)
def test_a_policy_of_a_condition_belongs_to_both_roles(roles: Any) -> None:
    template: Content = {
        "Resources": {
            **{
                name: {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name}}
                for name in ("R1", "R2")
            },
            "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Roles": roles}},
        }
    }
    picture = flowchart(template)
    assert "elsewhere" not in picture
    assert draw(template).of("R1") == draw(template).of("R2")
