"""Existing templates in different forms: which are understood, and which refused."""

import json
from typing import Any

import pytest
from troposphere import Equals, GetAtt, If, Parameter, Ref, Sub, Tags, Template, iam, s3
from troposphere import apigateway as ag

from facts import missing
from readmodel_cfn import DataStore, ReadModel, Route, Writer, add_read_model, deploy_api, render
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import lint

ORDERS = ReadModel(routes=[Route("orders/{id}", "orders/{id}.json")], writer=Writer(kind="none"))
GZIP = ReadModel(data_store=DataStore(stored_encoding="gzip"))
ANY_ROLE = {"Version": "2012-10-17", "Statement": []}


def site(**properties: Any) -> tuple[Template, ag.RestApi]:
    host = Template()
    return host, host.add_resource(ag.RestApi("Site", Name="site", **properties))


def refused(host: Template, model: ReadModel, *prefix: str, **given: Any) -> str:
    """The error of a refused read model; the template is unchanged."""
    before = dict(host.resources)
    with pytest.raises(ConfigError) as printed:
        add_read_model(host, model, *prefix, **given)
    assert host.resources == before
    return str(printed.value)


# --- the API's own properties ---


@pytest.mark.parametrize(
    ("properties", "model", "facts"),
    [
        ({"Body": {"openapi": "3.0.1"}}, ORDERS, ["Site: ", "Body"]),
        (
            {"BinaryMediaTypes": If("Any", ["*/*"], [])},
            ORDERS,
            ["Site: ", "BinaryMediaTypes"],
        ),
        ({"BinaryMediaTypes": ["*~1*"]}, ORDERS, ["'none'", "BinaryMediaTypes *"]),
        (
            {"BinaryMediaTypes": ["application/json"]},
            ORDERS,
            ["'none'", "BinaryMediaTypes application/json"],
        ),
        (
            {"BinaryMediaTypes": ["*/*"], "MinimumCompressionSize": 1},
            GZIP,
            ["'gzip'", "MinimumCompressionSize"],
        ),
        (
            {"MinimumCompressionSize": 99_999_999},
            ORDERS,
            ["Site: ", "MinimumCompressionSize", "99999999", "10485760"],
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_incompatible_api_is_refused(properties: Any, model: ReadModel, facts: list[str]) -> None:
    host, api = site(**properties)
    assert missing(facts, refused(host, model, api=api)) == []


def test_escaped_binary_media_type_is_accepted() -> None:
    host, api = site(BinaryMediaTypes=["*~1*"])
    deploy_api(host, api, [add_read_model(host, GZIP, api=api)])
    assert lint(render(host)) == []


@pytest.mark.parametrize("size", ["1024", Ref("Least")], ids=["text", "function"])
def test_vary_is_mapped_if_the_api_may_compress(size: Any) -> None:
    host, api = site(MinimumCompressionSize=size)
    host.add_parameter(Parameter("Least", Type="Number", Default=10))
    add_read_model(host, ORDERS, api=api)
    assert "method.response.header.Vary" in render(host)


@pytest.mark.parametrize("api", ["Site", Ref("Site")], ids=["text", "function"])
def test_api_must_be_a_rest_api_object(api: Any) -> None:
    host, _ = site()
    assert "RestApi" in refused(host, ORDERS, api=api)


# --- a bucket, a role or an API under a condition ---


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("data_store", s3.Bucket("There", Condition="Here")),
        ("gateway_role", iam.Role("There", Condition="Here", AssumeRolePolicyDocument=ANY_ROLE)),
        ("api", ag.RestApi("There", Condition="Here", Name="there")),
    ],
)
def test_conditional_resource_is_refused(name: str, there: Any) -> None:
    host = Template()
    host.add_resource(there)
    printed = refused(host, ORDERS, **{name: there})
    assert missing(["There: ", "Here"], printed) == []


def test_bucket_may_be_an_if_function() -> None:
    host = Template()
    host.add_condition("Here", Equals(Ref("AWS::Region"), "eu-west-1"))
    bucket = host.add_resource(s3.Bucket("Maybe", Condition="Here"))
    add_read_model(host, ORDERS, data_store=If("Here", Ref(bucket), "kept-elsewhere"))
    assert lint(render(host)) == []


# --- references in other words ---


@pytest.mark.parametrize("given", [Ref("Own"), Sub("${Own}")], ids=["Ref", "Sub"])
def test_ref_to_a_bucket_of_the_template_is_that_bucket(given: Any) -> None:
    host = Template()
    bucket = host.add_resource(s3.Bucket("Own"))
    assert add_read_model(host, ORDERS, data_store=given).bucket is bucket


def test_ref_to_a_role_of_the_template_is_that_role_with_its_path() -> None:
    host = Template()
    role = host.add_resource(iam.Role("Own", Path="/api/", AssumeRolePolicyDocument=ANY_ROLE))
    made = add_read_model(host, ORDERS, gateway_role=Ref(role))
    credentials = json.loads(render(host))["Resources"][made.resources.methods[0].title]
    assert credentials["Properties"]["Integration"]["Credentials"] == {"Fn::GetAtt": ["Own", "Arn"]}


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        (GetAtt("Own", "Arn"), "{'Fn::GetAtt': ['Own', 'Arn']}"),
        (Sub("${Own.Arn}"), "{'Fn::GetAtt': ['Own', 'Arn']}"),
        (Parameter("Name", Type="String"), "Parameter Name"),
    ],
    ids=["GetAtt", "Sub", "parameter"],
)
def test_value_that_is_no_bucket_name_is_refused(given: Any, printed: str) -> None:
    host = Template()
    host.add_resource(s3.Bucket("Own"))
    assert printed in refused(host, ORDERS, data_store=given)


def orders_of(api: Any, root: Any) -> ag.Resource:
    return ag.Resource("Mine", RestApiId=api, ParentId=root, PathPart="orders")


def test_existing_path_is_found_if_its_api_is_given_by_sub() -> None:
    host, api = site()
    host.add_resource(orders_of(Sub("${Site}"), Sub("${Site.RootResourceId}")))
    assert missing(["OrdersResource: ", "/orders"], refused(host, ORDERS, api=api)) == []


def test_deployment_depends_on_methods_whose_api_is_given_by_sub() -> None:
    host, api = site()
    host.add_resource(
        ag.Method(
            "Root",
            RestApiId=Sub("${Site}"),
            ResourceId=Sub("${Site.RootResourceId}"),
            HttpMethod="GET",
            AuthorizationType="NONE",
            Integration=ag.Integration(Type="MOCK"),
        )
    )
    live = deploy_api(host, api, [add_read_model(host, ORDERS, api=api)])
    assert "Root" in live.deployment.DependsOn


def test_policies_of_read_models_on_one_role_have_distinct_names() -> None:
    """On a role, a policy replaces another of its name, of whatever stack it is."""
    host = Template()
    for prefix in ("", "Shop", "ShopOrders"):
        add_read_model(host, ORDERS, prefix, gateway_role="api-reader")
    every = json.loads(render(host))["Resources"].values()
    names = [
        json.dumps(resource["Properties"]["PolicyName"])
        for resource in every
        if resource["Type"] == "AWS::IAM::Policy"
    ]
    assert len(set(names)) == len(names) == 3
    assert all("AWS::StackId" in name for name in names)
    assert lint(render(host)) == []


# --- stages and deployments ---


@pytest.mark.parametrize("kind", ["stage", "deployment"])
def test_existing_stage_of_the_api_is_refused(kind: str) -> None:
    host, api = site()
    on_it = add_read_model(host, ORDERS, api=api)
    named = {"StageName": "v1"}
    if kind == "stage":
        host.add_resource(ag.Stage("Mine", RestApiId=Ref(api), DeploymentId="x", **named))
    else:
        host.add_resource(ag.Deployment("Mine", RestApiId=Ref(api), **named))
    before = render(host)
    with pytest.raises(ConfigError, match=r"^SiteStage: .*v1.*Mine"):
        deploy_api(host, api, [on_it])
    assert render(host) == before


def test_adding_to_a_deployed_api_is_refused() -> None:
    host, api = site()
    deploy_api(host, api, [add_read_model(host, ORDERS, api=api)])
    printed = refused(host, ReadModel(), "Later", api=api)
    assert missing(["Site: ", "SiteDeployment"], printed) == []
    alone = add_read_model(host, ReadModel(), "Alone")
    assert refused(host, ORDERS, "Later", api=alone.api)


def test_read_model_given_twice_or_of_another_template_is_refused() -> None:
    host, api = site()
    on_it = add_read_model(host, ORDERS, api=api)
    with pytest.raises(ConfigError, match=r"^Site: "):
        deploy_api(host, api, [on_it, on_it])
    other = Template()
    other.add_resource(api)
    with pytest.raises(ConfigError):
        deploy_api(other, api, [on_it])


@pytest.mark.parametrize(
    ("properties", "again"),
    [
        ({"Policy": {"Version": "2012-10-17"}}, True),
        ({"ApiKeySourceType": "AUTHORIZER"}, True),
        ({"DisableExecuteApiEndpoint": True}, True),
        ({"Description": "other"}, False),
        ({"Tags": Tags(team="shop")}, False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_change_of_the_shared_api_makes_a_new_deployment(properties: Any, again: bool) -> None:
    def deployment(**given: Any) -> str:
        host, api = site(**given)
        live = deploy_api(host, api, [add_read_model(host, ORDERS, api=api)])
        return str(live.deployment.title)

    assert (deployment() != deployment(**properties)) == again


# --- quotas ---


def test_more_than_300_paths_of_a_shared_api_are_refused() -> None:
    host, api = site()
    deep = "/".join(["a"] * 200)
    writer = Writer(kind="none")
    add_read_model(host, ReadModel(routes=[Route(deep, "a")], writer=writer), "A", api=api)
    other = ReadModel(routes=[Route("b/" + deep, "b")], writer=writer)
    assert "401" in refused(host, other, "B", api=api)


def test_logical_id_over_255_characters_is_refused() -> None:
    host = Template()
    api = host.add_resource(ag.RestApi("A" * 240, Name="long"))
    on_it = add_read_model(host, ORDERS, api=api)
    with pytest.raises(ConfigError, match="255"):
        deploy_api(host, api, [on_it])
