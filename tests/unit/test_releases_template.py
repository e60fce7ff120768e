"""What [releases] changes in the template."""

import json
from dataclasses import replace
from typing import Any

import pytest
from troposphere import Template
from troposphere import apigateway as ag

from readmodel_cfn import (
    Api,
    Deployment,
    ReadModel,
    Releases,
    Route,
    Writer,
    add_read_model,
    build_template,
    render,
)
from readmodel_cfn.config.changes import changed_settings
from readmodel_cfn.config.file import parse
from readmodel_cfn.config.starter import starter
from readmodel_cfn.deploy.releases import release_notes
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.settings import settings_in

PLAIN = ReadModel(routes=(Route(), Route("products/{id}", "products/{id}.json")))
MODEL = replace(PLAIN, releases=Releases())
PREVIEW = replace(PLAIN, releases=Releases(preview=True))


def content(model: ReadModel) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(build_template(model), "compact"))
    return made


def properties(model: ReadModel, kind: str) -> dict[str, Any]:
    """The properties of the resources of a type, by logical ID."""
    return {
        name: resource["Properties"]
        for name, resource in content(model)["Resources"].items()
        if resource["Type"] == kind
    }


def methods(model: ReadModel) -> list[Any]:
    found = properties(model, "AWS::ApiGateway::Method").values()
    return [method for method in found if method["HttpMethod"] != "OPTIONS"]


def statements(model: ReadModel, kind: str = "AWS::IAM::Policy") -> list[Any]:
    """The statements of the policy of the gateway role, or of the writer."""
    (found,) = properties(model, kind).values()
    (document,) = [
        policy["PolicyDocument"]
        for policy in found.get("Policies", [{"PolicyDocument": found.get("PolicyDocument")}])
    ]
    listed: list[Any] = document["Statement"]
    return listed


def test_integrations_read_the_release_of_the_stage() -> None:
    uris = {
        method["Integration"]["Uri"]["Fn::Sub"].partition("s3:path/")[2]
        for method in methods(MODEL)
    }
    assert uris == {
        "${DataStore}/releases/${!stageVariables.release}/payload.json",
        "${DataStore}/releases/${!stageVariables.release}/products/{id}.json",
    }


def test_variable_is_neither_in_a_stage_nor_a_parameter() -> None:
    assert "Parameters" not in content(PREVIEW)
    for stage in properties(PREVIEW, "AWS::ApiGateway::Stage").values():
        assert "Variables" not in stage


def test_every_response_has_the_release() -> None:
    header = "method.response.header.X-Release"
    for method in methods(MODEL):
        for response in method["Integration"]["IntegrationResponses"]:
            assert response["ResponseParameters"][header] == "stageVariables.release"
        for response in method["MethodResponses"]:
            assert response["ResponseParameters"][header] is False


@pytest.mark.parametrize("origin", ["*", ("https://a.example", "https://b.example")])
def test_pages_of_other_origins_may_read_the_release(origin: Any) -> None:
    exposed = "method.response.header.Access-Control-Expose-Headers"
    for method in methods(replace(MODEL, api=Api(cors_origin=origin))):
        sent = method["Integration"]["IntegrationResponses"]
        found = [
            response["ResponseParameters"][exposed]
            for response in sent
            if response["StatusCode"] in ("200", "304")
        ]
        assert found == ["'ETag,X-Release'"] * 2


def test_gateway_role_may_read_the_keys_of_releases_only() -> None:
    read, listed = statements(MODEL)
    assert read["Resource"] == [
        {"Fn::Sub": "${DataStore.Arn}/releases/*/payload.json"},
        {"Fn::Sub": "${DataStore.Arn}/releases/*/products/*.json"},
    ]
    assert listed["Condition"] == {"StringLike": {"s3:prefix": ["releases/*"]}}


def test_policies_of_both_exist_during_the_update_and_before_the_deployment() -> None:
    """CloudFormation deletes the other policy after the stage serves the new deployment."""
    before, after = (properties(model, "AWS::IAM::Policy") for model in (PLAIN, MODEL))
    assert not before.keys() & after.keys()
    names = {policy["PolicyName"] for policy in (*before.values(), *after.values())}
    assert len(names) == 2
    (deployment,) = [
        resource
        for resource in content(MODEL)["Resources"].values()
        if resource["Type"] == "AWS::ApiGateway::Deployment"
    ]
    assert after.keys() <= set(deployment["DependsOn"])


@pytest.mark.parametrize(
    ("allow", "actions"),
    [
        (("put",), ["s3:PutObject"]),
        (("put", "compare"), ["s3:PutObject", "s3:GetObject"]),
        (("put", "delete"), ["s3:PutObject", "s3:DeleteObject"]),
    ],
)
def test_writer_has_the_same_actions_on_objects_of_releases(allow: Any, actions: Any) -> None:
    for model in (PLAIN, MODEL):
        (statement,) = statements(replace(model, writer=Writer(allow=allow)), "AWS::IAM::User")
        assert statement["Action"] == actions
    assert statement["Resource"] == [{"Fn::Sub": "${DataStore.Arn}/releases/*"}]


def test_preview_is_a_second_stage_with_an_output() -> None:
    stages = properties(PREVIEW, "AWS::ApiGateway::Stage")
    assert [stage["StageName"] for stage in stages.values()] == ["v1", "preview"]
    assert len({json.dumps(stage["DeploymentId"]) for stage in stages.values()}) == 1
    assert content(PREVIEW)["Outputs"].keys() - content(MODEL)["Outputs"].keys() == {"PreviewUrl"}


def test_preview_does_not_change_the_deployment() -> None:
    found = [properties(model, "AWS::ApiGateway::Deployment").keys() for model in (MODEL, PREVIEW)]
    assert found[0] == found[1]


def test_stage_may_not_have_the_name_of_the_preview_stage() -> None:
    with pytest.raises(ConfigError, match=r"deployment\.stage"):
        replace(PREVIEW, deployment=Deployment(stage="preview"))
    assert replace(MODEL, deployment=Deployment(stage="preview"))


def test_existing_api_is_refused() -> None:
    host = Template()
    api = host.add_resource(ag.RestApi("Shared", Name="shared"))
    with pytest.raises(ConfigError, match="releases"):
        add_read_model(host, replace(MODEL, writer=Writer()), api=api)
    assert list(host.resources) == ["Shared"]


@pytest.mark.parametrize(
    ("text", "releases"),
    [
        ("", None),
        ("[releases]", Releases()),
        ("[releases]\nkeep = 5\npreview = true", Releases(5, True)),
    ],
)
def test_table_turns_releases_on(text: str, releases: Releases | None) -> None:
    assert parse(text, "f").model.releases == releases


def test_one_environment_may_have_releases() -> None:
    text = '[env.a.stack]\nname = "a"\n[env.b.stack]\nname = "b"\n[env.b.releases]\nkeep = 2'
    assert parse(text, "f", "a").model.releases is None
    assert parse(text, "f", "b").model.releases == Releases(2)


@pytest.mark.parametrize(
    "text", ["[releases]\nkeep = 0", "[releases]\npreview = 1", "releases = 3"]
)
def test_invalid_values_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="releases"):
        parse(text, "f")


def test_metadata_says_that_releases_are_on() -> None:
    assert "releases" not in settings_in(content(PLAIN))[""]
    assert settings_in(content(MODEL))[""]["releases"] == {}
    assert settings_in(content(PREVIEW))[""]["releases"] == {"preview": True}


@pytest.mark.parametrize(("old", "new"), [(PLAIN, MODEL), (MODEL, PLAIN), (MODEL, PREVIEW)])
def test_diff_names_the_setting(old: ReadModel, new: ReadModel) -> None:
    found = list(changed_settings(content(old), new))
    assert {setting[0] for setting in found} == {"releases"}
    assert all(setting[4] != setting[5] for setting in found)


@pytest.mark.parametrize("model", [PLAIN, MODEL, PREVIEW], ids=["off", "on", "preview"])
def test_starter_file_has_the_table_if_releases_are_on(model: ReadModel) -> None:
    config = replace(parse("", "f"), model=model)
    assert parse(starter(config), "f").model.releases == model.releases


def test_delete_markers_of_pruned_releases_expire() -> None:
    (bucket,) = properties(MODEL, "AWS::S3::Bucket").values()
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpiredObjectDeleteMarker"] is True
    (plain,) = properties(replace(MODEL, releases=None), "AWS::S3::Bucket").values()
    assert "ExpiredObjectDeleteMarker" not in plain["LifecycleConfiguration"]["Rules"][0]


def test_key_below_releases_is_refused_only_with_releases() -> None:
    routes = (Route("releases/{id}", "releases/{id}.json"),)
    assert replace(PLAIN, routes=routes).routes == routes
    with pytest.raises(ConfigError, match=r"releases/\{id\}"):
        replace(MODEL, routes=routes)


def test_update_says_what_turning_releases_on_or_off_means() -> None:
    plain, releases = content(PLAIN), content(MODEL)
    (on,), (off,) = release_notes(plain, releases), release_notes(releases, plain)
    assert "copies" in on
    assert "publish DIR" in off
    assert release_notes(None, releases) == release_notes(releases, content(PREVIEW)) == []
